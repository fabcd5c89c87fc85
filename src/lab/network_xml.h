// libvirt's XML of the lab's network.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lab/domain_xml.h"
#include "lab/lab.h"

namespace vmlab {

/// NAT network with the DNS hosts of all nodes. The hash leaves the hosts out: they change live. By
/// the state directory, which it leaves out too, the label says whose network it is.
LabelledXml network_xml(const Lab& lab, const std::string& state_directory);

/// Address -> names (FQDN first, then the short one) that the network's DNS answers for.
std::map<std::string, std::vector<std::string>> dns_hosts(const Lab& lab);

}  // namespace vmlab
