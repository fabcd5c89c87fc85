// systemd units of a DC/OS node.
#pragma once

#include <string>
#include <vector>

#include "lab/lab.h"

namespace vmlab {

/// Units whose journals tell why an installation fails, in the order in which to read them: each
/// one needs those before it. Names without `.service`; not every release has every one. Empty for
/// plain nodes; Docker for the bootstrap.
std::vector<std::string> troubleshooting_units(Role role);

}  // namespace vmlab
