// Files of this host: the parts of System that are about them.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/ports.h"

namespace vmlab {

/// An open file; -1: none.
class FileDescriptor {
 public:
  explicit FileDescriptor(int fd = -1) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();
  int get() const noexcept { return fd_; }
  int release() noexcept;
  explicit operator bool() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

/// `cannot <verb> '<path>': <meaning of errno>`, with a hint where there is one.
[[noreturn]] void throw_errno(const std::string& verb, const std::filesystem::path& path);

void write_all(int fd, std::string_view data, const std::filesystem::path& path);
/// nullopt: no such file.
std::optional<std::string> read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, std::string_view text, unsigned mode);
void append_file(const std::filesystem::path& path, std::string_view line);
void make_directories(const std::filesystem::path& path, unsigned mode);
/// Makes a rename in this directory survive a power cut.
void sync_directory(const std::filesystem::path& directory);
std::uint64_t free_bytes_at(const std::filesystem::path& path);
/// Lower-case hex; `algorithm` is sha256 or sha512.
std::string file_digest(const std::filesystem::path& path, const std::string& algorithm,
                        const Progress& progress, const std::stop_token& stop);

/// Holds an open file by flock, as its only user until `fd` is closed: another process's death
/// frees it too. Waits for its turn; false: `limit` has passed. Where the file system knows no
/// locks nothing is waited for.
bool hold_file(int fd, std::chrono::milliseconds limit, const std::stop_token& stop);
/// Whether the file that is open is the one at `path`.
bool is_still_at(const std::filesystem::path& path, int fd);

/// See System::lock. The file is gone when the lock is.
std::unique_ptr<Lock> lock_file(const std::filesystem::path& path);

/// See System::locked.
bool file_locked(const std::filesystem::path& path);

/// Networks in the text of /proc/net/route; default routes and refused networks are left out.
std::vector<Cidr> parse_routes(std::string_view text);

}  // namespace vmlab
