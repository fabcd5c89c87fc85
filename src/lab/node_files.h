// Files of a node that hold its own names and addresses, as texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lab/lab.h"

namespace vmlab {

std::string fqdn(const Lab& lab, const Node& node);

/// /etc/hosts. The node's own names must resolve before any network does, or every sudo waits.
std::string hosts_file(const Lab& lab, const Node& node);

/// chrony's, for a lab with a bootstrap: it serves time to the lab, with an upstream or without;
/// the others follow it. rtcsync: without it the kernel's clock stays "unsynchronised", and DC/OS
/// never starts. A clock is stepped whenever it is off: a node that comes back from a snapshot
/// would need minutes to slew.
std::string chrony_file(const Lab& lab, const Node& node);

/// /etc/resolv.conf.
std::vector<std::string> resolver_lines(const Lab& lab);

/// Of each data disk the six fields of fstab(5), as cloud-init's `mounts` takes them.
std::vector<std::vector<std::string>> mount_entries(const Node& node);

/// Drop-in of docker.service: it starts when the disks are mounted on which, or below which, its
/// directory lies, and fails without them. Empty for a node without such disks.
std::string docker_mounts_file(const Node& node);
inline constexpr std::string_view docker_mounts_path =
    "/etc/systemd/system/docker.service.d/vmlab-mounts.conf";

}  // namespace vmlab
