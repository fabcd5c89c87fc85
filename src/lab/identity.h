// Who a node is, derived from the names of lab and node alone: the same after any re-image.
#pragma once

#include <string>
#include <string_view>

#include "lab/lab.h"

namespace vmlab {

/// UUID of a node's domain.
std::string node_uuid(std::string_view lab, std::string_view node);

/// `52:54:00:xx:xx:xx`. Another `attempt` gives another address, for when two nodes of one lab get
/// the same.
std::string node_mac(std::string_view lab, std::string_view node, unsigned attempt = 0);

/// libvirt's name of the domain: `<lab>-<node>`.
std::string domain_name(std::string_view lab, std::string_view node);

std::string network_uuid(std::string_view lab);
/// Of the bridge, so that the host's neighbours do not see another one after each start.
std::string network_mac(std::string_view lab);

/// Interface name of the lab's bridge: 13 characters (the kernel allows 15), from a hash, so that
/// labs whose names start alike do not clash.
std::string bridge_name(std::string_view lab);

/// Label for the file system and serial of the virtio disk mounted at `mount`: at most 16
/// characters (ext4's limit), no dot (cloud-init splits device names there), and with `_`, which no
/// node name holds.
std::string disk_label(std::string_view mount);

/// Sets uuid, MAC and domain name of every node and uuid and bridge of the network. MACs are unique
/// inside the lab.
void assign_identities(Lab& lab);

}  // namespace vmlab
