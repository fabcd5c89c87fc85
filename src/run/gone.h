// An agent that leaves for good, told to Mesos.
#pragma once

#include <stop_token>

#include "host/ports.h"

namespace vmlab {

/// Nothing when the leading master does not know the agent. Throws Error when no master can be
/// asked, or refuses.
void mark_agent_gone(const Lab& lab, const Node& agent, System& system, std::stop_token stop);

}  // namespace vmlab
