#include "plan/history.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

using std::chrono::milliseconds;

HistoryEntry entry(const std::string& id, int took_ms, const std::string& result = "done") {
  return {std::chrono::system_clock::time_point(milliseconds(1700000000123)), milliseconds(took_ms),
          id, result};
}

TEST(History, ReadsBackWhatItWrote) {
  const auto first = entry("overlay/master-1", 12);
  const auto second = entry("start/master-1", 1500, "failed");
  EXPECT_EQ(parse_history(format_entry(first) + format_entry(second)),
            (std::vector<HistoryEntry>{first, second}));
}

TEST(History, PassesOverTornAndForeignLines) {
  const auto good = format_entry(entry("a", 1));
  EXPECT_EQ(parse_history("garbage\n" + good + "12\tx\ta\tdone\n" + good.substr(0, 9)).size(), 1U);
  EXPECT_TRUE(parse_history("").empty());
  EXPECT_TRUE(parse_history("1\t2\ta\tdone").empty()) << "no line end: torn";
}

}  // namespace
}  // namespace vmlab
