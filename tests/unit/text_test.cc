#include "base/text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

#include "base/error.h"

namespace vmlab {
namespace {

using Words = std::vector<std::string>;

/// What /bin/sh makes of a line of arguments.
std::string echoed(const std::string& arguments) {
  const std::string command = "printf '[%s]' " + arguments;
  const auto close = [](FILE* file) { pclose(file); };
  const std::unique_ptr<FILE, decltype(close)> shell(popen(command.c_str(), "r"), close);
  std::string out;
  std::array<char, 256> buffer{};
  while (const auto got = fread(buffer.data(), 1, buffer.size(), shell.get())) {
    out.append(buffer.data(), got);
  }
  return out;
}

TEST(ShellQuote, LeavesPlainWordsAsTheyAre) {
  EXPECT_EQ(shell_quote("master-1"), "master-1");
  EXPECT_EQ(shell_quote("/var/lib/x_y.z:1@a%b+c,d="), "/var/lib/x_y.z:1@a%b+c,d=");
  EXPECT_EQ(shell_quote(""), "''");
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
}

TEST(ShellQuote, ARealShellGivesBackTheWord) {
  const Words words = {"",     "a b",     "it's",  "$(reboot)", "`id`",  "\"", "\\",
                       "a\nb", "*",       "~root", "a;b&c|d",   "-n",    "!",  "#x",
                       "<x>",  "${HOME}", "a\tb",  "'''",       "\\'\\", "ä",  "{a,b}"};
  std::string expected;
  for (const auto& word : words) expected += "[" + word + "]";
  EXPECT_EQ(echoed(shell_join(words)), expected);
}

TEST(ShellQuote, RefusesANulByte) {
  EXPECT_THROW(shell_quote(std::string_view("a\0b", 3)), Error);
}

TEST(Closest, FindsLikelyTypingErrors) {
  const Words known = {"name", "nodes", "network", "kvm", "debian-12"};
  EXPECT_EQ(closest("nmae", known), "name");
  EXPECT_EQ(closest("kmv", known), "kvm");
  EXPECT_EQ(closest("node", known), "nodes");
  EXPECT_EQ(closest("debain-12", known), "debian-12");
  EXPECT_EQ(closest("netwrok", known), "network");
  EXPECT_EQ(closest("nodes", known), "nodes");
}

TEST(Closest, FindsTheOneThatWasCutShort) {
  const Words known = {"--then-up", "--timeout", "checkpoint", "check-all"};
  EXPECT_EQ(closest("--then", known), "--then-up");
  EXPECT_EQ(closest("checkp", known), "checkpoint");
  EXPECT_EQ(closest("check", known), std::nullopt) << "which one?";
  EXPECT_EQ(closest("--", known), std::nullopt);
}

TEST(Closest, IsSilentAboutTheRest) {
  const Words known = {"name", "nodes"};
  EXPECT_EQ(closest("install", known), std::nullopt);
  EXPECT_EQ(closest("xy", known), std::nullopt);
  EXPECT_EQ(closest("", known), std::nullopt);
  EXPECT_EQ(closest("name", Words{}), std::nullopt);
  EXPECT_EQ(closest(std::string(100'000, 'n'), known), std::nullopt);
}

TEST(Text, SplitsAndJoins) {
  EXPECT_EQ(split("a,b,,c", ','), (Words{"a", "b", "", "c"}));
  EXPECT_EQ(split("", ','), Words{""});
  EXPECT_EQ(lines("a\r\nb\n\nc"), (Words{"a", "b", "", "c"}));
  EXPECT_EQ(lines("a\n"), Words{"a"});
  EXPECT_EQ(lines(""), Words{});
  EXPECT_EQ(join(Words{"a", "b"}, ", "), "a, b");
  EXPECT_EQ(join(Words{}, ", "), "");
}

TEST(Text, Trims) {
  EXPECT_EQ(trim("  a b\t\n"), "a b");
  EXPECT_EQ(trim(" \t "), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, StripsColours) {
  EXPECT_EQ(strip_ansi("\x1b[1;31merror\x1b[0m: x"), "error: x");
  EXPECT_EQ(strip_ansi("a\x1b[2Kb\x1b["), "ab");
  EXPECT_EQ(strip_ansi("plain"), "plain");
  EXPECT_EQ(strip_ansi("\x1b"), "\x1b");
}

TEST(GlobMatch, MatchesTheWholeName) {
  EXPECT_TRUE(glob_match("agent-*", "agent-12"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("*-1", "master-1"));
  EXPECT_TRUE(glob_match("m?ster-*", "master-1"));
  EXPECT_TRUE(glob_match("*a*b*", "xxaxxbxx"));
  EXPECT_FALSE(glob_match("agent-*", "public-agent-1"));
  EXPECT_FALSE(glob_match("master-?", "master-"));
  EXPECT_FALSE(glob_match("master", "master-1"));
  EXPECT_FALSE(glob_match("", "a"));
}

TEST(GlobMatch, TakesNoTimeForManyStars) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "*a";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(200, 'a')));
}

TEST(Text, BytesAsHexadecimalDigits) {
  EXPECT_EQ(to_hex(std::string_view("\0\x0f\xff", 3)), "000fff");
  EXPECT_EQ(to_hex(""), "");
}

}  // namespace
}  // namespace vmlab
