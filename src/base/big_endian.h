// Numbers as QEMU's file formats have them.
#pragma once

#include <cstdint>
#include <string_view>

namespace vmlab {

/// Of at most 8 bytes, the highest first.
constexpr std::uint64_t from_big_endian(std::string_view data) {
  std::uint64_t value = 0;
  for (const char byte : data) value = value << 8U | static_cast<unsigned char>(byte);
  return value;
}

}  // namespace vmlab
