// Which new nodes are forked from a template's memory, and which template that is.
#pragma once

#include <string>

#include "lab/lab.h"

namespace vmlab {

/// Name of the template that a node of this shape is forked from: 12 hexadecimal digits of a hash
/// of all that its memory and disk hang on. `emulator`: Observed::emulator.
std::string template_name(const Lab& lab, const Node& node, const std::string& emulator);
/// libvirt's name of its domain.
std::string template_domain(const std::string& name);
/// What people call it: `debian-12, 2 cpus, 8 GiB`.
std::string template_title(const Node& node);

/// Why a node cannot be forked; empty when it can.
std::string fork_obstacle(const Lab& lab, const Node& node);

/// Id of the step that makes the template sure, and of the one that forks a node from it.
std::string template_step(const std::string& name);
std::string fork_step(const std::string& node);

}  // namespace vmlab
