// Golden files: text that a test produces, under review as a file of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "support/checkout.h"

namespace vmlab::test {

inline std::filesystem::path golden_path(const std::string& name) {
  return project_dir() / "tests" / "golden" / name;
}

/// `actual` against tests/golden/<name>. With VMLAB_ACCEPT=1 in the environment the file is
/// rewritten instead: look at the difference before you commit it.
inline void expect_golden(const std::string& name, const std::string& actual) {
  const auto path = golden_path(name);
  const char* accept = std::getenv("VMLAB_ACCEPT");
  if (accept != nullptr && std::string(accept) == "1") {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << actual;
    return;
  }
  const std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file.is_open()) << path << " is missing; VMLAB_ACCEPT=1 writes it:\n" << actual;
  std::ostringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(expected.str(), actual) << "differs from " << path;
}

}  // namespace vmlab::test
