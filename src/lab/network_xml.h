// libvirt's XML of the lab's network.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "lab/domain_xml.h"
#include "lab/lab.h"

namespace vmlab {

/// NAT network with the DNS hosts of all nodes. The hash leaves the hosts out: they change live.
LabelledXml network_xml(const Lab& lab);

/// Address -> names (FQDN first, then the short one) that the network's DNS answers for.
std::map<std::string, std::vector<std::string>> dns_hosts(const Lab& lab);

}  // namespace vmlab
