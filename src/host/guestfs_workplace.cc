#include "host/guestfs_workplace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/error.h"
#include "host/guestfs_process.h"
#include "host/posix_files.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = ".making-";

[[noreturn]] void fail(const char* verb, const fs::path& path, int cause) {
  throw Error(fmt::format("cannot {} '{}': {}", verb, path.string(), strerrordesc_np(cause)),
              disk_hint(strerrordesc_np(cause)));
}

/// Held while a workplace is made: it must not look abandoned before it is locked.
FileDescriptor making_lock(const fs::path& parent) {
  FileDescriptor fd(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) fail("open", parent, errno);
  while (flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) fail("lock", parent, errno);
  }
  return fd;
}

/// The lock of a directory that is in use; -1 when somebody else holds it.
int lock_of(const fs::path& directory) {
  const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

void remove_abandoned(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    const int lock = lock_of(entry.path());
    if (lock < 0) continue;
    fs::remove_all(entry.path(), ignored);
    close(lock);
  }
}

}  // namespace

Workplace::Workplace(fs::path target) : target_(std::move(target)) {
  const fs::path parent = target_.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) fail("make directory", parent, error.value());
  const auto making = making_lock(parent);
  remove_abandoned(parent);
  std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) fail("make a directory in", parent, errno);
  directory_ = name;
  lock_ = lock_of(directory_);
}

Workplace::~Workplace() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
  if (lock_ >= 0) close(lock_);
}

void Workplace::write(std::string_view name, std::string_view text) const {
  const fs::path path = directory_ / name;
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) fail("write", path, errno);
  while (!text.empty()) {
    const auto count = ::write(fd, text.data(), text.size());
    if (count < 0 && errno != EINTR) {
      const int cause = errno;
      close(fd);
      fail("write", path, cause);
    }
    if (count > 0) text.remove_prefix(static_cast<std::size_t>(count));
  }
  close(fd);
}

void Workplace::deliver(std::string_view name, unsigned mode, bool durable) const {
  const fs::path path = directory_ / name;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail("open", path, errno);
  const int failed = fchmod(fd, mode) != 0 || (durable && fsync(fd) != 0) ? errno : 0;
  close(fd);
  if (failed != 0) fail("write", path, failed);
  std::error_code error;
  fs::rename(path, target_, error);
  if (error) fail("write", target_, error.value());
}

}  // namespace vmlab
