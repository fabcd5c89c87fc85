// The clock of a guest that stood still.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "plan/paths.h"
#include "run/executor.h"

namespace vmlab {

/// Sets it by the host's, through the guest agent or else ssh. What follows the lab's time sees the
/// jump and measures anew; the clock's gate hastens it. Throws Error when the guest cannot be
/// asked, or refuses.
void correct_clock(const Lab& lab, const Node& node, const Paths& paths, Ports& ports,
                   const StepProgress& progress, std::stop_token stop);

}  // namespace vmlab
