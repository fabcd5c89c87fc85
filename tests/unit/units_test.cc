#include "base/units.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Units, ReadsSizes) {
  EXPECT_EQ(parse_size_mib("8GiB"), 8192U);
  EXPECT_EQ(parse_size_mib("512 MiB"), 512U);
  EXPECT_EQ(parse_size_mib("1TiB"), 1024U * 1024);
  EXPECT_EQ(parse_size_mib("8G"), 8192U);
  EXPECT_EQ(parse_size_mib("8M"), 8U);
  EXPECT_EQ(parse_size_mib("2T"), 2U * 1024 * 1024);
  EXPECT_EQ(parse_size_mib("  8GiB  "), 8192U);
}

TEST(Units, RefusesWhatIsNoSize) {
  for (const auto* text :
       {"", "8", "GiB", "0GiB", "-1GiB", "1.5GiB", "8GB", "8gib", "8KiB", "8 G B",
        "99999999999999999999GiB", "18446744073709551615TiB", "0x8GiB"}) {
    EXPECT_EQ(parse_size_mib(text), std::nullopt) << text;
  }
}

TEST(Units, WritesSizesThatReadBackEqual) {
  EXPECT_EQ(format_size_mib(8192), "8 GiB");
  EXPECT_EQ(format_size_mib(1536), "1536 MiB");
  for (const std::uint64_t size : {1U, 1023U, 1024U, 8191U, 1048576U}) {
    EXPECT_EQ(parse_size_mib(format_size_mib(size)), size);
  }
}

TEST(Units, WritesBytesForPeople) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(12 * 1024), "12 KiB");
  EXPECT_EQ(format_bytes(640ULL << 20), "640 MiB");
  EXPECT_EQ(format_bytes(1503238553), "1.4 GiB");
}

TEST(Units, WritesDurationsForPeople) {
  EXPECT_EQ(format_duration(milliseconds(0)), "0 ms");
  EXPECT_EQ(format_duration(milliseconds(850)), "850 ms");
  EXPECT_EQ(format_duration(milliseconds(12'900)), "12 s");
  EXPECT_EQ(format_duration(seconds(185)), "3 min 05 s");
  EXPECT_EQ(format_duration(hours(1) + seconds(125)), "1 h 02 min");
}

}  // namespace
}  // namespace vmlab
