// What libvirt's XML tells, as values. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/observed.h"

namespace vmlab {

/// The label in <metadata> of a domain's or network's XML (namespace urn:vmlab:1, any prefix);
/// nullopt when there is none.
std::optional<Label> read_label(std::string_view xml);

/// Bridge, IPv4 networks and DNS hosts of a network's XML; name, uuid, state and label stay as they
/// are. Throws Error when it is no XML.
NetworkInfo read_network(std::string_view xml);

/// <uuid> and <name> of a domain's or network's XML; empty where absent.
struct XmlIdentity {
  std::string name;
  std::string uuid;
};
XmlIdentity read_identity(std::string_view xml);

/// <domainsnapshot> to take: memory and disks into the domain's own disks.
std::string snapshot_xml(const SnapshotInfo& snapshot);
/// <description> of a <domainsnapshot>; empty where absent.
std::string read_description(std::string_view xml);

/// Text of the first <path> of domain capabilities: the emulator; empty where absent.
std::string read_emulator(std::string_view xml);

/// <host ip='…'><hostname>…</hostname></host>, as virNetworkUpdate takes it.
std::string dns_host_xml(const std::string& address, const std::vector<std::string>& names);

/// What leads from `now` to `wanted`: addresses whose entry goes, then entries to add. An entry
/// that differs is in both. libvirt refuses to add a name that another entry still has: all
/// removals come first.
struct DnsChange {
  std::vector<std::string> remove;
  std::map<std::string, std::vector<std::string>> add;
};
using DnsHosts = std::map<std::string, std::vector<std::string>>;
DnsChange dns_change(const DnsHosts& now, const DnsHosts& wanted);

}  // namespace vmlab
