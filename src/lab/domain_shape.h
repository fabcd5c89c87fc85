// What of a domain's definition makes it the node that the topology asks for, in libvirt's XML or
// in vmlab's own: libvirt adds much to what it is given, so that two texts cannot be compared.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lab/domain_xml.h"
#include "lab/lab.h"

namespace vmlab {

struct DomainShape {
  unsigned cpus = 0;
  std::uint64_t memory_mib = 0;
  std::vector<std::string> files;  // of the disks, in the definition's order
  /// MAC address and network of each interface.
  std::vector<std::pair<std::string, std::string>> interfaces;
  bool operator==(const DomainShape&) const = default;
};

/// As the topology asks for it.
DomainShape domain_shape(const Lab& lab, const Node& node, const DomainFiles& files);

/// As a <domain> says. Throws Error when it is no XML.
DomainShape read_domain_shape(std::string_view xml);

/// What of `found` is not as `wanted`, a few words each; empty when it is.
std::vector<std::string> differences(const DomainShape& wanted, const DomainShape& found);

}  // namespace vmlab
