// The manual's pages hold all that the program and the schema know.
#include "cli/manual.h"

#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "cli/options.h"
#include "cli/roff.h"
#include "lab/topology_keys.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

/// The page as it is read: roff's escapes undone.
std::string plain(std::string text) {
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\\-", "-"}, {"\\fB", ""}, {"\\fI", ""}, {"\\fR", ""}, {"\\(aq", "'"}, {"\\&", ""}}) {
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
      text.replace(at, from.size(), to);
      at += to.size();
    }
  }
  return text;
}

void expect_command(const std::string& page, const CommandView& command) {
  for (const auto& below : command.commands) expect_command(page, below);
  if (!command.commands.empty()) return;
  EXPECT_NE(page.find(".SS " + synopsis(command) + "\n"), std::string::npos) << command.path;
  for (const auto& option : command.options) {
    if (option.names.back() == "--help") continue;
    EXPECT_NE(page.find(join(option.names, ", ")), std::string::npos) << option.names.back();
  }
}

TEST(Manual, TellsOfEveryCommandAndOption) {
  const auto program = command_tree();
  const auto page = plain(commands_page(program, "1.2"));
  EXPECT_GT(program.commands.size(), 20U);
  expect_command(page, program);
  for (const auto* hidden : {"__complete", "__manual"}) {
    EXPECT_EQ(page.find(hidden), std::string::npos) << hidden;
  }
  EXPECT_EQ(page.rfind(".TH VMLAB 1 \"\" \"vmlab 1.2\"", 0), 0U) << page.substr(0, 80);
  EXPECT_NE(page.find(".SH ENVIRONMENT\n.TP\nVMLAB_STATE_DIR\n"), std::string::npos);
  EXPECT_NE(page.find("130\ninterrupted.\n"), std::string::npos);
}

TEST(Manual, CommandsStandUnderTheHeadingsOfTheHelp) {
  const auto program = command_tree();
  const auto help = parse_command_line({"--help"}).text;
  const auto page = plain(commands_page(program, "1.2"));
  std::set<std::string> headings;
  std::string last;
  for (const auto& command : program.commands) {
    EXPECT_NE(command.group, "Subcommands") << command.name << " is in no group";
    if (command.group == last) continue;
    last = command.group;
    EXPECT_TRUE(headings.insert(last).second) << last << " is there twice";
    EXPECT_NE(help.find("\n" + last + ":\n  " + command.name + " "), std::string::npos) << help;
  }
  EXPECT_GT(headings.size(), 4U);
  EXPECT_NE(page.find(".SH \"COMMANDS: GOING BACK\"\n.SS vmlab reset"), std::string::npos);
}

TEST(Manual, ACommandsSynopsisSaysWhatItTakes) {
  const auto program = command_tree();
  EXPECT_EQ(synopsis(*program.find("up")), "vmlab up [FILE]");
  EXPECT_EQ(synopsis(*program.find("validate")), "vmlab validate FILE...");
  EXPECT_EQ(synopsis(*program.find("ssh")), "vmlab ssh NODE [-- CMD...]");
  EXPECT_EQ(synopsis(*program.find("exec")), "vmlab exec PATTERN -- CMD...");
  EXPECT_EQ(synopsis(*program.find("image")->find("build")), "vmlab image build NAME...");
}

TEST(Manual, TellsOfEveryKeyOfATopology) {
  const auto schema = nlohmann::ordered_json::parse(test::project_file("topologies/schema.json"));
  const auto page = plain(topology_page(schema, ".name: x\n", "1.2"));
  for (const auto* section : keys::all()) {
    const bool top = section->name == "topology";
    const auto heading = top ? std::string(".SH KEYS\n") : ".SS " + section->name + "\n";
    const auto begin = page.find(heading);
    ASSERT_NE(begin, std::string::npos) << heading;
    const auto end = page.find("\n.S", begin + heading.size());
    const auto part = page.substr(begin, end - begin);
    for (const auto& key : section->keys) {
      EXPECT_NE(part.find(".TP\n" + key + " ("), std::string::npos) << section->name << key;
    }
  }
  EXPECT_NE(page.find("accelerator (auto, kvm, tcg)\n"), std::string::npos);
  EXPECT_NE(page.find("boot (auto, fork, cold)\n"), std::string::npos);
  EXPECT_NE(page.find("role (bootstrap, master, agent, public_agent, plain, required)\n"),
            std::string::npos);
}

TEST(Roff, TextIsNeverTakenForARequest) {
  EXPECT_EQ(roff(".TH up"), "\\&.TH up");
  EXPECT_EQ(roff("'x' a\\b -n `up`"), "\\(aqx\\(aq a\\eb \\-n \\fBup\\fR");
  ManualPage page("X", 1, "x 1");
  page.verbatim(".name\n  -x\n");
  EXPECT_NE(page.text().find(".nf\n\\&.name\n  \\-x\n.fi\n"), std::string::npos) << page.text();
}

}  // namespace
}  // namespace vmlab
