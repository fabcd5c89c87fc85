// Runs a plan: one coordinator, a thread per running step, one inbox between them.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>

#include "plan/plan.h"
#include "plan/scheduler.h"
#include "run/reporter.h"

namespace vmlab {

/// Tells what a step is doing; may be called from the step's thread at any time.
class StepProgress {
 public:
  using Show =
      std::function<void(const std::string& text, std::uint64_t done, std::uint64_t total)>;
  using Remark = std::function<void(const std::string& text)>;

  template <std::invocable<const std::string&, std::uint64_t, std::uint64_t> F>
  StepProgress(F show, Remark remark = {}, Remark warn = {})
      : show_(std::move(show)), remark_(std::move(remark)), warn_(std::move(warn)) {}

  void operator()(const std::string& text, std::uint64_t done, std::uint64_t total) const {
    show_(text, done, total);
  }
  /// One line for whoever started the run, whatever it is told otherwise: the step goes another way
  /// than was planned.
  void remark(const std::string& text) const {
    show_(text, 0, 0);
    if (remark_) remark_(text);
  }
  /// One line too, of what the step's node says. Nodes that say the same share it: it comes when
  /// all steps of the kind have ended.
  void warn(const std::string& text) const {
    if (warn_) warn_(text);
  }

 private:
  Show show_;
  Remark remark_;
  Remark warn_;
};

/// Applies one step. Throws Error when it failed, Cancelled when stopped.
using ApplyStep = std::function<void(const PlannedStep& step, const StepProgress& progress,
                                     std::stop_token stop)>;

/// Milliseconds that only go forward; a fake one in tests.
using Clock = std::function<std::chrono::milliseconds()>;

/// Runs what can run; what depends on a failed step is skipped, the rest goes on. When `stop` is
/// requested nothing new starts and running steps are asked to end. `reporter` is called by the
/// calling thread only; time goes on for it from `earlier`, what plans before this one took.
RunSummary execute(const Plan& plan, const PoolLimits& limits, const ApplyStep& apply,
                   Reporter& reporter, const Clock& clock, std::stop_token stop,
                   std::chrono::milliseconds earlier = {});

}  // namespace vmlab
