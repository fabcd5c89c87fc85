// The memory that nodes are forked from.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "plan/plan.h"
#include "run/executor.h"

namespace vmlab {

/// Boots a guest, and saves it where any node of its shape can go on. One that is whole stays.
/// Waits for another run that makes the same. Where it cannot be made nothing is left of it, the
/// cause is told by `progress`, and nothing is thrown but Cancelled: what would be forked from it
/// is booted.
void make_template(const MakeTemplate& wanted, const Paths& paths, Ports& ports,
                   const StepProgress& progress, std::stop_token stop);

}  // namespace vmlab
