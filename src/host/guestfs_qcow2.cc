#include "host/guestfs_qcow2.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/error.h"

namespace vmlab {

namespace {

// QEMU's docs/interop/qcow2.txt: all numbers are big-endian.
constexpr std::string_view magic = "QFI\xfb";
constexpr std::size_t backing_offset_at = 8;
constexpr std::size_t backing_size_at = 16;
constexpr std::size_t size_at = 24;
constexpr std::size_t header_size = 32;
constexpr std::uint64_t longest_backing_name = 1023;
constexpr std::uint64_t stat_block = 512;

using Header = std::array<char, header_size>;

std::uint64_t number(const Header& header, std::size_t at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) {
    value = value << 8U | static_cast<unsigned char>(header[at + i]);
  }
  return value;
}

}  // namespace

std::optional<DiskInfo> read_disk_info(const std::filesystem::path& path) {
  const auto fail = [&](const char* cause) {
    return Error(fmt::format("cannot read disk '{}': {}", path.string(), cause));
  };
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw fail(strerrordesc_np(errno));
  }
  DiskInfo info;
  info.format = "raw";
  info.virtual_bytes = static_cast<std::uint64_t>(status.st_size);
  info.allocated_bytes = static_cast<std::uint64_t>(status.st_blocks) * stat_block;

  std::ifstream file(path, std::ios::binary);
  if (!file) throw fail(strerrordesc_np(errno));
  Header header{};
  if (!file.read(header.data(), header.size())) return info;
  if (std::string_view(header.data(), magic.size()) != magic) return info;
  info.format = "qcow2";
  info.virtual_bytes = number(header, size_at, 8);
  const auto name_at = number(header, backing_offset_at, 8);
  const auto name_size = number(header, backing_size_at, 4);
  if (name_at == 0 || name_size == 0) return info;
  info.backing_file.resize(name_size <= longest_backing_name ? name_size : 0);
  file.seekg(static_cast<std::streamoff>(name_at));
  if (info.backing_file.empty() ||
      !file.read(info.backing_file.data(), static_cast<std::streamsize>(name_size))) {
    throw fail("its qcow2 header is damaged");
  }
  return info;
}

}  // namespace vmlab
