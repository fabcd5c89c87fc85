// A file that keeps what a run said, whatever the screen was told of it.
#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "cli/console.h"
#include "run/reporter.h"

namespace vmlab {

/// Lines are appended, each with its time (UTC), without colours. The file is its owner's alone
/// (0600).
class LogFile {
 public:
  /// Throws Error when it cannot be written.
  LogFile(const std::string& path, Now now);
  ~LogFile();
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  void write(std::string_view text);  // any number of lines; from any thread
  /// Why the file is not whole; empty: it is.
  std::string failure() const;

 private:
  int descriptor_ = -1;
  Now now_;
  mutable std::mutex mutex_;
  std::string failure_;
};

/// Tells two reporters the same.
class BothReporters : public Reporter {
 public:
  BothReporters(Reporter& one, Reporter& other) : one_(one), other_(other) {}
  void planned(const Plan& plan) override;
  void started(const PlannedStep& step) override;
  void progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                std::uint64_t total) override;
  void remark(const PlannedStep& step, const std::string& text) override;
  void finished(const PlannedStep& step, const StepOutcome& outcome) override;
  void tick(std::chrono::milliseconds elapsed) override;
  void ended(const RunSummary& summary) override;

 private:
  Reporter& one_;
  Reporter& other_;
};

}  // namespace vmlab
