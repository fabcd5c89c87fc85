#include "host/libvirt_xml.h"

#include <charconv>
#include <pugixml.hpp>
#include <sstream>

#include "base/error.h"

namespace vmlab {

namespace {

constexpr std::string_view label_namespace = "urn:vmlab:1";

pugi::xml_document parse(std::string_view xml) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), xml.size());
  if (!result) {
    throw Error(std::string("cannot read libvirt's XML: ") + result.description());
  }
  return document;
}

std::string text_of(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration);
  return text.str();
}

/// The prefix may be declared on the element or on any element around it.
bool in_label_namespace(const pugi::xml_node& element) {
  const std::string_view name = element.name();
  const auto colon = name.find(':');
  const std::string declaration =
      colon == std::string_view::npos ? "xmlns" : "xmlns:" + std::string(name.substr(0, colon));
  for (auto node = element; node; node = node.parent()) {
    if (const auto uri = node.attribute(declaration.c_str())) {
      return uri.value() == label_namespace;
    }
  }
  return false;
}

std::string first_attribute(const pugi::xml_node& element,
                            std::initializer_list<const char*> names) {
  for (const auto* name : names) {
    if (const auto attribute = element.attribute(name)) return attribute.value();
  }
  return {};
}

int prefix_of(const pugi::xml_node& ip) {
  if (const auto prefix = ip.attribute("prefix")) return prefix.as_int(-1);
  const auto mask = parse_ipv4(ip.attribute("netmask").value());
  if (!mask) return 32;
  int length = 0;
  while (length < 32 && (mask->value & (std::uint32_t{0x80000000} >> length)) != 0) ++length;
  return length;
}

}  // namespace

std::optional<Label> read_label(std::string_view xml) {
  const auto document = parse(xml);
  for (const auto& element : document.document_element().child("metadata").children()) {
    if (element.type() != pugi::node_element || !in_label_namespace(element)) continue;
    return Label{first_attribute(element, {"lab", "name"}), element.attribute("node").value(),
                 element.attribute("hash").value(), element.attribute("state").value()};
  }
  return std::nullopt;
}

NetworkInfo read_network(std::string_view xml) {
  const auto document = parse(xml);
  const auto network = document.document_element();
  NetworkInfo info;
  info.bridge = network.child("bridge").attribute("name").value();
  for (const auto& ip : network.children("ip")) {
    const auto address = parse_ipv4(ip.attribute("address").value());
    const int prefix = prefix_of(ip);
    if (!address || prefix < 0 || prefix > 32) continue;  // IPv6
    Cidr cidr;
    cidr.prefix = prefix;
    const auto mask = prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
    cidr.base = Ipv4{address->value & mask};
    info.cidrs.push_back(cidr);
  }
  for (const auto& host : network.child("dns").children("host")) {
    auto& names = info.hosts[host.attribute("ip").value()];
    for (const auto& name : host.children("hostname")) names.emplace_back(name.text().get());
  }
  return info;
}

XmlIdentity read_identity(std::string_view xml) {
  const auto document = parse(xml);
  const auto element = document.document_element();
  return {element.child("name").text().get(), element.child("uuid").text().get()};
}

std::string snapshot_xml(const SnapshotInfo& snapshot) {
  pugi::xml_document document;
  auto root = document.append_child("domainsnapshot");
  root.append_child("name").text() = snapshot.name.c_str();
  root.append_child("description").text() = snapshot.description.c_str();
  root.append_child("memory").append_attribute("snapshot") = "internal";
  return text_of(document);
}

std::string read_description(std::string_view xml) {
  return parse(xml).document_element().child("description").text().get();
}

std::string read_emulator(std::string_view xml) {
  return parse(xml).document_element().child("path").text().get();
}

std::string dns_host_xml(const std::string& address, const std::vector<std::string>& names) {
  pugi::xml_document document;
  auto host = document.append_child("host");
  host.append_attribute("ip") = address.c_str();
  for (const auto& name : names) {
    host.append_child("hostname").text() = name.c_str();
  }
  return text_of(document);
}

DnsChange dns_change(const DnsHosts& now, const DnsHosts& wanted) {
  DnsChange change;
  for (const auto& [address, names] : now) {
    const auto found = wanted.find(address);
    if (found == wanted.end() || found->second != names) change.remove.push_back(address);
  }
  for (const auto& [address, names] : wanted) {
    const auto found = now.find(address);
    if (found == now.end() || found->second != names) change.add.emplace(address, names);
  }
  return change;
}

}  // namespace vmlab
