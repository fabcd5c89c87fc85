// libvirt's XML of a lab: domains and the network, built as trees.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lab/lab.h"

namespace vmlab {

/// Files of one node; all absolute.
struct DomainFiles {
  std::filesystem::path root_disk;                // qcow2
  std::vector<std::filesystem::path> data_disks;  // qcow2, in the order of Node::disks
  std::filesystem::path seed;                     // ISO 9660
  std::filesystem::path console;                  // serial log
};

/// XML that carries vmlab's label; `hash` is the label's: over the XML without the label.
struct LabelledXml {
  std::string xml;
  std::string hash;
};

/// Devices that a node may be given beyond those of its template: one NIC and data disks.
constexpr std::size_t spare_slots = 6;

/// `lab.accelerator` must be kvm or tcg: what was proven.
LabelledXml domain_xml(const Lab& lab, const Node& node, const DomainFiles& files);

/// The machine from which nodes of this shape are forked: no NIC, no data disks, a place for each
/// of them. Labelled as nobody's node; `name` is its own.
LabelledXml template_xml(const Lab& lab, const Node& shape, const std::string& name,
                         const DomainFiles& files);

}  // namespace vmlab
