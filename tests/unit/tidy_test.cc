// Rules of the source tree that no compiler checks: what may include what, sizes of files and
// lines, words that do not belong here.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "support/checkout.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;

// Tests hold text of others in long lines, and cases belong together.
constexpr std::size_t most_lines = 450;
constexpr std::size_t most_lines_of_test = 600;
constexpr std::size_t most_columns = 100;
constexpr std::size_t most_columns_of_test = 130;

struct Source {
  std::string path;  // below the project
  std::string layer;
  std::vector<std::string> lines;
};

std::vector<std::string> read_lines(const fs::path& path) {
  std::vector<std::string> found;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) found.push_back(line);
  return found;
}

std::vector<Source> sources_below(const std::string& directory) {
  const auto project = test::project_dir();
  std::vector<Source> sources;
  for (const auto& entry : fs::recursive_directory_iterator(project / directory)) {
    const auto extension = entry.path().extension();
    if (extension != ".cc" && extension != ".h") continue;
    const auto path = entry.path().lexically_relative(project);
    auto layer = std::next(path.begin());
    sources.push_back({path.string(), layer->string(), read_lines(entry.path())});
  }
  return sources;
}

const std::vector<Source>& program() {
  static const auto sources = sources_below("src");
  return sources;
}

std::vector<Source> everything() {
  auto all = program();
  for (auto& test : sources_below("tests")) all.push_back(std::move(test));
  return all;
}

/// What stands between the quotes or brackets of `#include`; empty for other lines.
std::string included(const std::string& line, char open, char close) {
  if (!line.starts_with("#include ")) return {};
  const auto begin = line.find(open);
  const auto end = line.rfind(close);
  if (begin == std::string::npos || end <= begin) return {};
  return line.substr(begin + 1, end - begin - 1);
}

/// Layers from the bottom up; an include may only point down.
const std::array<std::string, 7> layers = {"base", "lab", "dcos", "plan", "host", "run", "cli"};

std::ptrdiff_t height(const std::string& layer) {
  return std::ranges::find(layers, layer) - layers.begin();
}

TEST(Tidy, IncludesPointDown) {
  for (const auto& source : program()) {
    const auto own = height(source.layer);
    if (own == std::ssize(layers)) continue;  // tools, the practice release: no layer
    for (const auto& line : source.lines) {
      const auto file = included(line, '"', '"');
      if (file.empty()) continue;
      const auto slash = file.find('/');
      ASSERT_NE(slash, std::string::npos) << source.path << ": " << file << " names no layer";
      const auto other = height(file.substr(0, slash));
      EXPECT_LE(other, own) << source.path << " includes " << file << ", which is above it";
      if (source.layer == "run" && file.starts_with("host/")) {
        EXPECT_EQ(file, "host/ports.h") << source.path << ": run knows the ports alone";
      }
      if (source.layer == "cli" && file.starts_with("host/")) {
        EXPECT_TRUE(file == "host/ports.h" || file == "host/adapters.h")
            << source.path << " includes " << file << ": no adapter is visible from outside";
      }
    }
  }
}

/// The beginning of a library's headers -> the beginnings of the files that may include them.
const std::map<std::string, std::vector<std::string>> homes = {
    {"libvirt/", {"src/host/libvirt", "src/host/handle.h"}},
    {"guestfs.h", {"src/host/guestfs"}},
    {"libssh/", {"src/host/ssh"}},
    {"curl/", {"src/host/http"}},
    {"CLI/", {"src/cli/"}},
    {"openssl/", {"src/base/digest.cc", "src/base/base64.cc", "src/host/"}},
    {"uuid/", {"src/base/digest.cc"}},
    {"yaml-cpp/", {"src/base/", "src/lab/", "src/dcos/"}},
    {"pugixml.hpp",
     {"src/lab/", "src/plan/", "src/host/", "src/cli/output_test", "src/cli/page.h"}},
};

TEST(Tidy, LibrariesStayWhereTheyBelong) {
  for (const auto& source : program()) {
    for (const auto& line : source.lines) {
      const auto file = included(line, '<', '>');
      for (const auto& [library, allowed] : homes) {
        if (!file.starts_with(library)) continue;
        EXPECT_TRUE(std::ranges::any_of(
            allowed, [&](const std::string& home) { return source.path.starts_with(home); }))
            << source.path << " includes <" << file << ">";
      }
    }
  }
}

TEST(Tidy, PureLayersTouchNothing) {
  const std::set<std::string> effects = {"fstream", "filesystem_error", "iostream",
                                         "cstdio",  "unistd.h",         "fcntl.h",
                                         "thread",  "sys/stat.h",       "future"};
  for (const auto& source : program()) {
    if (source.layer != "lab" && source.layer != "dcos" && source.layer != "plan") continue;
    for (const auto& line : source.lines) {
      EXPECT_FALSE(effects.contains(included(line, '<', '>'))) << source.path << ": " << line;
      for (const std::string call : {"_clock::now", "getenv("}) {
        EXPECT_EQ(line.find(call), std::string::npos) << source.path << ": " << line;
      }
    }
  }
}

TEST(Tidy, FilesAndLinesAreShort) {
  for (const auto& source : everything()) {
    const bool test = source.path.starts_with("tests/");
    EXPECT_LE(source.lines.size(), test ? most_lines_of_test : most_lines) << source.path;
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
      const auto& line = source.lines[i];
      const auto columns = std::ranges::count_if(
          line, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
      EXPECT_LE(static_cast<std::size_t>(columns), test ? most_columns_of_test : most_columns)
          << source.path << ":" << i + 1;
      EXPECT_EQ(line.find('\t'), std::string::npos) << source.path << ":" << i + 1 << ": a tab";
      EXPECT_FALSE(line.ends_with(' ')) << source.path << ":" << i + 1 << ": a blank at the end";
    }
  }
}

TEST(Tidy, HeadersSayWhatTheyAreFor) {
  for (const auto& source : program()) {
    if (!source.path.ends_with(".h")) continue;
    ASSERT_FALSE(source.lines.empty()) << source.path;
    EXPECT_TRUE(source.lines.front().starts_with("// ")) << source.path;
    EXPECT_NE(std::ranges::find(source.lines, "#pragma once"), source.lines.end()) << source.path;
  }
}

TEST(Tidy, ForbiddenWords) {
  // Put together here, so that this file does not hold them.
  const std::vector<std::string> forbidden = {std::string("TO") + "DO",
                                              std::string("FIX") + "ME",
                                              std::string("/wo") + "rk/",
                                              std::string("usleep") + "(",
                                              std::string("sleep_") + "for(",
                                              std::string("sys") + "tem(\"",
                                              std::string("using name") + "space std;"};
  for (const auto& source : everything()) {
    for (std::size_t i = 0; i < source.lines.size(); ++i) {
      for (const auto& word : forbidden) {
        EXPECT_FALSE(source.lines[i].find(word) != std::string::npos)
            << source.path << ":" << i + 1 << ": '" << word << "'";
      }
    }
  }
}

}  // namespace
}  // namespace vmlab
