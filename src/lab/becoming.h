// What makes a copy of a template's memory one node, and what the template itself is told: together
// the same as cloud-init makes of the node's documents at a first boot.
//
// A template carries out what all nodes share: vmlab's own settings and its fragments. A node's own
// part (names, addresses, keys, time server, data disks) are files that vmlab writes itself, as
// cloud-init 22.4 does on Debian, as an emulated guest needs half a minute for them in Python.
#pragma once

#include <chrono>
#include <string>

#include "lab/cloud_init.h"
#include "lab/lab.h"

namespace vmlab {

/// Why a node's documents cannot be divided so; empty when they can. A document of the user's may
/// ask for anything, also for what must not happen twice.
std::string own_documents(const Node& node);

/// What no node shares with another, and is in none of its documents.
struct Becoming {
  std::string boot_id;     // UUID, new each time
  std::string random_hex;  // for the kernel's pool
  std::chrono::system_clock::time_point now;
};

/// 32 hexadecimal digits, as in /etc/machine-id; the node's own for ever.
std::string machine_id(const Node& node);

/// For `/bin/sh -s` in the guest, as root: it holds the node's private key, so it is nobody's
/// argument. Ends with 0 when the node is itself; fails where it is no copy of a template.
std::string become_script(const Lab& lab, const Node& node, const NodeKeys& keys,
                          const Becoming& becoming);

}  // namespace vmlab
