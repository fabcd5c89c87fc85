// Files of the world in memory: their names, their sums.
#include <openssl/evp.h>

#include <array>
#include <set>

#include "base/text.h"
#include "support/fake_world.h"

namespace vmlab::test {

namespace fs = std::filesystem;

std::vector<std::string> FakeWorld::list(const fs::path& directory) {
  const std::lock_guard lock(mutex_);
  alive();
  std::set<std::string> names;
  const auto prefix = directory.string() + "/";
  const auto collect = [&](const auto& entries) {
    for (const auto& [path, value] : entries) {
      if (path.starts_with(prefix)) names.insert(split(path.substr(prefix.size()), '/').front());
    }
  };
  collect(files);
  collect(disk_files);
  return {names.begin(), names.end()};
}

std::string FakeWorld::digest(const fs::path& path, const std::string& algorithm, const Progress&,
                              std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  alive();
  if (stop.stop_requested()) throw Cancelled();
  const auto& text = files.at(path.string());
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), sum.data(), &size, EVP_get_digestbyname(algorithm.c_str()),
             nullptr);
  return to_hex({reinterpret_cast<const char*>(sum.data()), size});
}

}  // namespace vmlab::test
