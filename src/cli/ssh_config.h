// The configuration by which the user's own OpenSSH client reaches the nodes of a lab.
#pragma once

#include <string>
#include <vector>

#include "host/ports.h"
#include "run/session.h"

namespace vmlab {

/// One `Host` entry per target, by its name and `<name>.<domain>` (empty: no domain); the node's
/// key is pinned, an unknown or other one is refused. Throws Error for a path that OpenSSH cannot
/// be told: one with a double quote or a line end.
std::string render_ssh_config(const std::vector<SshTarget>& targets,
                              const std::string& domain = {});

/// The same for all nodes of a lab, by their short and full names.
std::string ssh_config_of(const Lab& lab, const Settings& settings);

/// The words after `--` as one command line for a node's shell: a single word is a script, several
/// are one command with its arguments, each kept whole. No words: empty.
std::string remote_command(const std::vector<std::string>& words);

}  // namespace vmlab
