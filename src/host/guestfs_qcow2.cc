#include "host/guestfs_qcow2.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/big_endian.h"
#include "base/error.h"

namespace vmlab {

namespace {

// QEMU's docs/interop/qcow2.txt: all numbers are big-endian.
constexpr std::string_view magic = "QFI\xfb";
constexpr std::size_t backing_offset_at = 8;
constexpr std::size_t backing_size_at = 16;
constexpr std::size_t size_at = 24;
constexpr std::size_t snapshot_count_at = 60;
constexpr std::size_t snapshots_at = 64;
constexpr std::size_t header_size = 72;
// An entry of the snapshot table, up to its extra data.
constexpr std::size_t entry_size = 40;
constexpr std::size_t id_size_at = 12;
constexpr std::size_t snapshot_name_size_at = 14;
constexpr std::size_t memory_size_at = 32;  // older files; newer ones have 64 bits in extra data
constexpr std::size_t extra_size_at = 36;
constexpr std::uint64_t most_snapshots = 65536;  // QEMU's own limits
constexpr std::uint64_t most_extra = 1024;
constexpr std::uint64_t longest_backing_name = 1023;
constexpr std::uint64_t stat_block = 512;

std::uint64_t number(std::string_view data, std::size_t at, std::size_t bytes) {
  return from_big_endian(data.substr(at, bytes));
}

bool read_into(std::ifstream& file, std::string& data, std::size_t size) {
  data.resize(size);
  return static_cast<bool>(file.read(data.data(), static_cast<std::streamsize>(size)));
}

/// A table that QEMU is just changing reads as it was, or as far as it is whole.
std::map<std::string, std::uint64_t> read_snapshots(std::ifstream& file, std::uint64_t count,
                                                    std::uint64_t at) {
  std::map<std::string, std::uint64_t> snapshots;
  std::string entry;
  std::string extra;
  std::string words;
  for (std::uint64_t i = 0; i < std::min(count, most_snapshots); ++i) {
    file.seekg(static_cast<std::streamoff>(at));
    if (!read_into(file, entry, entry_size)) break;
    const auto id_size = number(entry, id_size_at, 2);
    const auto name_size = number(entry, snapshot_name_size_at, 2);
    const auto extra_size = number(entry, extra_size_at, 4);
    if (extra_size > most_extra || !read_into(file, extra, extra_size) ||
        !read_into(file, words, id_size + name_size)) {
      break;
    }
    snapshots[words.substr(id_size)] =
        extra_size >= 8 ? number(extra, 0, 8) : number(entry, memory_size_at, 4);
    at += (entry_size + extra_size + id_size + name_size + 7) / 8 * 8;
  }
  return snapshots;
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
  std::string header;
  const bool whole = read_into(file, header, header_size);
  if (!header.starts_with(magic)) return info;
  if (!whole) throw fail("its qcow2 header is damaged");
  info.format = "qcow2";
  info.virtual_bytes = number(header, size_at, 8);
  const auto name_at = number(header, backing_offset_at, 8);
  const auto name_size = number(header, backing_size_at, 4);
  const auto snapshot_count = number(header, snapshot_count_at, 4);
  if (snapshot_count > 0) {
    info.snapshots = read_snapshots(file, snapshot_count, number(header, snapshots_at, 8));
    file.clear();
  }
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
