// Starting, stopping and restarting nodes of a lab.
#pragma once

#include "plan/power.h"
#include "run/session.h"

namespace vmlab {

enum class Power { start, stop, restart };

/// Takes the lab's lock, and does it in the order that a cluster bears (plan/power.h). Whether the
/// masters are of one, `wish.installed`, is found out here.
RunSummary change_power(const Lab& lab, Power what, PowerWish wish, const Settings& settings,
                        Ports& ports, Reporter& reporter, std::stop_token stop);

}  // namespace vmlab
