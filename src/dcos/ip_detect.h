// ip-detect: the script by which every DC/OS component learns its node's address.
#pragma once

#include <string>

#include "lab/lab.h"

namespace vmlab {

/// The user's script, or else one that prints the source address of the route to the first master:
/// one line, nothing on standard error, no network traffic, no PATH needed.
std::string ip_detect_script(const Lab& lab);

}  // namespace vmlab
