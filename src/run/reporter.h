// What a run tells while it goes on. The executor's coordinator alone calls it: never two calls at
// once.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "plan/plan.h"

namespace vmlab {

enum class StepResult { done, failed, skipped, cancelled };

struct StepOutcome {
  std::string id;
  StepResult result = StepResult::done;
  std::chrono::milliseconds took{0};
  /// For failed: message, trail and hint; for skipped: the id of the failed step.
  std::string message;
  std::vector<std::string> trail;
  std::string hint;
};

struct RunSummary {
  std::vector<StepOutcome> steps;
  bool interrupted = false;
  std::chrono::milliseconds took{0};
  bool ok() const;
};

class Reporter {
 public:
  virtual ~Reporter() = default;
  /// Before the first step; may be called with an empty plan.
  virtual void planned(const Plan& plan) = 0;
  virtual void started(const PlannedStep& step) = 0;
  /// What a running step is doing or waiting for; bytes when `total` is not 0.
  virtual void progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                        std::uint64_t total) = 0;
  /// What whoever started the run should know of a running step.
  virtual void remark(const PlannedStep& step, const std::string& text) = 0;
  virtual void finished(const PlannedStep& step, const StepOutcome& outcome) = 0;
  /// About once a second while steps run: the moment to redraw or to print a heartbeat.
  virtual void tick(std::chrono::milliseconds elapsed) = 0;
  virtual void ended(const RunSummary& summary) = 0;
};

}  // namespace vmlab
