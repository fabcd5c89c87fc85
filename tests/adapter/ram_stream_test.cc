// QEMU's stream without its zero pages: streams built by value, and their reading after that.
#include "host/ram_stream.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>

namespace vmlab {
namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t mib = 1 << 20;

std::string number(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i) & 0xffU);
  return text;
}

std::string name(const std::string& text) {
  return number(text.size(), 1) + text;
}

std::string begin() {
  return "QEVM" + number(3, 4) + "\x07" + number(3, 4) + "q35";
}

std::string section(char kind, const std::string& body) {
  std::string text(1, kind);
  text += number(2, 4);
  if (kind == 1) text += name("ram") + number(0, 4) + number(4, 4);
  return text + body + number(0x10, 8) + "\x7e" + number(2, 4);
}

std::string sizes() {
  return number((16 * mib + page_bytes) | 0x04U, 8) + name("pc.ram") + number(16 * mib, 8) +
         name("vga") + number(page_bytes, 8);
}

std::string zero(std::uint64_t offset, const std::string& block = {}) {
  const std::uint64_t flags = block.empty() ? 0x22 : 0x02;
  return number(offset | flags, 8) + (block.empty() ? "" : name(block)) + number(0, 1);
}

std::string page(std::uint64_t offset, char fill, const std::string& block = {}) {
  const std::uint64_t flags = block.empty() ? 0x28 : 0x08;
  return number(offset | flags, 8) + (block.empty() ? "" : name(block)) +
         std::string(page_bytes, fill);
}

std::string stream(const std::string& pages) {
  return begin() + section(1, sizes()) + section(2, pages) + section(3, "") + "\x04the devices";
}

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
