// Rules about the networks that DC/OS makes inside the cluster.
#include <fmt/format.h>

#include "dcos/lint_rules.h"
#include "dcos/lint_values.h"

namespace vmlab {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* overlay_key = "dcos_overlay_network";
constexpr const char* an_overlay = "an overlay's subnet";

const Json* overlays_of(const Json& config) {
  const auto network = config.find(overlay_key);
  if (network == config.end() || !network->is_object()) return nullptr;
  const auto overlays = network->find("overlays");
  return overlays != network->end() && overlays->is_array() ? &*overlays : nullptr;
}

void lint_overlay_entry(Lint& lint, const Json& overlay) {
  const auto name = overlay.is_object() ? overlay.value("name", Json()) : Json();
  if (!name.is_string() || name.get<std::string>().empty()) {
    lint.error(overlay_key, "an overlay has no name");
    return;
  }
  const auto text = name.get<std::string>();
  if (text.size() > 13) {
    lint.error(overlay_key,
               fmt::format("the name of overlay '{}' has more than 13 characters", text));
  }
  if (!overlay.contains("subnet") && !overlay.contains("subnet6")) {
    lint.error(overlay_key, fmt::format("overlay '{}' needs 'subnet' or 'subnet6'", text));
  }
  if (overlay.contains("subnet") && !loose_cidr(overlay.at("subnet"))) {
    lint.error(overlay_key, fmt::format("the subnet of overlay '{}' is no network", text));
  }
}

void add_network(std::vector<InnerRange>& ranges, const char* key, const char* what,
                 const std::optional<Cidr>& network) {
  if (!network) return;
  ranges.push_back({key, what, network->text(), network->first(), network->last()});
}

/// Named addresses of the load balancer are a range, not a network.
void add_named_range(std::vector<InnerRange>& ranges, const Json& config) {
  const auto limit = [&](const char* key, const char* otherwise) {
    const auto found = config.find(key);
    if (found == config.end()) return parse_ipv4(otherwise);
    return found->is_string() ? parse_ipv4(found->get<std::string>()) : std::nullopt;
  };
  const char* low_key = "dcos_l4lb_min_named_ip";
  const char* high_key = "dcos_l4lb_max_named_ip";
  if (!config.contains(low_key) && !config.contains(high_key)) return;
  const auto low = limit(low_key, "11.0.0.0");
  const auto high = limit(high_key, "11.255.255.255");
  if (!low || !high) return;
  ranges.push_back({config.contains(low_key) ? low_key : high_key,
                    "the range of the load balancer's named addresses",
                    low->text() + "-" + high->text(), *low, *high});
}

}  // namespace

void lint_overlay(Lint& lint) {
  const auto network = lint.config.find(overlay_key);
  if (network == lint.config.end() || !network->is_object()) return;
  for (const char* needed : {"vtep_subnet", "vtep_mac_oui", "overlays"}) {
    if (!network->contains(needed)) {
      lint.error(overlay_key, fmt::format("'{}' needs '{}'", overlay_key, needed));
    }
  }
  if (!network->contains("vtep_subnet6")) {
    lint.warn(
        "'dcos_overlay_network' without 'vtep_subnet6' is refused from 2.1 on: add vtep_subnet6: "
        "fd01:a::/64, which older releases take too");
  }
  const auto mtu = network->find("vtep_mtu");
  if (mtu != network->end() && !mtu->is_number_integer()) {
    lint.error(overlay_key, "'vtep_mtu' must be a whole number");
  } else if (mtu != network->end() && mtu->get<long>() < 552) {
    lint.warn("'vtep_mtu' below 552 is refused from 1.12 on");
  }
  const Json* overlays = overlays_of(lint.config);
  if (overlays == nullptr || overlays->empty()) {
    if (network->contains("overlays")) {
      lint.error(overlay_key, "'overlays' must be a list with at least one overlay");
    }
    return;
  }
  bool default_found = false;
  const auto wanted = lint.has("dcos_overlay_network_default_name")
                          ? lint.text("dcos_overlay_network_default_name")
                          : "dcos";
  for (const auto& overlay : *overlays) {
    lint_overlay_entry(lint, overlay);
    default_found =
        default_found || (overlay.is_object() && overlay.value("name", Json()) == wanted);
  }
  if (!default_found) {
    lint.error(overlay_key,
               fmt::format("no overlay is called '{}', which is the default network", wanted),
               "set dcos_overlay_network_default_name");
  }
}

std::vector<InnerRange> inner_ranges(const DcosInstall& dcos) {
  const auto& config = dcos.config;
  std::vector<InnerRange> ranges;
  for (const char* key : {"dcos_ucr_default_bridge_subnet", "calico_network_cidr"}) {
    if (config.contains(key)) add_network(ranges, key, key, loose_cidr(config.at(key)));
  }
  add_named_range(ranges, config);
  const auto network = config.find(overlay_key);
  if (network == config.end() || !network->is_object()) return ranges;
  if (const auto vtep = network->find("vtep_subnet"); vtep != network->end()) {
    add_network(ranges, overlay_key, "vtep_subnet", loose_cidr(*vtep));
  }
  const Json* overlays = overlays_of(config);
  if (overlays == nullptr) return ranges;
  for (const auto& overlay : *overlays) {
    if (!overlay.is_object() || !overlay.contains("subnet")) continue;
    add_network(ranges, overlay_key, an_overlay, loose_cidr(overlay.at("subnet")));
  }
  return ranges;
}

void lint_overlaps(Lint& lint) {
  const auto& lab = lint.lab.network.cidr;
  const auto calico = lint.has("calico_network_cidr")
                          ? loose_cidr(lint.config.at("calico_network_cidr"))
                          : parse_cidr("172.29.0.0/16");
  for (const auto& range : inner_ranges(*lint.lab.dcos)) {
    if (range.last < range.first) {
      lint.error(range.key, fmt::format("{} ({}) ends before it begins", range.what, range.text));
    } else if (lab.prefix != 0 && lab.first() <= range.last && range.first <= lab.last()) {
      lint.error(range.key, fmt::format("{} ({}) overlaps the lab's network {}", range.what,
                                        range.text, lab.text()));
    }
    if (range.what != an_overlay || !calico || calico->last() < range.first ||
        range.last < calico->first()) {
      continue;
    }
    if (lint.has("calico_network_cidr")) {
      lint.error(overlay_key, fmt::format("{} ({}) overlaps calico_network_cidr ({})", range.what,
                                          range.text, calico->text()));
    } else {
      lint.warn(
          fmt::format("{} ({}) overlaps Calico's network {}, which is refused from 2.1 on: "
                      "set calico_network_cidr",
                      range.what, range.text, calico->text()));
    }
  }
}

}  // namespace vmlab
