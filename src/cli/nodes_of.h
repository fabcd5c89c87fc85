// The nodes that a command names, and whether they can be asked.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace vmlab {

/// In the lab's order. Throws Error (bad input) with "did you mean" when none matches.
std::vector<const Node*> matching(const Lab& lab, const std::string& pattern);

/// Node -> why it cannot answer, by the hypervisor's view; nodes that run are not in it. Throws
/// Error when the lab is not up at all.
std::map<std::string, std::string> nodes_down(const Context& context, const Lab& lab);

/// Throws Error when the lab is not up or the node's domain does not run.
void require_running(const Context& context, const Lab& lab, const Node& node);

/// `vmlab up <file or name>`, as a hint.
std::string up_command(const Lab& lab);

}  // namespace vmlab
