#include "lab/identity.h"

#include <fmt/format.h>

#include <cctype>
#include <unordered_set>

#include "base/digest.h"

namespace vmlab {

namespace {

std::string mac_of(std::string_view name) {
  const auto hash = sha256_hex(name);
  // 52:54:00 is QEMU's usual prefix: locally administered, unicast.
  return fmt::format("52:54:00:{}:{}:{}", hash.substr(0, 2), hash.substr(2, 2), hash.substr(4, 2));
}

}  // namespace

std::string node_uuid(std::string_view lab, std::string_view node) {
  return uuid_v5(fmt::format("node/{}/{}", lab, node));
}

std::string node_mac(std::string_view lab, std::string_view node, unsigned attempt) {
  return mac_of(attempt == 0 ? fmt::format("{}/{}", lab, node)
                             : fmt::format("{}/{}/{}", lab, node, attempt));
}

std::string domain_name(std::string_view lab, std::string_view node) {
  return fmt::format("{}-{}", lab, node);
}

std::string network_uuid(std::string_view lab) {
  return uuid_v5(fmt::format("network/{}", lab));
}

std::string network_mac(std::string_view lab) {
  return mac_of(fmt::format("network/{}", lab));
}

std::string bridge_name(std::string_view lab) {
  return "vl-" + sha256_hex(fmt::format("bridge/{}", lab)).substr(0, 10);
}

std::string disk_label(std::string_view mount) {
  const auto slash = mount.rfind('/');
  std::string readable;
  for (const char c : mount.substr(slash == std::string_view::npos ? 0 : slash + 1)) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) readable += c;
    if (readable.size() == 9) break;
  }
  return readable + "_" + sha256_hex(mount).substr(0, 6);
}

void assign_identities(Lab& lab) {
  lab.network.name = lab.name;
  lab.network.uuid = network_uuid(lab.name);
  lab.network.bridge = bridge_name(lab.name);
  std::unordered_set<std::string> macs{network_mac(lab.name)};
  for (auto& node : lab.nodes) {
    node.uuid = node_uuid(lab.name, node.name);
    node.domain_name = domain_name(lab.name, node.name);
    unsigned attempt = 0;
    do {
      node.mac = node_mac(lab.name, node.name, attempt++);
    } while (!macs.insert(node.mac).second);
  }
}

}  // namespace vmlab
