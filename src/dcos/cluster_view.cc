#include "dcos/cluster_view.h"

#include <algorithm>

#include "lab/address.h"

namespace vmlab {

namespace {

std::string status_of(const MesosAgent& agent) {
  if (!agent.drain_state.empty()) return agent.drain_state;
  if (agent.deactivated) return "DEACTIVATED";
  return agent.active ? "ACTIVE" : "INACTIVE";
}

void sort_by_address(std::vector<ClusterNode>& nodes) {
  std::ranges::stable_sort(nodes, {}, [](const ClusterNode& node) {
    const auto address = parse_ipv4(node.ip);
    return address ? address->value : 0;
  });
}

}  // namespace

std::vector<ClusterNode> cluster_nodes(const MesosState& state,
                                       const std::vector<std::string>& masters,
                                       const PublicAddresses& outside) {
  const auto public_ips = [&](const std::string& ip) {
    const auto found = outside.find(ip);
    return found == outside.end() ? std::vector<std::string>() : found->second;
  };
  std::vector<ClusterNode> nodes;
  for (const auto& agent : state.agents) {
    nodes.push_back({.hostname = agent.hostname,
                     .ip = agent.address,
                     .public_ips = public_ips(agent.address),
                     .id = agent.id,
                     .type = agent.is_public ? "agent (public)" : "agent",
                     .status = status_of(agent),
                     .region = agent.region,
                     .zone = agent.zone});
  }
  sort_by_address(nodes);
  std::vector<ClusterNode> heads;
  for (const auto& ip : masters) {
    const bool leads = ip == state.hostname;
    heads.push_back({.hostname = "master.mesos.",
                     .ip = ip,
                     .public_ips = public_ips(ip),
                     .id = leads ? state.id : std::string(),
                     .type = leads ? "master (leader)" : "master (standby)",
                     .status = {},
                     .region = state.region,
                     .zone = leads ? state.zone : std::string()});
  }
  sort_by_address(heads);
  std::ranges::move(heads, std::back_inserter(nodes));
  return nodes;
}

std::vector<MesosFramework> cluster_services(const MesosState& state, bool inactive_too) {
  std::vector<MesosFramework> services;
  std::ranges::copy_if(
      state.frameworks, std::back_inserter(services),
      [&](const MesosFramework& framework) { return inactive_too || framework.active; });
  std::ranges::stable_sort(services, {}, &MesosFramework::name);
  return services;
}

}  // namespace vmlab
