#include "lab/domain_shape.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "base/error.h"
#include "base/units.h"

namespace vmlab {

namespace {

/// libvirt writes KiB, whatever it was given.
/// https://libvirt.org/formatdomain.html#memory-allocation
std::uint64_t memory_mib(const pugi::xml_node& memory) {
  const auto amount = memory.text().as_ullong();
  const std::string_view unit = memory.attribute("unit").as_string("KiB");
  if (unit == "GiB") return amount * 1024;
  if (unit == "MiB") return amount;
  return amount / 1024;
}

bool has(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

DomainShape domain_shape(const Lab& lab, const Node& node, const DomainFiles& files) {
  DomainShape shape;
  shape.cpus = node.cpus;
  shape.memory_mib = node.memory_mib;
  shape.files = {files.root_disk.string(), files.seed.string()};
  for (const auto& disk : files.data_disks) shape.files.push_back(disk.string());
  shape.interfaces = {{node.mac, lab.network.name}};
  return shape;
}

DomainShape read_domain_shape(std::string_view xml) {
  pugi::xml_document document;
  const auto result = document.load_buffer(xml.data(), xml.size());
  if (!result) throw Error(std::string("cannot read libvirt's XML: ") + result.description());
  const auto domain = document.document_element();
  DomainShape shape;
  shape.cpus = domain.child("vcpu").text().as_uint();
  shape.memory_mib = memory_mib(domain.child("memory"));
  const auto devices = domain.child("devices");
  for (const auto& disk : devices.children("disk")) {
    if (const auto file = disk.child("source").attribute("file")) {
      shape.files.emplace_back(file.value());
    }
  }
  for (const auto& interface : devices.children("interface")) {
    shape.interfaces.emplace_back(interface.child("mac").attribute("address").value(),
                                  interface.child("source").attribute("network").value());
  }
  return shape;
}

std::vector<std::string> differences(const DomainShape& wanted, const DomainShape& found) {
  std::vector<std::string> words;
  if (found.cpus != wanted.cpus) {
    words.push_back(fmt::format("{} CPUs, not {}", found.cpus, wanted.cpus));
  }
  if (found.memory_mib != wanted.memory_mib) {
    words.push_back(fmt::format("{} of memory, not {}", format_size_mib(found.memory_mib),
                                format_size_mib(wanted.memory_mib)));
  }
  for (const auto& file : wanted.files) {
    if (!has(found.files, file)) words.push_back(fmt::format("without disk '{}'", file));
  }
  for (const auto& file : found.files) {
    if (!has(wanted.files, file)) words.push_back(fmt::format("with disk '{}'", file));
  }
  if (found.interfaces != wanted.interfaces) {
    std::vector<std::string> all;
    for (const auto& [mac, network] : found.interfaces) {
      all.push_back(fmt::format("{} in network '{}'", mac, network));
    }
    words.push_back(all.empty() ? "without network interface"
                                : fmt::format("interfaces {}", fmt::join(all, ", ")));
  }
  return words;
}

}  // namespace vmlab
