// Parts of QEMU's migration stream, as host/ram_stream.h tells its layout: streams built by value.
// Its main memory has 16 MiB.
#pragma once

#include <cstdint>
#include <string>

namespace vmlab::test_stream {

constexpr std::uint64_t page_bytes = 4096;
constexpr std::uint64_t mib = 1 << 20;

inline std::string number(std::uint64_t value, unsigned bytes) {
  std::string text;
  for (unsigned i = bytes; i-- > 0;) text += static_cast<char>(value >> (8 * i) & 0xffU);
  return text;
}

inline std::string name(const std::string& text) {
  return number(text.size(), 1) + text;
}

inline std::string begin() {
  return "QEVM" + number(3, 4) + "\x07" + number(3, 4) + "q35";
}

inline std::string section(char kind, const std::string& body) {
  std::string text(1, kind);
  text += number(2, 4);
  if (kind == 1) text += name("ram") + number(0, 4) + number(4, 4);
  return text + body + number(0x10, 8) + "\x7e" + number(2, 4);
}

inline std::string sizes() {
  return number((16 * mib + page_bytes) | 0x04U, 8) + name("pc.ram") + number(16 * mib, 8) +
         name("vga") + number(page_bytes, 8);
}

inline std::string zero(std::uint64_t offset, const std::string& block = {}) {
  const std::uint64_t flags = block.empty() ? 0x22 : 0x02;
  return number(offset | flags, 8) + (block.empty() ? "" : name(block)) + number(0, 1);
}

inline std::string page(std::uint64_t offset, char fill, const std::string& block = {}) {
  const std::uint64_t flags = block.empty() ? 0x28 : 0x08;
  return number(offset | flags, 8) + (block.empty() ? "" : name(block)) +
         std::string(page_bytes, fill);
}

inline std::string stream(const std::string& pages) {
  return begin() + section(1, sizes()) + section(2, pages) + section(3, "") + "\x04the devices";
}

}  // namespace vmlab::test_stream
