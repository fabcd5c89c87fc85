#include "host/http_part.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "base/error.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::seconds told_every{1};
// Verifying what has come takes a minute or two, and no byte comes meanwhile.
constexpr std::chrono::minutes silence_limit{10};

}  // namespace

PartFile::PartFile(fs::path target, const Progress& progress, const std::stop_token& stop)
    : target_(std::move(target)), path_(target_.string() + ".part") {
  make_directories(target_.parent_path(), 0755);
  do {
    file_ = FileDescriptor{::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644)};
    if (!file_) throw_errno("write", path_);
    await_turn(progress, stop);
    // Whoever held it has made it the target, or removed it: it is another one now.
  } while (!is_still_at(path_, file_.get()));
}

PartFile::~PartFile() {
  if (!file_) return;
  struct stat found {};
  if (fstat(file_.get(), &found) != 0 || found.st_size != 0) return;
  if (is_still_at(path_, file_.get())) ::unlink(path_.c_str());
}

void PartFile::await_turn(const Progress& progress, const std::stop_token& stop) const {
  auto there = size();
  auto grown = std::chrono::steady_clock::now();
  while (!hold_file(file_.get(), told_every, stop)) {
    const auto now = std::chrono::steady_clock::now();
    if (size() != there) grown = now;
    there = size();
    if (now - grown > silence_limit) {
      throw Error(fmt::format("cannot write '{}': another run has held it for {} minutes and "
                              "brings nothing",
                              path_.string(), silence_limit.count()),
                  "end that run");
    }
    if (progress) {
      progress(
          fmt::format("waiting for another run that downloads {}", target_.filename().string()),
          there, 0);
    }
  }
}

std::uint64_t PartFile::size() const {
  struct stat found {};
  if (fstat(file_.get(), &found) != 0) throw_errno("look at", path_);
  return static_cast<std::uint64_t>(found.st_size);
}

void PartFile::clear() const {
  if (ftruncate(file_.get(), 0) != 0) throw_errno("write", path_);
}

void PartFile::become_target() {
  if (fsync(file_.get()) != 0) throw_errno("write", path_);
  if (!is_still_at(path_, file_.get())) {
    throw Error(fmt::format("cannot keep '{}': somebody removed it meanwhile", path_.string()));
  }
  if (::rename(path_.c_str(), target_.c_str()) != 0) throw_errno("write", target_);
  sync_directory(target_.parent_path());
  file_ = FileDescriptor{};
}

}  // namespace vmlab
