#include "plan/drift.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/domain_shape.h"

namespace vmlab {

namespace {

bool own(const std::optional<Label>& label, const Lab& lab) {
  return label && label->lab == lab.name;
}

}  // namespace

std::string domain_drift(const Lab& lab, const Node& node, const ObservedNode& seen,
                         const Paths& paths) {
  if (!seen.domain || !own(seen.domain->label, lab)) return {};
  const auto wanted = domain_shape(lab, node, paths.domain_files(lab.name, node));
  const auto words = differences(wanted, seen.domain->shape);
  if (words.empty()) return {};
  return fmt::format("domain {} is not as the topology has it: {}", seen.domain->name,
                     fmt::join(words, ", "));
}

std::string network_drift(const Lab& lab, const NetworkInfo& found) {
  if (!own(found.label, lab)) return {};
  if (!found.cidrs.empty() &&
      std::ranges::find(found.cidrs, lab.network.cidr) == found.cidrs.end()) {
    return fmt::format("network {} was changed by hand: its range is {}, not {}", lab.network.name,
                       found.cidrs.front().text(), lab.network.cidr.text());
  }
  if (found.bridge != lab.network.bridge) {
    return fmt::format("network {} was changed by hand: its bridge is '{}', not '{}'",
                       lab.network.name, found.bridge, lab.network.bridge);
  }
  return {};
}

std::string host_key_drift(const Node& node, const ObservedNode& seen) {
  if (seen.untrusted_because.empty()) return {};
  return fmt::format(
      "SECURITY: {} does not show the host key that it was given, and is not talked to: {}",
      node.name, seen.untrusted_because);
}

std::vector<std::string> drift(const Lab& lab, const Observed& observed, const Paths& paths) {
  std::vector<std::string> found;
  const auto add = [&found](std::string sentence) {
    if (!sentence.empty()) found.push_back(std::move(sentence));
  };
  if (observed.network) {
    add(network_drift(lab, *observed.network));
    if (own(observed.network->label, lab) && !observed.network->active) {
      add(fmt::format("network {} is not active", lab.network.name));
    }
  }
  for (const auto& node : lab.nodes) {
    const auto seen = observed.nodes.find(node.name);
    if (seen == observed.nodes.end()) continue;
    add(domain_drift(lab, node, seen->second, paths));
    add(host_key_drift(node, seen->second));
    if (seen->second.backing_lost) {
      add(fmt::format("the backing file of {}'s disk is gone", node.name));
    }
  }
  return found;
}

}  // namespace vmlab
