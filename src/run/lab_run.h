// One run on one lab: its lock, its history, and plans that are made and applied until nothing is
// missing.
#pragma once

#include <memory>
#include <stop_token>

#include "plan/scheduler.h"
#include "run/apply.h"
#include "run/recorder.h"
#include "run/session.h"

namespace vmlab {

/// How much may go on at once.
PoolLimits pool_limits(const Settings& settings, Accelerator accelerator, Ports& ports);

class LabRun {
 public:
  /// Takes the lab's lock (ExitCode::locked) and proves the accelerator.
  LabRun(const Lab& lab, const Settings& settings, Ports& ports, Reporter& reporter,
         std::stop_token stop);
  ~LabRun();
  LabRun(const LabRun&) = delete;
  LabRun& operator=(const LabRun&) = delete;

  /// With its accelerator proven.
  const Lab& lab() const { return known_; }
  Observed observe() const { return vmlab::observe(known_, settings_, ports_, stop_); }
  /// As the host and the lab's history tell: guests that are about to be wiped need not be asked,
  /// unless there is no history.
  Observed recall() const;

  /// True when every step so far, of this plan and those before, is done.
  bool apply(const Plan& plan);
  /// Until nothing is missing; the same answer.
  bool up();
  /// Tells the reporter how it ended.
  RunSummary end();

 private:
  bool bring_up();

  const Lab& wanted_;
  Lab known_;
  const Settings& settings_;
  Ports& ports_;
  Reporter& reporter_;
  std::stop_token stop_;
  std::unique_ptr<Lock> lock_;
  std::unique_ptr<Recorder> recorder_;
  std::chrono::milliseconds began_;
  RunSummary all_;
  bool planned_anything_ = false;
};

}  // namespace vmlab
