// Topologies with random changes: every one loads or is refused with a place; none crashes or
// hangs.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "base/error.h"
#include "lab/cloud_init.h"
#include "lab/network_xml.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

constexpr std::array<std::string_view, 34> pieces = {"{",         "}",
                                                     "[",         "]",
                                                     ":",         "- ",
                                                     "\n",        "\n  ",
                                                     "'",         "\"",
                                                     "&a ",       "*a",
                                                     "? ",        "| ",
                                                     "> ",        "!!str",
                                                     "#",         "~",
                                                     "\t",        "-1",
                                                     "1e999",     "9999999999999999999",
                                                     "null",      "true",
                                                     "%YAML 1.2", "---\n",
                                                     "...\n",     "<<: ",
                                                     "\xc3\xa4",  "\xff",
                                                     "role: ",    "count: 3",
                                                     "0.0.0.0/0", "255.255.255.255"};

std::string mutated(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t most) {
    return std::uniform_int_distribution<std::size_t>(0, most)(random);
  };
  for (auto changes = below(4) + 1; changes > 0 && !text.empty(); --changes) {
    const auto at = below(text.size() - 1);
    switch (below(4)) {
      case 0:
        text.erase(at, below(20) + 1);
        break;
      case 1:
        text.insert(at, pieces.at(below(pieces.size() - 1)));
        break;
      case 2:
        text[at] = static_cast<char>(below(255));
        break;
      case 3:
        text.insert(at, text.substr(below(text.size() - 1), below(60)));
        break;
      default:
        text.replace(at, 1, pieces.at(below(pieces.size() - 1)));
        break;
    }
  }
  return text;
}

void check(const std::string& text, int& sound, int& refused) {
  const auto read = [](const std::string&) {
    return std::optional<std::string>("#cloud-config\na: 1\n");
  };
  try {
    const auto lab = resolve(load(text, "lab.yaml", test::sample_library(), read), {});
    ++sound;
    EXPECT_FALSE(network_xml(lab, "/state").xml.empty());
    for (const auto& node : lab.nodes) {
      EXPECT_NE(node.address, Ipv4{});
      EXPECT_FALSE(SeedHashes(lab).of(node).empty());
      if (&node - lab.nodes.data() > 8) break;
    }
  } catch (const BadInput& bad) {
    ++refused;
    EXPECT_FALSE(bad.problems().empty());
    for (const auto& problem : bad.problems()) {
      EXPECT_FALSE(problem.message.empty());
      if (problem.file == "lab.yaml") {
        EXPECT_GT(problem.line, 0) << problem.message << "\n" << text;
        EXPECT_GT(problem.column, 0) << problem.message << "\n" << text;
      }
    }
  }
}

TEST(Fuzz, MutatedTopologiesLoadOrAreRefusedWithAPlace) {
  std::mt19937 random(20);  // NOLINT: the same run every time
  int sound = 0;
  int refused = 0;
  for (const auto* name : {"quickstart", "dcos", "plain"}) {
    const auto text = test::project_file(std::string("topologies/") + name + ".yaml");
    for (int i = 0; i < 150; ++i) check(mutated(text, random), sound, refused);
  }
  EXPECT_GT(sound, 10);
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace vmlab
