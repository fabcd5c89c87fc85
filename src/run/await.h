// Waiting for a gate: never silent, never endless.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "lab/gate.h"
#include "plan/paths.h"
#include "run/executor.h"

namespace vmlab {

/// Asks until the gate passes. Throws Error when it failed for good, when its limit is over (naming
/// what was missing last), or when a node that it asks no longer runs.
void await(const Gate& gate, const Lab& lab, const Paths& paths, Ports& ports,
           const StepProgress& progress, std::stop_token stop);

/// One round: every probe once, then the verdict.
Verdict ask(const Gate& gate, const Lab& lab, const Paths& paths, Ports& ports,
            std::stop_token stop);

}  // namespace vmlab
