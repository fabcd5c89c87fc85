#include "cli/terminal.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

TEST(Terminal, TextForPeopleHoldsNoControlCharacters) {
  EXPECT_EQ(printable("a\x1b[31mred\x07"), "a?[31mred?");
  EXPECT_EQ(printable("two\nlines\tand a tab"), "two lines and a tab");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "?2J");  // CSI as one C1 character
  EXPECT_EQ(printable("Größe"), "Größe");
}

TEST(Terminal, WidthCountsCodePoints) {
  EXPECT_EQ(width("Größe"), 5U);
  EXPECT_EQ(width(""), 0U);
  EXPECT_EQ(pad("ö", 3), "ö  ");
  EXPECT_EQ(pad("long", 3), "long");
}

TEST(Terminal, ClipMarksWhatWasCut) {
  EXPECT_EQ(clip("master-1", 8), "master-1");
  EXPECT_EQ(clip("master-10", 8), "master-…");
  EXPECT_EQ(clip("ööö", 2), "ö…");
  EXPECT_EQ(clip("ab", 1), "…");
  EXPECT_EQ(clip("ab", 0), "");
}

TEST(Terminal, CountsInWords) {
  EXPECT_EQ(counted(1, "step"), "1 step");
  EXPECT_EQ(counted(0, "step"), "0 steps");
}

TEST(Terminal, NoColourMeansNoEscapes) {
  EXPECT_EQ(Style{}.red("x"), "x");
  EXPECT_EQ(Style{true}.red("x"), "\x1b[1;31mx\x1b[0m");
  EXPECT_EQ(Style{true}.red(""), "");
}

}  // namespace
}  // namespace vmlab
