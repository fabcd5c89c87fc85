// Somebody at a node's serial console.
#pragma once

#include <stop_token>
#include <string>

#include "cli/terminal.h"
#include "host/ports.h"

namespace vmlab {

/// Passes on what comes from the descriptor `input` and what the console says, until Ctrl-], a
/// stop, or the console's end; tells why it ended itself, empty otherwise. The end of input is no
/// end.
std::string talk(Hypervisor& hypervisor, const std::string& domain, bool force, int input,
                 const Write& out, const std::stop_token& stop);

}  // namespace vmlab
