// What a run tells, written down beside being told: durations for forecasts, and the record of the
// run for reports.
#pragma once

#include <map>

#include "host/ports.h"
#include "plan/paths.h"
#include "plan/run_record.h"
#include "run/reporter.h"

namespace vmlab {

/// Passes on all but the end of a round: a run may take several, and says itself when all has
/// ended. Nothing is written before there is something to do, so that the record of the run before
/// stays. What cannot be written is lost, and no step fails for it.
class Recorder : public Reporter {
 public:
  Recorder(Reporter& to, System& system, const Paths& paths, const std::string& lab,
           std::string command);

  void planned(const Plan& plan) override;
  void started(const PlannedStep& step) override;
  void progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                std::uint64_t total) override;
  void remark(const PlannedStep& step, const std::string& text) override;
  void finished(const PlannedStep& step, const StepOutcome& outcome) override;
  void tick(std::chrono::milliseconds elapsed) override;
  void ended(const RunSummary& summary) override { (void)summary; }
  /// What ended the run before it could tell how.
  void failed(const Error& error) { record(record_ended(at(), false, error.message())); }
  /// The end of the whole run.
  void run_ended(const RunSummary& summary);

 private:
  struct Spoken {
    std::string last;
    std::size_t times = 0;
  };

  void record(const std::string& line);
  std::chrono::milliseconds at() { return system_.monotonic() - clock_at_start_; }

  Reporter& to_;
  System& system_;
  std::filesystem::path history_;
  std::filesystem::path record_;
  std::string command_;
  std::chrono::system_clock::time_point began_;
  std::chrono::milliseconds clock_at_start_;
  std::chrono::milliseconds last_{0};     // time of the last line of the record
  bool begun_ = false;                    // something of this run is written
  std::map<std::string, Spoken> spoken_;  // by the id of a step that runs
};

}  // namespace vmlab
