#include "host/guestfs_workplace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view prefix = ".making-";

[[noreturn]] void fail(const char* verb, const fs::path& path, const std::error_code& cause) {
  errno = cause.value();
  throw_errno(verb, path);
}

/// -1 where it cannot be had.
FileDescriptor open_directory(const fs::path& path) {
  return FileDescriptor{open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
}

/// Held while a workplace is made: it must not look abandoned before it is locked.
FileDescriptor making_lock(const fs::path& parent) {
  auto fd = open_directory(parent);
  if (!fd) throw_errno("open", parent);
  while (flock(fd.get(), LOCK_EX) != 0) {
    if (errno != EINTR) throw_errno("lock", parent);
  }
  return fd;
}

/// The lock of a directory that is in use; -1 when somebody else holds it.
FileDescriptor lock_of(const fs::path& directory) {
  auto fd = open_directory(directory);
  if (fd && flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  return FileDescriptor();
}

void remove_abandoned(const fs::path& parent) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(parent, ignored)) {
    if (!entry.path().filename().string().starts_with(prefix)) continue;
    const auto lock = lock_of(entry.path());
    if (lock) fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

Workplace::Workplace(fs::path target) : target_(std::move(target)) {
  const fs::path parent = target_.parent_path();
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) fail("make directory", parent, error);
  const auto making = making_lock(parent);
  remove_abandoned(parent);
  std::string name = (parent / (std::string(prefix) + "XXXXXX")).string();
  if (mkdtemp(name.data()) == nullptr) throw_errno("make a directory in", parent);
  directory_ = name;
  lock_ = lock_of(directory_);
}

Workplace::~Workplace() {
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void Workplace::write(std::string_view name, std::string_view text) const {
  const fs::path path = directory_ / name;
  const FileDescriptor file{open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!file) throw_errno("write", path);
  write_all(file.get(), text, path);
}

void Workplace::deliver(std::string_view name, unsigned mode, bool durable) const {
  const fs::path path = directory_ / name;
  const FileDescriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) throw_errno("open", path);
  if (fchmod(file.get(), mode) != 0 || (durable && fsync(file.get()) != 0)) {
    throw_errno("write", path);
  }
  std::error_code error;
  fs::rename(path, target_, error);
  if (error) fail("write", target_, error);
}

}  // namespace vmlab
