// What the documents show is true: commands parse, topologies load, the picture is what is drawn.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "cli/command_tree.h"
#include "cli/graph.h"
#include "cli/options.h"
#include "support/checkout.h"
#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> documents() {
  std::vector<std::string> found = {"README.md"};
  const auto project = test::project_dir();
  for (const auto* folder : {"src", "images", "cloud-init", "topologies", "tests"}) {
    for (const auto& entry : fs::recursive_directory_iterator(project / folder)) {
      if (entry.path().extension() != ".md") continue;
      found.push_back(entry.path().lexically_relative(project).string());
    }
  }
  return found;
}

struct Block {
  std::string language;
  std::vector<std::string> lines;
};

std::vector<Block> blocks_of(const std::string& document) {
  std::vector<Block> blocks;
  bool inside = false;
  for (const auto& line : lines(test::project_file(document))) {
    if (line.starts_with("```")) {
      if (!inside) blocks.push_back({line.substr(3), {}});
      inside = !inside;
    } else if (inside) {
      blocks.back().lines.push_back(line);
    }
  }
  EXPECT_FALSE(inside) << document << " has a block without an end";
  return blocks;
}

/// The words of each `vmlab …` in a line of shell, as the shell would split them. In examples of
/// the help two blanks end a command: what follows is said about it.
std::vector<std::vector<std::string>> commands_in(const std::string& line) {
  std::vector<std::vector<std::string>> commands;
  std::vector<std::string> words;
  std::string word;
  char quote = 0;
  bool begun = false;
  const auto end_word = [&] {
    if (begun) words.push_back(word);
    word.clear();
    begun = false;
  };
  const auto end_command = [&] {
    end_word();
    const auto program = std::ranges::find(words, "vmlab");
    if (program != words.end()) commands.emplace_back(program + 1, words.end());
    words.clear();
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quote != 0 && c == quote) {
      quote = 0;
    } else if (quote != 0 && !(quote == '"' && c == '$')) {
      word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      begun = true;
    } else if (c == ' ') {
      const bool said = i + 1 < line.size() && line[i + 1] == ' ' && (begun || !words.empty());
      end_word();
      if (said) break;
    } else if (c == '#' && !begun) {
      break;
    } else if (std::string_view("|;&<>()$").find(c) != std::string_view::npos) {
      end_command();
      quote = 0;
    } else {
      word += c;
      begun = true;
    }
  }
  end_command();
  return commands;
}

void expect_parses(const std::string& where, const std::string& line, std::size_t& count) {
  for (const auto& words : commands_in(line)) {
    try {
      parse_command_line(words);
      ++count;
    } catch (const Error& error) {
      ADD_FAILURE() << where << ": " << line << "\n" << error.what();
    }
  }
}

TEST(Documents, ShellLinesAreSplitAsAShellDoes) {
  using Commands = std::vector<std::vector<std::string>>;
  EXPECT_EQ(commands_in("vmlab exec 'a b' --json -- 'x | y' | head  # vmlab no"),
            (Commands{{"exec", "a b", "--json", "--", "x | y"}}));
  EXPECT_EQ(commands_in("./quickstart -- vmlab status"), (Commands{{"status"}}));
  EXPECT_EQ(commands_in("eval \"$(vmlab export env dcos)\""),
            (Commands{{"export", "env", "dcos"}}));
  EXPECT_EQ(commands_in("  vmlab up dcos --prune     removes nodes"),
            (Commands{{"up", "dcos", "--prune"}}));
  EXPECT_EQ(commands_in("source <(vmlab completion bash)"), (Commands{{"completion", "bash"}}));
}

TEST(Documents, EveryCommandParses) {
  std::size_t count = 0;
  for (const auto& document : documents()) {
    for (const auto& block : blocks_of(document)) {
      for (const auto& line : block.lines) {
        if (block.language == "sh") expect_parses(document, line, count);
        EXPECT_FALSE(block.language.empty() && !commands_in(line).empty())
            << document << ": say whether these are commands (sh) or not (text): " << line;
      }
    }
  }
  EXPECT_GT(count, 30U);
}

void expect_examples_parse(const CommandView& command, std::size_t& count) {
  for (const auto& line : lines(command.examples)) {
    expect_parses(command.path + " --help", line, count);
  }
  for (const auto& below : command.commands) expect_examples_parse(below, count);
}

TEST(Documents, EveryExampleOfTheHelpParses) {
  std::size_t count = 0;
  expect_examples_parse(command_tree(), count);
  EXPECT_GT(count, 60U);
}

TEST(Documents, EveryWholeTopologyLoads) {
  std::size_t count = 0;
  for (const auto& document : documents()) {
    for (const auto& block : blocks_of(document)) {
      const bool whole = block.language == "yaml" && block.lines.front().starts_with("name:");
      if (!whole) continue;
      EXPECT_EQ(test::problems_of(join(block.lines, "\n")), std::vector<std::string>{}) << document;
      ++count;
    }
  }
  EXPECT_GT(count, 0U);
}

TEST(Documents, EveryLinkLeadsSomewhere) {
  const auto project = test::project_dir();
  for (const auto& document : documents()) {
    const auto text = test::project_file(document);
    for (auto at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
      const auto link = text.substr(at + 2, text.find(')', at) - at - 2);
      if (link.starts_with("https://") || link.starts_with("#")) continue;
      const auto target = (project / document).parent_path() / link.substr(0, link.find('#'));
      EXPECT_TRUE(fs::exists(target)) << document << ": " << link;
    }
  }
}

/// VMLAB_ACCEPT=1 draws it anew.
TEST(Documents, ThePictureIsWhatGraphDraws) {
  const auto lab = test::resolve_sample(test::project_file("topologies/dcos.yaml"));
  LabStatus status;
  for (const auto& node : lab.nodes) {
    NodeStatus line;
    line.name = node.name;
    line.role = node.role;
    line.address = node.address;
    line.phase = Phase::installed;
    line.domain_state = "running";
    line.cpus = node.cpus;
    line.memory_mib = node.memory_mib;
    status.nodes.push_back(line);
  }
  test::expect_golden("../../topologies/dcos.svg", graph_svg(sketch_of(lab, status)));
}

}  // namespace
}  // namespace vmlab
