// Plans that start, stop and restart nodes in the order that a cluster bears.
#pragma once

#include <string>
#include <vector>

#include "plan/plan.h"

namespace vmlab {

struct PowerWish {
  std::vector<std::string> nodes;  // empty: all
  bool force = false;              // whatever becomes of the quorum
  /// Masters of a cluster that is installed wait for one another; before, there is no quorum.
  bool installed = false;
};

/// Bootstrap, then masters, then, when these have their quorum, everything else. What runs already
/// needs no step. When all nodes of an installed lab run at the end, those that were started serve
/// again, and with a master the whole cluster. Throws Error for a node without a domain, or one
/// that was cut off in the middle of its fork: so do the others.
Plan plan_start(const Lab& lab, const Observed& observed, const PowerWish& wish);

/// The other way round; each is shut down by its own system, and powered off when that takes too
/// long. Throws Error when the masters that are left would be no quorum, unless all go or `force`.
Plan plan_stop(const Lab& lab, const Observed& observed, const PowerWish& wish);

/// Masters one after another, each when the one before has found its quorum again, and the first
/// only when the others have one without it (`force` does not ask); then the rest. Ends as a start.
Plan plan_restart(const Lab& lab, const Observed& observed, const PowerWish& wish);

}  // namespace vmlab
