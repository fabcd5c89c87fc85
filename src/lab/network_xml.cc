#include "lab/network_xml.h"

#include "base/digest.h"
#include "lab/identity.h"
#include "lab/xml_label.h"

namespace vmlab {

namespace {

void add_dns(pugi::xml_node dns, const Lab& lab) {
  for (const auto& node : lab.nodes) {
    auto host = set(add_child(dns, "host"), "ip", node.address.text());
    for (const auto& name : {node.name + "." + lab.network.domain, node.name}) {
      add_child(host, "hostname", name);
    }
  }
}

}  // namespace

std::map<std::string, std::vector<std::string>> dns_hosts(const Lab& lab) {
  std::map<std::string, std::vector<std::string>> hosts;
  for (const auto& node : lab.nodes) {
    hosts[node.address.text()] = {node.name + "." + lab.network.domain, node.name};
  }
  return hosts;
}

LabelledXml network_xml(const Lab& lab, const std::string& state_directory) {
  pugi::xml_document document;
  auto network = document.append_child("network");
  add_child(network, "name", lab.network.name);
  add_child(network, "uuid", lab.network.uuid);
  auto metadata = add_child(network, "metadata");
  set(add_child(network, "forward"), "mode", "nat");
  auto bridge = set(add_child(network, "bridge"), "name", lab.network.bridge);
  // With STP the kernel makes `delay` two seconds at least, for which a node that comes back from a
  // snapshot hears nothing; there is no loop to be found among the nodes of one bridge.
  set(set(bridge, "stp", "off"), "delay", "0");
  set(add_child(network, "mac"), "address", network_mac(lab.name));
  set(set(add_child(network, "domain"), "name", lab.network.domain), "localOnly", "yes");
  auto dns = add_child(network, "dns");
  auto ip = set(add_child(network, "ip"), "address", lab.network.gateway.text());
  set(ip, "prefix", std::to_string(lab.network.cidr.prefix));
  const auto hash = sha256_hex(xml_text(document));
  add_dns(dns, lab);
  return labelled(document, metadata, lab.name, {}, hash, state_directory);
}

}  // namespace vmlab
