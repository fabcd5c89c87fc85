// What DC/OS' own command line tells of a cluster, from what its components answer.
#pragma once

#include <string>
#include <vector>

#include "dcos/api.h"

namespace vmlab {

/// A row of `dcos node`.
struct ClusterNode {
  std::string hostname;  // masters: `master.mesos.`
  std::string ip;
  std::vector<std::string> public_ips;
  std::string id;      // of a master only when it leads
  std::string type;    // `agent`, `agent (public)`, `master (leader)`, `master (standby)`
  std::string status;  // of an agent: ACTIVE, INACTIVE, DEACTIVATED, DRAINING, DRAINED
  std::string region, zone;
};

/// Agents, then masters, each by address. `masters` are addresses, as Mesos-DNS tells them.
std::vector<ClusterNode> cluster_nodes(const MesosState& state,
                                       const std::vector<std::string>& masters,
                                       const PublicAddresses& outside);

/// Rows of `dcos service`, by name: frameworks that are active, or all.
std::vector<MesosFramework> cluster_services(const MesosState& state, bool inactive_too);

}  // namespace vmlab
