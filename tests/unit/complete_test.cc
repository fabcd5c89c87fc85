// Completion: which words may stand next.
#include "cli/complete.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/text.h"
#include "support/commands_fixture.h"

namespace vmlab {
namespace {

using Words = std::vector<std::string>;

NamesOf some_names() {
  NamesOf names;
  names.labs = [] { return Names{{"dcos", "lab"}, {"plain", "lab"}}; };
  names.nodes = [](const std::string& lab) {
    if (lab == "plain") return Names{{"node", "plain"}};
    return Names{{"master-1", "master"}, {"agent-1", "agent"}, {"agent-2", "agent"}};
  };
  names.images = [] { return Names{{"debian-12", ""}, {"rocky-9", ""}}; };
  names.checkpoints = [](const std::string&) { return Names{{"installed", ""}}; };
  names.units = [] { return Names{{"dcos-net", ""}, {"dcos-exhibitor", ""}}; };
  return names;
}

std::string found(const Words& words) {
  static const auto program = command_tree();
  const auto completion = complete(program, words, some_names());
  Words all;
  for (const auto& candidate : completion.candidates) all.push_back(candidate.word);
  if (completion.files) all.emplace_back(":files");
  if (completion.no_blank) all.emplace_back(":no-blank");
  return join(all, " ");
}

TEST(Complete, CommandsByTheirBeginning) {
  EXPECT_EQ(found({"sta"}), "status start");
  EXPECT_EQ(found({"image", "p"}), "pull prune");
  EXPECT_EQ(found({"help", "image", "pr"}), "prune");
  EXPECT_EQ(found({"-v", "--state-dir", "/s", "dow"}), "down");
  EXPECT_EQ(found({"__"}), "");
}

TEST(Complete, OptionsOfTheCommandAndOfAll) {
  EXPECT_EQ(found({"status", "--pr"}), "--probe");
  EXPECT_EQ(found({"status", "--state"}), "--state-dir");
  EXPECT_EQ(found({"down", "--pr"}), "");
  EXPECT_EQ(found({"up", "--accelerator", ""}), "auto kvm tcg");
  EXPECT_EQ(found({"up", "--accelerator=k"}), "--accelerator=kvm");
  EXPECT_EQ(found({"reset", "--boot", ""}), "auto fork cold");
  EXPECT_EQ(found({"plan", "--boot=f"}), "--boot=fork");
  EXPECT_EQ(found({"logs", "-u", "dcos-e"}), "dcos-exhibitor");
  EXPECT_EQ(found({"export", "--output", ""}), ":files");
}

TEST(Complete, NamesOfLabsNodesImagesAndCheckpoints) {
  EXPECT_EQ(found({"down", "d"}), "dcos :files");
  EXPECT_EQ(found({"up", ""}), "dcos plain :files");
  EXPECT_EQ(found({"checkpoint", "list", ""}), "dcos plain :files");
  EXPECT_EQ(found({"ssh", "a"}), "agent-1 agent-2");
  EXPECT_EQ(found({"ssh", "--lab", "plain", ""}), "node");
  EXPECT_EQ(found({"ssh", "--lab=plain", ""}), "node");
  EXPECT_EQ(found({"ssh", "--lab", "p"}), "plain");
  EXPECT_EQ(found({"ssh", "agent-1", ""}), "");
  EXPECT_EQ(found({"restart", "agent-1", "m"}), "master-1");
  EXPECT_EQ(found({"image", "build", "d"}), "debian-12");
  EXPECT_EQ(found({"checkpoint", "restore", ""}), "installed");
}

TEST(Complete, PatternsAndPlacesOnNodes) {
  EXPECT_EQ(found({"exec", "a"}), "agent-1 agent-2 agent-*");
  EXPECT_EQ(found({"exec", "master-1,a"}), "master-1,agent-1 master-1,agent-2 master-1,agent-*");
  EXPECT_EQ(found({"cp", "notes.txt", "mas"}), "master-1: :files :no-blank");
  EXPECT_EQ(found({"exec", "agent-1", "--", "do"}), "") << "those are words for the node";
}

TEST(Complete, ShellsGetLinesAndDirectives) {
  EXPECT_EQ(to_text({{{"a", "what"}, {"b", ""}}, true, true}), "a\twhat\nb\n:files\n:no-blank\n");
  EXPECT_EQ(complete(command_tree(), {}, some_names()), Completion{});
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    EXPECT_NE(completion_script(shell).find("__complete --"), std::string::npos) << shell;
  }
  EXPECT_THROW(completion_script("tcsh"), Error);
}

using Completing = test::CommandsFixture;

TEST_F(Completing, NamesAreThoseOfTheLabsThatAreThere) {
  write_cluster();
  EXPECT_EQ(run({"__complete", "--", "ssh", ""}), ExitCode::done);
  EXPECT_EQ(out_, "");
  bring_up();
  EXPECT_EQ(run({"up", "/topologies/cluster.yaml", "--agents", "3", "--no-checkpoint"}),
            ExitCode::failed);  // its guests are not served; its topology is known
  EXPECT_EQ(run({"__complete", "--", "status", ""}), ExitCode::done);
  EXPECT_EQ(out_, "cluster\tlab\nsmall\tlab\n:files\n");
  EXPECT_EQ(run({"__complete", "--", "ssh", "--lab", "small", ""}), ExitCode::done);
  EXPECT_EQ(out_, "box-1\tplain\nbox-2\tplain\n");
  EXPECT_EQ(run({"__complete", "--", "ssh", "agent-"}), ExitCode::done);
  EXPECT_EQ(out_, "agent-1\tagent\nagent-2\tagent\nagent-3\tagent\n");
  EXPECT_EQ(run({"__complete", "--", "image", "build", ""}), ExitCode::done);
  EXPECT_EQ(out_, "tiny\tthe least that boots\n");
}

TEST_F(Completing, ALabWhoseFileIsGoneLeavesTheOthers) {
  bring_up();
  world_.files["/state/labs/gone/topology"] = "/nowhere.yaml\n";
  EXPECT_EQ(run({"__complete", "--", "ssh", ""}), ExitCode::done) << err_;
  EXPECT_EQ(out_, "box-1\tplain\nbox-2\tplain\n");
  EXPECT_EQ(err_, "");
}

TEST(CompleteLine, TakesTheStateDirectoryOfTheLine) {
  EXPECT_EQ(parse_command_line({"__complete", "--", "--state-dir", "/s", "ssh", ""}).state_dir,
            "/s");
  EXPECT_EQ(parse_command_line({"__complete", "--", "ssh", "--state-dir=/t", ""}).state_dir, "/t");
}

}  // namespace
}  // namespace vmlab
