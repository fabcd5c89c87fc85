// What of a lab is not as the topology and vmlab left it: one sentence each, empty when it is.
#pragma once

#include <string>
#include <vector>

#include "lab/lab.h"
#include "plan/observed.h"
#include "plan/paths.h"

namespace vmlab {

/// A domain that was edited by hand; its label is vmlab's all the same.
std::string domain_drift(const Lab& lab, const Node& node, const ObservedNode& seen,
                         const Paths& paths);
/// A network that was edited by hand.
std::string network_drift(const Lab& lab, const NetworkInfo& found);
/// A security warning: somebody else answers, or the key was replaced. Nothing is said to it.
std::string host_key_drift(const Node& node, const ObservedNode& seen);

/// All of a lab's; domains and networks that vmlab did not make are left out.
std::vector<std::string> drift(const Lab& lab, const Observed& observed, const Paths& paths);

}  // namespace vmlab
