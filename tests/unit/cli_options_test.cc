#include "cli/options.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "base/text.h"
#include "cli/command_tree.h"
#include "cli/output_diagnostics.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using Words = std::vector<std::string>;

std::string shown(const Words& words) {
  std::string text = "$ vmlab";
  for (const auto& word : words) text += " " + word;
  return text + "\n";
}

void add_help(const CommandView& command, std::string& all) {
  auto words = command.path.empty() ? Words{} : split(command.path, ' ');
  words.emplace_back("--help");
  const auto text = parse_command_line(words).text;
  EXPECT_FALSE(command.examples.empty()) << shown(words);
  all += (all.empty() ? "" : "\n") + shown(words) + text;
  for (const auto& below : command.commands) add_help(below, all);
}

TEST(Options, EveryCommandHasHelpWithExamples) {
  std::string all;
  add_help(command_tree(), all);
  test::expect_golden("cli/help.txt", all);
}

TEST(Options, HelpIsAlsoACommand) {
  EXPECT_EQ(parse_command_line({"help"}).text, parse_command_line({"--help"}).text);
  EXPECT_EQ(parse_command_line({"help", "up"}).text, parse_command_line({"up", "-h"}).text);
}

TEST(Options, MistakesAreNamedWithAWayOut) {
  std::string all;
  for (const Words& words : {Words{},
                             Words{"stauts"},
                             Words{"frobnicate"},
                             Words{"image"},
                             Words{"image", "biuld"},
                             Words{"status", "--jsn"},
                             Words{"status", "a", "b"},
                             Words{"checkpoint", "list", "a", "--lab", "b"},
                             Words{"down"},
                             Words{"validate"},
                             Words{"ssh"},
                             Words{"exec", "agent-*"},
                             Words{"exec", "agent-*", "--"},
                             Words{"up", "x.yaml", "--accelerator", "hvf"},
                             Words{"plan", "x.yaml", "--boot", "frok"},
                             Words{"reset", "box", "--cold", "--boot", "fork"},
                             Words{"up", "--log-format", "xml"},
                             Words{"up", "--log-format", "jsn"},
                             Words{"export", "ansibel"},
                             Words{"completion", "tcsh"},
                             Words{"__compelte"},
                             Words{"status", "-q", "-v"},
                             Words{"help", "stauts"},
                             Words{"image", "biuld", "--help"},
                             Words{"--state-dir"},
                             Words{"exec", "a", "--timeout", "0", "--", "x"},
                             Words{"up", "--agents", "-3"},
                             Words{"ssh", "box", "ls", "/tmp"}}) {
    try {
      parse_command_line(words);
      ADD_FAILURE() << shown(words) << "was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::bad_input) << shown(words);
      all += shown(words) + render_error(error, {});
    }
  }
  test::expect_golden("cli/usage-errors.txt", all);
}

TEST(Options, GlobalsStandBeforeOrAfterTheCommand) {
  for (const Words& words :
       {Words{"--state-dir", "/s", "--connect", "test:///default", "-vv", "status", "dcos"},
        Words{"status", "dcos", "--state-dir", "/s", "--connect=test:///default", "-v", "-v"}}) {
    const auto invocation = parse_command_line(words);
    EXPECT_EQ(invocation.command, "status");
    EXPECT_EQ(invocation.target, "dcos");
    EXPECT_EQ(invocation.state_dir, "/s");
    EXPECT_EQ(invocation.connect, "test:///default");
    EXPECT_EQ(invocation.verbose, 2);
  }
}

TEST(Options, WordsAfterTheDashesBelongToTheNode) {
  const auto exec =
      parse_command_line({"exec", "agent-*", "--lab", "x", "--", "ls", "--json", "--"});
  EXPECT_EQ(exec.pattern, "agent-*");
  EXPECT_EQ(exec.target, "x");
  EXPECT_FALSE(exec.json);
  EXPECT_EQ(exec.words, (Words{"ls", "--json", "--"}));
  const auto ssh = parse_command_line({"ssh", "master-1"});
  EXPECT_EQ(ssh.node, "master-1");
  EXPECT_TRUE(ssh.words.empty());
}

TEST(Options, EnvironmentGivesDefaults) {
  ::setenv("LIBVIRT_DEFAULT_URI", "qemu:///session", 1);
  EXPECT_EQ(parse_command_line({"status"}).connect, "qemu:///session");
  ::setenv("VMLAB_CONNECT", "test:///default", 1);
  ::setenv("VMLAB_STATE_DIR", "/elsewhere", 1);
  EXPECT_EQ(parse_command_line({"status"}).connect, "test:///default");
  EXPECT_EQ(parse_command_line({"status"}).state_dir, "/elsewhere");
  EXPECT_EQ(parse_command_line({"status", "--state-dir", "/s"}).state_dir, "/s");
  ::unsetenv("VMLAB_STATE_DIR");
  ::unsetenv("VMLAB_CONNECT");
  ::unsetenv("LIBVIRT_DEFAULT_URI");
  EXPECT_EQ(parse_command_line({"status"}).connect, "qemu:///system");
}

TEST(Options, ValuesAreRead) {
  EXPECT_EQ(parse_command_line({"up", "a.yaml", "--accelerator", "tcg"}).accelerator,
            Accelerator::tcg);
  for (const auto* command : {"up", "plan", "reset"}) {
    EXPECT_EQ(parse_command_line({command, "a"}).boot, std::nullopt);
    EXPECT_EQ(parse_command_line({command, "a", "--boot", "auto"}).boot, Boot::automatic);
    EXPECT_EQ(parse_command_line({command, "a", "--boot=fork"}).boot, Boot::fork);
    EXPECT_EQ(parse_command_line({command, "a", "--boot", "cold"}).boot, Boot::cold);
  }
  EXPECT_EQ(parse_command_line({"reset", "a", "--cold"}).boot, Boot::cold);
  EXPECT_EQ(parse_command_line({"up", "a.yaml", "--log-format", "json"}).log_format,
            LogFormat::json);
  EXPECT_EQ(parse_command_line({"validate", "a.yaml", "b.yaml"}).files,
            (Words{"a.yaml", "b.yaml"}));
  const auto prune = parse_command_line({"image", "prune", "--all", "--dry-run", "--json"});
  EXPECT_EQ(prune.command, "image prune");
  EXPECT_TRUE(prune.all && prune.dry_run && prune.json);
  EXPECT_EQ(parse_command_line({"exec", "a", "--timeout", "5", "--", "x"}).timeout,
            std::chrono::seconds(5));
  EXPECT_EQ(parse_command_line({"--version"}).command, "version");
}

}  // namespace
}  // namespace vmlab
