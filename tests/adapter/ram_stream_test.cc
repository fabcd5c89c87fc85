// QEMU's stream without its zero pages: streams built by value, and their reading after that.
#include "host/ram_stream.h"

#include <gtest/gtest.h>

#include <optional>
#include <sstream>
#include <string>

#include "adapter/ram_stream.h"

namespace vmlab {
namespace {

using namespace test_stream;

std::optional<std::string> without_zeros(const std::string& text) {
  std::istringstream from(text);
  std::ostringstream to;
  if (!copy_without_zero_pages(from, to)) return std::nullopt;
  return to.str();
}

TEST(RamStream, LosesTheZeroPagesOfTheMainMemoryAlone) {
  EXPECT_EQ(without_zeros(stream(zero(0, "pc.ram") + zero(mib - page_bytes) + zero(mib) +
                                 page(2 * mib, 'a') + zero(3 * mib) + zero(0, "vga") +
                                 page(4 * mib, 'b', "pc.ram"))),
            stream(zero(0, "pc.ram") + zero(mib - page_bytes) + page(2 * mib, 'a') +
                   zero(0, "vga") + page(4 * mib, 'b', "pc.ram")));
}

TEST(RamStream, NamesTheBlockWhereThePageThatNamedItIsGone) {
  EXPECT_EQ(without_zeros(stream(page(0, 'v', "vga") + zero(mib, "pc.ram") + page(2 * mib, 'a') +
                                 page(3 * mib, 'b'))),
            stream(page(0, 'v', "vga") + page(2 * mib, 'a', "pc.ram") + page(3 * mib, 'b')));
  // and does not where what stood between is gone with it
  EXPECT_EQ(without_zeros(stream(page(0, 'v', "vga") + zero(mib, "pc.ram") + zero(0, "vga"))),
            stream(page(0, 'v', "vga") + zero(0)));
}

TEST(RamStream, KeepsAZeroThatEndsAnEarlierPage) {
  const auto pages = page(2 * mib, 'a', "pc.ram") + zero(2 * mib);
  EXPECT_EQ(without_zeros(stream(pages)), stream(pages));
}

TEST(RamStream, CarriesTheBlockAcrossSections) {
  const auto text = [](const std::string& first, const std::string& second) {
    return begin() + section(1, sizes()) + section(2, first) + section(3, second) + "\x04";
  };
  EXPECT_EQ(without_zeros(text(zero(mib, "pc.ram"), page(2 * mib, 'a'))),
            text("", page(2 * mib, 'a', "pc.ram")));
}

TEST(RamStream, IsLeftWhereItIsNotKnown) {
  const auto good = stream(zero(mib, "pc.ram") + page(2 * mib, 'a'));
  ASSERT_TRUE(without_zeros(good));
  const auto devices = good.find("\x04the devices");
  // torn anywhere before the devices
  for (const std::size_t end : {std::size_t{0}, std::size_t{3}, std::size_t{7}, std::size_t{14},
                                std::size_t{40}, std::size_t{90}, devices - 4000, devices - 1}) {
    EXPECT_FALSE(without_zeros(good.substr(0, end))) << end;
  }
  EXPECT_FALSE(without_zeros("LibvirtQemudSave"));
  auto other = good;
  other[7] = 4;  // version
  EXPECT_FALSE(without_zeros(other));
  other = good;
  other[8] = 0x05;  // something before the machine's name
  EXPECT_FALSE(without_zeros(other));
  EXPECT_FALSE(without_zeros(stream(number(mib | 0x100U, 8) + name("pc.ram"))));  // compressed
  EXPECT_FALSE(without_zeros(stream(zero(64 * mib, "pc.ram"))));  // beyond its block
  EXPECT_FALSE(without_zeros(stream(zero(mib))));                 // of no block
}

}  // namespace
}  // namespace vmlab
