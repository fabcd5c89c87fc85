#include <fcntl.h>
#include <fmt/format.h>
#include <net/route.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <system_error>

#include "base/error.h"
#include "base/text.h"
#include "host/adapters.h"
#include "host/http.h"
#include "host/pause.h"
#include "host/posix_files.h"
#include "host/process.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;

class PosixSystem final : public System {
 public:
  std::optional<std::string> read(const fs::path& path) override { return read_file(path); }
  void write(const fs::path& path, std::string_view text, unsigned mode) override {
    write_file(path, text, mode);
  }
  void append(const fs::path& path, std::string_view line) override { append_file(path, line); }
  void make_directory(const fs::path& path, unsigned mode) override;
  std::optional<FileInfo> stat(const fs::path& path) override;
  std::vector<std::string> list(const fs::path& directory) override;
  void remove(const fs::path& path) override;
  std::uint64_t free_bytes(const fs::path& path) override { return free_bytes_at(path); }
  std::string digest(const fs::path& path, const std::string& algorithm, const Progress& progress,
                     std::stop_token stop) override {
    return file_digest(path, algorithm, progress, stop);
  }
  std::unique_ptr<Lock> lock(const fs::path& path) override { return lock_file(path); }
  bool locked(const fs::path& path) override { return file_locked(path); }

  std::vector<Cidr> routes() override {
    return parse_routes(read_file("/proc/self/net/route").value_or(""));
  }
  HttpReply http_get(const std::string& url, std::chrono::seconds timeout,
                     std::stop_token stop) override {
    return vmlab::http_get(url, timeout, stop);
  }
  HttpReply http_post(const std::string& url, const std::string& body, std::chrono::seconds timeout,
                      std::stop_token stop) override {
    return vmlab::http_post(url, body, timeout, stop);
  }
  void download(const std::string& url, const fs::path& path, const std::string& algorithm,
                const std::string& digest, const Progress& progress,
                std::stop_token stop) override {
    http_download({url, path, algorithm, digest}, progress, stop);
  }

  int run_command(const std::vector<std::string>& words,
                  const std::map<std::string, std::string>& environment,
                  const std::function<void(std::string_view)>& on_output,
                  std::stop_token stop) override {
    const int status = run_process({.words = words, .environment = environment}, on_output, stop);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  std::chrono::system_clock::time_point now() override { return std::chrono::system_clock::now(); }
  std::chrono::milliseconds monotonic() override {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch());
  }
  void wait(std::chrono::milliseconds duration, std::stop_token stop) override;
  std::string boot_id() override;
  std::string random_bytes(std::size_t count) override;
  bool clock_synchronised() override;
};

/// Named users of the POSIX access list; `man 5 acl`, and linux/posix_acl_xattr.h for the bytes.
std::vector<unsigned> admitted_by_acl(const fs::path& path) {
  struct Entry {
    std::uint16_t tag, permissions;
    std::uint32_t id;
  };
  constexpr std::uint16_t named_user = 0x02;
  constexpr std::uint16_t mask = 0x10;
  std::array<char, 4096> bytes{};
  const auto size = ::getxattr(path.c_str(), "system.posix_acl_access", bytes.data(), bytes.size());
  std::vector<unsigned> users;
  bool masked = false;
  constexpr std::size_t head = sizeof(std::uint32_t);  // version
  for (std::size_t at = head; size > 0 && at + sizeof(Entry) <= static_cast<std::size_t>(size);
       at += sizeof(Entry)) {
    Entry entry{};
    std::memcpy(&entry, bytes.data() + at, sizeof entry);
    const bool execute = (entry.permissions & 1U) != 0;
    if (entry.tag == named_user && execute) users.push_back(entry.id);
    if (entry.tag == mask && !execute) masked = true;
  }
  return masked ? std::vector<unsigned>() : users;
}

void PosixSystem::make_directory(const fs::path& path, unsigned mode) {
  make_directories(path, mode);
  // A directory for secrets that was there before with a wider mode is no place for them.
  struct stat found {};
  if ((mode & 077U) == 0 && ::stat(path.c_str(), &found) == 0 && (found.st_mode & 077U) != 0 &&
      ::chmod(path.c_str(), mode) != 0) {
    throw_errno("make directory", path);
  }
}

std::optional<FileInfo> PosixSystem::stat(const fs::path& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_errno("look at", path);
  }
  struct stat itself {};
  const bool link = ::lstat(path.c_str(), &itself) == 0 && S_ISLNK(itself.st_mode);
  const bool special = link || (!S_ISDIR(found.st_mode) && !S_ISREG(found.st_mode));
  constexpr std::uint64_t block_bytes = 512;  // whatever st_blksize says: stat(2)
  return FileInfo{static_cast<std::uint64_t>(found.st_size),
                  static_cast<std::uint64_t>(found.st_blocks) * block_bytes,
                  S_ISDIR(found.st_mode),
                  found.st_mode & 07777U,
                  special,
                  found.st_uid,
                  found.st_gid,
                  admitted_by_acl(path)};
}

std::vector<std::string> PosixSystem::list(const fs::path& directory) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    names.push_back(it->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    errno = error.value();
    throw_errno("list", directory);
  }
  std::ranges::sort(names);
  return names;
}

void PosixSystem::remove(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    errno = error.value();
    throw_errno("remove", path);
  }
}

void PosixSystem::wait(std::chrono::milliseconds duration, std::stop_token stop) {
  pause(duration, stop);
}

std::string PosixSystem::boot_id() {
  const fs::path path = "/proc/sys/kernel/random/boot_id";
  const auto text = read_file(path);
  if (!text) throw Error(fmt::format("cannot read '{}': no such file", path.string()));
  return std::string(trim(*text));
}

std::string PosixSystem::random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  for (std::size_t filled = 0; filled < count;) {
    const auto got = ::getrandom(bytes.data() + filled, count - filled, 0);
    if (got < 0 && errno != EINTR) {
      throw Error(fmt::format("cannot get random bytes: {}", std::strerror(errno)));
    };
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return bytes;
}

bool PosixSystem::clock_synchronised() {
  timex state{};  // no mode bit: it is only read
  return ::adjtimex(&state) != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
}

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  std::uint32_t value = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value, 16);
  if (error != std::errc{} || end != last) return std::nullopt;
  return value;
}

/// The kernel writes an address's four bytes as a number of this machine.
Ipv4 from_network_order(std::uint32_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap32(value);
  return {value};
}

}  // namespace

std::vector<Cidr> parse_routes(std::string_view text) {
  // Iface Destination Gateway Flags RefCnt Use Metric Mask …
  std::vector<Cidr> routes;
  for (const auto& line : lines(text)) {
    std::vector<std::string> fields;
    for (const auto& field : split(line, '\t')) fields.emplace_back(trim(field));
    if (fields.size() < 8) continue;
    const auto destination = parse_hex(fields[1]);
    const auto flags = parse_hex(fields[3]);
    const auto mask = parse_hex(fields[7]);
    if (!destination || !flags || !mask) continue;  // heading
    if ((*flags & RTF_UP) == 0 || (*flags & RTF_REJECT) != 0) continue;
    Cidr cidr;
    cidr.prefix = std::popcount(*mask);
    cidr.base = from_network_order(*destination);
    if (cidr.prefix == 0) continue;
    if (std::ranges::find(routes, cidr) == routes.end()) routes.push_back(cidr);
  }
  return routes;
}

std::unique_ptr<System> make_posix() {
  return std::make_unique<PosixSystem>();
}

}  // namespace vmlab
