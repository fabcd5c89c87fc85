// Waiting for a gate: never silent, never endless.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "lab/gate.h"
#include "plan/paths.h"
#include "run/executor.h"

namespace vmlab {

/// Asks until the gate passes. A node that hangs or ends in its boot (Gate::boot) is started again,
/// once, and has the gate's whole limit anew. Throws Error when the gate failed for good, when its
/// limit is over (naming what was missing last, and what the console of a node that was not reached
/// last said), or when a node that it asks or needs no longer runs.
void await(const Gate& gate, const Lab& lab, const Paths& paths, Ports& ports,
           const StepProgress& progress, std::stop_token stop);

}  // namespace vmlab
