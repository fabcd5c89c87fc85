// A node that goes on from a template's memory.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "plan/plan.h"
#include "run/executor.h"

namespace vmlab {

/// Lets the node run from the memory of a template until it is itself: cloud-init has done all.
/// Where that fails it is booted from a new disk, and the cause is told by `progress`. The node's
/// domain, seed and data disks are there, its root disk is not. Paths::memory is there until it is
/// done: cut off before that, the node must be made anew.
void fork_domain(const ForkDomain& wanted, const Lab& lab, const Paths& paths, Ports& ports,
                 const StepProgress& progress, std::stop_token stop);

}  // namespace vmlab
