// One domain's XML made another's: what a saved memory is told it belongs to, and which devices the
// new owner has besides.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

/// XML of a save image of a template, with name, UUIDs, label, disks and console of the node that
/// `own` defines (domain_xml). The machine stays the saved one. Throws Error for anything that is
/// not such a pair.
std::string forked_xml(std::string_view saved, std::string_view own);

/// Devices of `own` that its template does not have, each as libvirt attaches it.
struct AddedDevices {
  std::vector<std::string> disks;  // in the node's order
  std::string nic;
};
AddedDevices added_devices(std::string_view own);

}  // namespace vmlab
