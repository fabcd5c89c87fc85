#include "host/posix_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "host/handle.h"

namespace vmlab {

namespace fs = std::filesystem;

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = other.release();
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int FileDescriptor::release() noexcept {
  return std::exchange(fd_, -1);
}

void throw_errno(const std::string& verb, const fs::path& path) {
  const int code = errno;
  std::string hint;
  if (code == ENOSPC || code == EDQUOT) hint = "free space on that disk, or use --state-dir";
  if (code == EACCES || code == EPERM || code == EROFS) hint = "run as root, or use --state-dir";
  throw Error(
      fmt::format("cannot {} '{}': {}", verb, path.string(), std::generic_category().message(code)),
      hint);
}

void write_all(int fd, std::string_view data, const fs::path& path) {
  while (!data.empty()) {
    const auto written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_errno("write", path);
    }
    data.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::optional<std::string> read_file(const fs::path& path) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw_errno("read", path);
  }
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_errno("read", path);
    }
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

namespace {

/// Removes the file unless it has been renamed.
class TemporaryFile {
 public:
  TemporaryFile(const fs::path& target, unsigned mode) {
    static std::atomic<unsigned> counter{0};
    path_ = target.parent_path() /
            fmt::format(".{}.{}-{}.tmp", target.filename().string(), getpid(), counter++);
    file_ = FileDescriptor{
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600)};
    if (!file_) throw_errno("write", target);
    // The mode asked for, whatever the umask.
    if (fchmod(file_.get(), mode) != 0) throw_errno("write", target);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }
  int fd() const { return file_.get(); }
  void become(const fs::path& target) {
    if (fsync(file_.get()) != 0 || ::rename(path_.c_str(), target.c_str()) != 0) {
      throw_errno("write", target);
    }
    path_.clear();
    sync_directory(target.parent_path());
  }

 private:
  fs::path path_;
  FileDescriptor file_;
};

}  // namespace

void sync_directory(const fs::path& directory) {
  const FileDescriptor file{
      ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  // Some file systems cannot; the rename itself has happened.
  if (file) fsync(file.get());
}

void write_file(const fs::path& path, std::string_view text, unsigned mode) {
  make_directories(path.parent_path(), (mode & 077U) == 0 ? 0700 : 0755);
  TemporaryFile file(path, mode);
  write_all(file.fd(), text, path);
  file.become(path);
}

void append_file(const fs::path& path, std::string_view line) {
  make_directories(path.parent_path(), 0755);
  const FileDescriptor file{::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)};
  if (!file) throw_errno("write", path);
  // One write, so that lines of two processes never mix.
  std::string text(line);
  if (!text.ends_with('\n')) text += '\n';
  write_all(file.get(), text, path);
}

void make_directories(const fs::path& path, unsigned mode) {
  if (path.empty()) return;
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (!S_ISDIR(found.st_mode)) {
      errno = ENOTDIR;
      throw_errno("make directory", path);
    }
    return;
  }
  make_directories(path.parent_path(), mode);
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return;
    throw_errno("make directory", path);
  }
  if (::chmod(path.c_str(), mode) != 0) throw_errno("make directory", path);
}

std::uint64_t free_bytes_at(const fs::path& path) {
  for (auto at = fs::absolute(path);; at = at.parent_path()) {
    struct statvfs found {};
    if (statvfs(at.c_str(), &found) == 0) {
      return std::uint64_t{found.f_bavail} * std::uint64_t{found.f_frsize};
    }
    if ((errno != ENOENT && errno != ENOTDIR) || at == at.parent_path()) {
      throw_errno("ask for free space at", path);
    }
  }
}

std::string file_digest(const fs::path& path, const std::string& algorithm,
                        const Progress& progress, const std::stop_token& stop) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) throw_errno("read", path);
  struct stat found {};
  if (fstat(file.get(), &found) != 0) throw_errno("read", path);
  posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);

  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
  const auto* method = EVP_get_digestbyname(algorithm.c_str());
  if (!context || method == nullptr || EVP_DigestInit_ex(context.get(), method, nullptr) != 1) {
    throw Error(fmt::format("cannot compute a digest '{}': libcrypto does not know it", algorithm));
  }
  const auto text = fmt::format("verifying {}", path.filename().string());
  std::vector<char> buffer(std::size_t{1024} * 1024);
  std::uint64_t done = 0;
  while (true) {
    if (stop.stop_requested()) throw Cancelled();
    const auto count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) break;
    if (count < 0) {
      if (errno == EINTR) continue;
      throw_errno("read", path);
    }
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(count));
    done += static_cast<std::uint64_t>(count);
    if (progress) progress(text, done, static_cast<std::uint64_t>(found.st_size));
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_DigestFinal_ex(context.get(), digest.data(), &size);
  return to_hex({reinterpret_cast<const char*>(digest.data()), size});
}

}  // namespace vmlab
