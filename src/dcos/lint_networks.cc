// Rules about the networks that DC/OS makes inside the cluster.
#include <fmt/format.h>

#include "dcos/lint_rules.h"
#include "dcos/lint_values.h"

namespace vmlab {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* overlay_key = "dcos_overlay_network";

const Json* overlays_of(const Lint& lint) {
  const auto network = lint.config.find(overlay_key);
  if (network == lint.config.end() || !network->is_object()) return nullptr;
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

void check_overlap(Lint& lint, const std::string& key, const std::string& what,
                   const std::optional<Cidr>& network) {
  if (!network || lint.lab.network.cidr.prefix == 0) return;
  if (network->overlaps(lint.lab.network.cidr)) {
    lint.error(key, fmt::format("{} ({}) overlaps the lab's network {}", what, network->text(),
                                lint.lab.network.cidr.text()));
  }
}

/// Named addresses of the load balancer are a range, not a network.
void check_named_range(Lint& lint) {
  const auto low = parse_ipv4(lint.text("dcos_l4lb_min_named_ip"));
  const auto high = parse_ipv4(lint.text("dcos_l4lb_max_named_ip"));
  if (!low || !high) return;
  const std::string key = "dcos_l4lb_min_named_ip";
  if (*high < *low) {
    lint.error(key, "'dcos_l4lb_min_named_ip' lies above 'dcos_l4lb_max_named_ip'");
  } else if (lint.lab.network.cidr.prefix != 0 && lint.lab.network.cidr.first() <= *high &&
             *low <= lint.lab.network.cidr.last()) {
    lint.error(key, fmt::format("the load balancer's addresses {}-{} overlap the lab's network {}",
                                low->text(), high->text(), lint.lab.network.cidr.text()));
  }
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
    lint.error(overlay_key, "'dcos_overlay_network' needs 'vtep_subnet6' from 2.1 on",
               "add vtep_subnet6: fd01:a::/64; older releases take it too");
  }
  const auto mtu = network->find("vtep_mtu");
  if (mtu != network->end() && (!mtu->is_number_integer() || mtu->get<long>() < 552)) {
    lint.error(overlay_key, "'vtep_mtu' must be at least 552");
  }
  const Json* overlays = overlays_of(lint);
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

void lint_overlaps(Lint& lint) {
  for (const char* key : {"dcos_ucr_default_bridge_subnet", "calico_network_cidr"}) {
    if (lint.has(key)) check_overlap(lint, key, key, loose_cidr(lint.config.at(key)));
  }
  check_named_range(lint);
  const auto network = lint.config.find(overlay_key);
  if (network == lint.config.end() || !network->is_object()) return;
  if (const auto vtep = network->find("vtep_subnet"); vtep != network->end()) {
    check_overlap(lint, overlay_key, "vtep_subnet", loose_cidr(*vtep));
  }
  const auto calico = lint.has("calico_network_cidr")
                          ? loose_cidr(lint.config.at("calico_network_cidr"))
                          : parse_cidr("172.29.0.0/16");
  const Json* overlays = overlays_of(lint);
  if (overlays == nullptr) return;
  for (const auto& overlay : *overlays) {
    if (!overlay.is_object() || !overlay.contains("subnet")) continue;
    const auto subnet = loose_cidr(overlay.at("subnet"));
    check_overlap(lint, overlay_key, "an overlay's subnet", subnet);
    if (subnet && calico && subnet->overlaps(*calico)) {
      lint.error(overlay_key, fmt::format("an overlay's subnet ({}) overlaps calico_network_cidr "
                                          "({})",
                                          subnet->text(), calico->text()));
    }
  }
}

}  // namespace vmlab
