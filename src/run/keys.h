// The lab's keys: its own pair, the nodes' host keys, and known_hosts made from them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "host/ports.h"
#include "lab/cloud_init.h"
#include "plan/paths.h"

namespace vmlab {

/// Makes those of `missing` that there are not ("" is the lab's own pair) and rewrites known_hosts
/// for all nodes.
void make_keys(const Lab& lab, const std::vector<std::string>& missing, const Paths& paths,
               Ports& ports);

/// Throws Error when a key is missing.
NodeKeys read_keys(const Lab& lab, const std::string& node, const Paths& paths, Ports& ports);

/// Names of the nodes that have one that known_hosts has too, with their address of now; "" when
/// the lab's own pair is there.
std::set<std::string> keys_present(const Lab& lab, const Paths& paths, Ports& ports);

}  // namespace vmlab
