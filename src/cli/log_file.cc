#include "cli/log_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace vmlab {

LogFile::LogFile(const std::string& path, Now now) : now_(std::move(now)) {
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor_ < 0) {
    throw Error(fmt::format("cannot write the log '{}': {}", path, std::strerror(errno)), "",
                ExitCode::bad_input);
  }
  struct stat info {};
  // A file of before may be readable by others; what is no file (a pipe, a terminal) is left alone.
  if (::fstat(descriptor_, &info) == 0 && S_ISREG(info.st_mode)) ::fchmod(descriptor_, 0600);
}

LogFile::~LogFile() {
  ::close(descriptor_);
}

void LogFile::write(std::string_view text) {
  std::string stamped;
  const auto time = utc_text(now_());
  for (const auto& line : lines(strip_ansi(text))) {
    if (!line.empty()) stamped += fmt::format("{} {}\n", time, printable(line));
  }
  const std::scoped_lock lock(mutex_);
  std::string_view left = stamped;
  while (!left.empty() && failure_.empty()) {
    const auto written = ::write(descriptor_, left.data(), left.size());
    if (written >= 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      failure_ = std::strerror(errno);
    }
  }
}

std::string LogFile::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

void BothReporters::planned(const Plan& plan) {
  one_.planned(plan);
  other_.planned(plan);
}

void BothReporters::started(const PlannedStep& step) {
  one_.started(step);
  other_.started(step);
}

void BothReporters::progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                             std::uint64_t total) {
  one_.progress(step, text, done, total);
  other_.progress(step, text, done, total);
}

void BothReporters::remark(const PlannedStep& step, const std::string& text) {
  one_.remark(step, text);
  other_.remark(step, text);
}

void BothReporters::finished(const PlannedStep& step, const StepOutcome& outcome) {
  one_.finished(step, outcome);
  other_.finished(step, outcome);
}

void BothReporters::tick(std::chrono::milliseconds elapsed) {
  one_.tick(elapsed);
  other_.tick(elapsed);
}

void BothReporters::ended(const RunSummary& summary) {
  one_.ended(summary);
  other_.ended(summary);
}

}  // namespace vmlab
