// Snapshots of domains, as Hypervisor promises them; each function throws LibvirtError.
#pragma once

#include <libvirt/libvirt.h>

#include <string>
#include <vector>

#include "plan/observed.h"

namespace vmlab {

void pause_domain(virConnectPtr connection, const std::string& name);
std::vector<SnapshotInfo> list_snapshots(virConnectPtr connection, const std::string& domain);
void save_snapshot(virConnectPtr connection, const std::string& domain,
                   const SnapshotInfo& snapshot);
void revert_snapshot(virConnectPtr connection, const std::string& domain,
                     const std::string& snapshot);
void remove_snapshot(virConnectPtr connection, const std::string& domain,
                     const std::string& snapshot);
void forget_snapshots(virConnectPtr connection, const std::string& domain);

}  // namespace vmlab
