// A lab in the words of other tools.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "run/session.h"

namespace vmlab {

/// An inventory in YAML for Ansible: groups by role, as dcos-ansible calls them (bootstraps,
/// masters, agents_private, agents_public, plain), and `group_<name>` for each group of the
/// topology.
std::string ansible_inventory(const Lab& lab, const Settings& settings);

/// Lines for /etc/hosts.
std::string hosts_lines(const Lab& lab);

/// Assignments that a POSIX shell reads: VMLAB_LAB, VMLAB_SSH_CONFIG, VMLAB_<NODE> (address) …
std::string env_lines(const Lab& lab, const Settings& settings);

/// {"lab","file","network","domain","ssh":{…},"nodes":[…],"endpoints":[…]}
nlohmann::ordered_json lab_json(const Lab& lab, const Settings& settings);

}  // namespace vmlab
