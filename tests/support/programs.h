// Programs of the test's own that a real shell finds before all others.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include "base/text.h"

namespace vmlab::test {

/// A directory of shell scripts, gone with the object. `name` keeps tests apart.
class Programs {
 public:
  Programs(const std::string& name, const std::map<std::string, std::string>& bodies)
      : directory_(std::filesystem::path(testing::TempDir()) / name) {
    std::filesystem::create_directories(directory_);
    for (const auto& [program, body] : bodies) {
      std::ofstream(directory_ / program) << "#!/bin/sh\n" << body << "\n";
      std::filesystem::permissions(directory_ / program, std::filesystem::perms::owner_all);
    }
  }
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs() { std::filesystem::remove_all(directory_); }

  const std::filesystem::path& directory() const { return directory_; }

  /// Standard output and error of the script, and `exit N`.
  std::string run(const std::string& script) const {
    const auto command = "env -i PATH=" + directory_.string() + ":/usr/bin:/bin /bin/sh -c " +
                         shell_quote(script) + " 2>&1; echo \"exit $?\"";
    std::string out;
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 256> buffer{};
    while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) out += buffer.data();
    pclose(pipe);
    return out;
  }

 private:
  std::filesystem::path directory_;
};

}  // namespace vmlab::test
