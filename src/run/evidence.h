// What is worth looking at after a failure, put into the lab's directory while it can still be had.
#pragma once

#include <filesystem>
#include <stop_token>

#include "host/ports.h"
#include "plan/plan.h"
#include "run/executor.h"

namespace vmlab {

/// Collects console, cloud-init's results and the journals of the units of `step`'s nodes. Returns
/// the directory; empty when nothing could be had. What an earlier failure of the step left goes.
/// Throws neither Error nor Cancelled: it must not hide the failure.
std::filesystem::path collect_evidence(const PlannedStep& step, const Lab& lab, const Paths& paths,
                                       Ports& ports, const StepProgress& progress,
                                       std::stop_token stop);

}  // namespace vmlab
