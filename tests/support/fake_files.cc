// Files of the world in memory: their names, their moves, their sums.
#include <set>

#include "base/digest.h"
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

void FakeWorld::rename(const fs::path& from, const fs::path& to) {
  const std::lock_guard lock(mutex_);
  effect("rename " + from.filename().string(), [&] {
    files[to.string()] = files.at(from.string());
    files.erase(from.string());
  });
}

std::string FakeWorld::sha256(const fs::path& path, const Progress&, std::stop_token) {
  const std::lock_guard lock(mutex_);
  alive();
  return sha256_hex(files.at(path.string()));
}

}  // namespace vmlab::test
