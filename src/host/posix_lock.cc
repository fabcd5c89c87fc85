// The lock of a lab: flock, so that a dead owner's lock is none.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "base/error.h"
#include "base/text.h"
#include "host/pause.h"
#include "host/posix_files.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds between_tries{50};

class FileLock final : public Lock {
 public:
  FileLock(fs::path path, FileDescriptor file) : path_(std::move(path)), file_(std::move(file)) {}
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock() override {
    // While it is still held: whoever has opened this file meanwhile will see that it is not the
    // one at the path any more. When somebody removed it, what is there now is another's.
    if (is_still_at(path_, file_.get())) ::unlink(path_.c_str());
  }

 private:
  fs::path path_;
  FileDescriptor file_;
};

std::string own_command() {
  auto text = read_file("/proc/self/cmdline").value_or("");
  while (text.ends_with('\0')) text.pop_back();
  std::ranges::replace(text, '\0', ' ');
  return text;
}

/// `process 12 (vmlab up x.yaml)`; the holder writes this right after it has the lock.
std::string holder_of(const fs::path& path) {
  const auto written = lines(read_file(path).value_or(""));
  if (written.empty()) return "a process that has only just started";
  if (written.size() == 1) return fmt::format("process {}", written[0]);
  return fmt::format("process {} ({})", written[0], written[1]);
}

/// Whether whoever has it only looks whether it is locked, which takes no time.
bool looked_at(int fd) {
  return flock(fd, LOCK_SH | LOCK_NB) == 0;
}

constexpr int most_looks = 500;
constexpr std::chrono::milliseconds after_a_look{2};

}  // namespace

bool hold_file(int fd, std::chrono::milliseconds limit, const std::stop_token& stop) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return true;
    if (std::chrono::steady_clock::now() > until) return false;
    pause(between_tries, stop);
  }
  return true;
}

bool is_still_at(const fs::path& path, int fd) {
  struct stat held {};
  struct stat there {};
  return fstat(fd, &held) == 0 && ::stat(path.c_str(), &there) == 0 &&
         held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

bool file_locked(const fs::path& path) {
  const FileDescriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file) {
    if (errno == ENOENT) return false;
    throw_errno("look at", path);
  }
  while (!looked_at(file.get())) {
    if (errno == EWOULDBLOCK) return true;
    if (errno != EINTR) throw_errno("look at", path);
  }
  return false;
}

std::unique_ptr<Lock> lock_file(const fs::path& path) {
  make_directories(path.parent_path(), 0755);
  for (int looks = 0;;) {
    FileDescriptor file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)};
    if (!file) throw_errno("lock", path);
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) throw_errno("lock", path);
      if (looks < most_looks && looked_at(file.get())) {
        ++looks;
        file = FileDescriptor();
        pause(after_a_look, {});
        continue;
      }
      throw Error(fmt::format("cannot lock '{}': {} holds it", path.string(), holder_of(path)),
                  "wait until that run has ended, or interrupt it", ExitCode::locked);
    }
    // Between open and flock its last owner may have removed it.
    if (!is_still_at(path, file.get())) continue;
    if (ftruncate(file.get(), 0) != 0) throw_errno("lock", path);
    write_all(file.get(), fmt::format("{}\n{}\n", getpid(), own_command()), path);
    return std::make_unique<FileLock>(path, std::move(file));
  }
}

}  // namespace vmlab
