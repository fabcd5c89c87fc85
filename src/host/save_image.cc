#include "host/save_image.h"

#include <endian.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fstream>

#include "base/error.h"
#include "host/posix_files.h"
#include "host/ram_stream.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view magic = "LibvirtQemudSave";
constexpr std::uint32_t known_version = 2;
// A domain's XML is some ten KiB; anything near this is no save image.
constexpr std::size_t most_block_bytes = 16U << 20U;
// Between two looks at the stop token.
constexpr off_t most_at_once = 64 << 20;
// For others' copies, of a second or a few each.
constexpr std::chrono::minutes turn_limit{10};

/// Numbers are of the machine that saved; this is for x86-64.
std::uint32_t get_u32(std::string_view data, std::size_t at) {
  std::uint32_t value = 0;
  data.copy(reinterpret_cast<char*>(&value), sizeof value, at);
  return le32toh(value);
}

void put_u32(std::string& data, std::uint32_t value) {
  value = htole32(value);
  data.append(reinterpret_cast<const char*>(&value), sizeof value);
}

class File {
 public:
  File(const fs::path& path, int flags, mode_t mode = 0)
      : path_(path.string()), fd_(::open(path.c_str(), flags | O_CLOEXEC, mode)) {
    if (!fd_) throw_errno("open", path_);
  }
  int fd() const { return fd_.get(); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  FileDescriptor fd_;
};

/// The only one that copies, until it goes: flock, so that a dead process's turn is over. Where
/// that cannot be had copies are only slower.
class Turn {
 public:
  Turn(const fs::path& from, const std::stop_token& stop)
      : place_(fs::absolute(from).parent_path().parent_path(), O_RDONLY | O_DIRECTORY) {
    if (hold_file(place_.fd(), turn_limit, stop)) return;
    throw Error(fmt::format("cannot copy '{}': others have been copied from '{}' for {} minutes",
                            from.string(), place_.path(), turn_limit.count()));
  }

 private:
  File place_;
};

/// Copies [from, to) of one file to the same place of another, inside the kernel.
void copy_range(const File& source, const File& target, off_t from, off_t to,
                const std::stop_token& stop) {
  off_t out = from;
  while (from < to) {
    if (stop.stop_requested()) throw Cancelled();
    const auto size = static_cast<std::size_t>(std::min(to - from, most_at_once));
    const auto copied = ::copy_file_range(source.fd(), &from, target.fd(), &out, size, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) throw_errno(fmt::format("copy '{}' to", source.path()), target.path());
    if (copied == 0) throw Error(fmt::format("cannot copy '{}': it became shorter", source.path()));
  }
}

bool share_data(const File& source, const File& target) {
  return ::ioctl(target.fd(), FICLONE, source.fd()) == 0;
}

void copy_data(const File& source, const File& target, const std::stop_token& stop) {
  struct stat info {};
  if (::fstat(source.fd(), &info) != 0) throw_errno("stat", source.path());
  if (::ftruncate(target.fd(), info.st_size) != 0) throw_errno("size", target.path());
  off_t at = 0;
  while (at < info.st_size) {
    const auto data = ::lseek(source.fd(), at, SEEK_DATA);
    if (data < 0) break;  // only a hole is left
    auto hole = ::lseek(source.fd(), data, SEEK_HOLE);
    if (hole < 0) hole = info.st_size;
    copy_range(source, target, data, hole, stop);
    at = hole;
  }
}

}  // namespace

SaveHeader parse_save_header(std::string_view data, const std::string& file) {
  const auto refuse = [&file](const std::string& why) {
    throw Error(fmt::format("cannot use save image '{}': {}", file, why));
  };
  if (data.size() < save_header_bytes || data.substr(0, magic.size()) != magic) {
    refuse("it does not begin as libvirt's save images do");
  }
  SaveHeader header;
  header.version = get_u32(data, 16);
  header.block_bytes = get_u32(data, 20);
  header.was_running = get_u32(data, 24);
  header.compression = get_u32(data, 28);
  const auto cookie_offset = get_u32(data, 32);
  if (header.version != known_version) refuse(fmt::format("its version is {}", header.version));
  if (header.block_bytes > most_block_bytes) refuse("its header is damaged");
  if (data.size() < save_header_bytes + header.block_bytes) refuse("it is torn");
  const auto block = data.substr(save_header_bytes, header.block_bytes);
  if (cookie_offset > block.size()) refuse("its header is damaged");
  const auto text = [](std::string_view part) {
    return std::string(part.substr(0, part.find('\0')));
  };
  header.xml = text(cookie_offset == 0 ? block : block.substr(0, cookie_offset));
  if (cookie_offset != 0) header.cookie = text(block.substr(cookie_offset));
  return header;
}

std::string render_save_header(const SaveHeader& header) {
  const auto cookie_bytes = header.cookie.empty() ? 0 : header.cookie.size() + 1;
  const auto needed = header.xml.size() + 1 + cookie_bytes;
  if (needed > header.block_bytes) {
    throw Error(fmt::format("cannot rewrite a save image's header: {} bytes do not fit into {}",
                            needed, header.block_bytes));
  }
  const auto xml_room = header.block_bytes - 1 - cookie_bytes;
  std::string data(magic);
  put_u32(data, header.version);
  put_u32(data, static_cast<std::uint32_t>(header.block_bytes));
  put_u32(data, header.was_running);
  put_u32(data, header.compression);
  put_u32(data, cookie_bytes == 0 ? 0 : static_cast<std::uint32_t>(xml_room + 1));
  data.append(save_header_bytes - data.size(), '\0');
  data += header.xml;
  data.append(xml_room - header.xml.size(), ' ');
  data += '\0';
  if (cookie_bytes != 0) {
    data += header.cookie;
    data += '\0';
  }
  return data;
}

SaveHeader read_save_header(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw_errno("open", file);
  std::string data(save_header_bytes, '\0');
  stream.read(data.data(), static_cast<std::streamsize>(data.size()));
  data.resize(static_cast<std::size_t>(stream.gcount()));
  if (data.size() == save_header_bytes) {
    const auto more = std::min<std::size_t>(get_u32(data, 20), most_block_bytes);
    std::string block(more, '\0');
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    block.resize(static_cast<std::size_t>(stream.gcount()));
    data += block;
  }
  return parse_save_header(data, file.string());
}

void copy_save_image(const fs::path& from, const fs::path& to, const SaveHeader& header,
                     const std::stop_token& stop) {
  const auto rendered = render_save_header(header);
  const File source(from, O_RDONLY);
  const File target(to, O_RDWR | O_CREAT | O_EXCL, 0600);
  if (!share_data(source, target)) {
    const Turn turn(from, stop);
    copy_data(source, target, stop);
  }
  write_all(target.fd(), rendered, to);  // copying has left its place at the beginning
}

void leave_out_zero_pages(const fs::path& file) {
  auto beside = file;
  beside += ".smaller";
  std::error_code none;
  try {
    const auto header = read_save_header(file);
    std::ifstream from(file, std::ios::binary);
    from.seekg(static_cast<std::streamoff>(save_header_bytes + header.block_bytes));
    { const File mine(beside, O_WRONLY | O_CREAT | O_TRUNC, 0600); }
    std::ofstream to(beside, std::ios::binary);
    to << render_save_header(header);
    const bool familiar = copy_without_zero_pages(from, to);
    to.close();
    if (familiar && to) fs::rename(beside, file, none);
  } catch (const std::exception&) {  // it stays as it is, whatever was found in it
  }
  fs::remove(beside, none);
}

}  // namespace vmlab
