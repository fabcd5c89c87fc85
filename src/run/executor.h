// Runs a plan: one coordinator, a thread per running step, one inbox between them.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>

#include "plan/plan.h"
#include "plan/scheduler.h"
#include "run/reporter.h"

namespace vmlab {

/// Tells what a step is doing; may be called from the step's thread at any time.
using StepProgress =
    std::function<void(const std::string& text, std::uint64_t done, std::uint64_t total)>;

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
