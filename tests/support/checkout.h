// The checkout that the tests were built from.
#pragma once

#include <filesystem>

namespace vmlab::test {

/// Absolute.
std::filesystem::path project_dir();

}  // namespace vmlab::test
