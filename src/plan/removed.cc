// Nodes that the topology had and has no more.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "lab/network_xml.h"
#include "plan/builder.h"

namespace vmlab {

namespace {

constexpr const char* why = "no longer in the topology";

/// Has a domain of the lab, and no place in its topology.
bool no_longer_wanted(const Lab& lab, const std::string& name, const ObservedNode& seen) {
  const bool own = seen.domain && seen.domain->label && seen.domain->label->lab == lab.name;
  return own && std::ranges::find(lab.nodes, name, &Node::name) == lab.nodes.end();
}

/// Address that the lab's network still knows the node by; empty when it does not.
std::string address_of(const Observed& observed, const std::string& node) {
  if (!observed.network) return {};
  for (const auto& [address, names] : observed.network->hosts) {
    if (std::ranges::find(names, node) != names.end()) return address;
  }
  return {};
}

void remove_node(PlanBuilder& builder, const std::string& name, const DomainInfo& domain) {
  const auto& lab = builder.lab();
  const auto& paths = builder.paths();
  const auto add = [&](const std::string& id, std::string title, Step step,
                       std::vector<std::string> after) {
    builder.add({.id = id + "/" + name,
                 .node = name,
                 .title = std::move(title),
                 .why = why,
                 .hash = {},
                 .step = std::move(step),
                 .after = std::move(after),
                 .pool = Pool::none});
  };
  const auto address = address_of(builder.observed(), name);
  if (lab.dcos && domain.state == DomainState::running && !address.empty()) {
    add("agent-gone", fmt::format("mark {} gone in Mesos", name), MarkAgentGone{name, address}, {});
  }
  // The domain goes last: until then it tells what is still to be removed.
  if (domain.state != DomainState::shut_off) {
    add("stop", fmt::format("power off {}", name), StopDomain{domain.name}, {"agent-gone/" + name});
  }
  std::vector<std::filesystem::path> files(domain.shape.files.begin(), domain.shape.files.end());
  files.push_back(paths.seed_hash(lab.name, name));
  files.push_back(paths.console(lab.name, name));
  auto public_key = paths.host_key(lab.name, name);
  public_key += ".pub";
  files.push_back(public_key);
  files.push_back(paths.host_key(lab.name, name));
  std::vector<std::string> removed = {"stop/" + name};
  for (const auto& file : files) {
    // Only what lies in the lab's own directory is the lab's to remove.
    const auto inside = file.lexically_relative(paths.lab(lab.name)).string();
    if (inside.empty() || inside.starts_with("..")) continue;
    const auto id = "remove-file/" + inside;
    add(id, fmt::format("remove {}", inside), RemoveFiles{file}, {"stop/" + name});
    removed.push_back(fmt::format("{}/{}", id, name));
  }
  add("remove-domain", fmt::format("remove domain {}", domain.name), RemoveDomain{domain.name},
      std::move(removed));
}

}  // namespace

std::map<std::string, std::vector<std::string>> wanted_hosts(const PlanBuilder& builder) {
  const auto& lab = builder.lab();
  auto hosts = dns_hosts(lab);
  if (!builder.observed().network) return hosts;
  const auto goes = [&](const std::string& name) {
    return std::ranges::any_of(builder.steps(), [&](const PlannedStep& step) {
      return step.node == name && std::holds_alternative<RemoveDomain>(step.step);
    });
  };
  for (const auto& [address, names] : builder.observed().network->hosts) {
    for (const auto& name : names) {
      const bool stays = no_longer_wanted(lab, name, builder.seen(name)) && !goes(name);
      if (stays) hosts.emplace(address, names);
    }
  }
  return hosts;
}

void plan_removed_nodes(PlanBuilder& builder) {
  const auto& lab = builder.lab();
  std::vector<std::string> left;
  for (const auto& [name, seen] : builder.observed().nodes) {
    if (!no_longer_wanted(lab, name, seen)) continue;
    if (lab.prune) {
      remove_node(builder, name, *seen.domain);
    } else {
      left.push_back(name);
    }
  }
  if (left.empty()) return;
  const bool one = left.size() == 1;
  builder.note(fmt::format(
      "{} {} {}; {} (`vmlab up --prune` removes {})", join(left, ", "), one ? "is" : "are", why,
      one ? "it is left as it is" : "they are left as they are", one ? "it" : "them"));
}

}  // namespace vmlab
