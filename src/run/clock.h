// The clock of a guest that stood still.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "plan/paths.h"

namespace vmlab {

/// Sets it by the host's when it is more than two seconds off, then lets chrony step to the lab's.
/// Throws Error when the guest cannot be asked, or refuses.
void correct_clock(const Lab& lab, const Node& node, const Paths& paths, Ports& ports,
                   std::stop_token stop);

}  // namespace vmlab
