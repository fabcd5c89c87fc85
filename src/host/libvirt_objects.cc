#include "host/libvirt_objects.h"

#include <fmt/format.h>

#include <array>

namespace vmlab {

DomainState state_of(int state) {
  switch (state) {
    case VIR_DOMAIN_SHUTOFF:
      return DomainState::shut_off;
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED:
      return DomainState::running;
    case VIR_DOMAIN_PAUSED:
      return DomainState::paused;
    case VIR_DOMAIN_CRASHED:
      return DomainState::crashed;
    default:
      return DomainState::other;
  }
}

namespace {

/// In the words of `virsh domstate --reason`; empty where the state says it all.
std::string reason_of(int state, int reason) {
  if (state == VIR_DOMAIN_SHUTOFF) {
    switch (reason) {
      case VIR_DOMAIN_SHUTOFF_SHUTDOWN:
        return "shutdown";
      case VIR_DOMAIN_SHUTOFF_DESTROYED:
        return "destroyed";
      case VIR_DOMAIN_SHUTOFF_CRASHED:
        return "crashed";
      case VIR_DOMAIN_SHUTOFF_SAVED:
        return "saved";
      case VIR_DOMAIN_SHUTOFF_FAILED:
        return "failed";
      case VIR_DOMAIN_SHUTOFF_DAEMON:
        return "daemon";
      default:
        return {};
    }
  }
  if (state == VIR_DOMAIN_PAUSED) {
    switch (reason) {
      case VIR_DOMAIN_PAUSED_USER:
        return "user";
      case VIR_DOMAIN_PAUSED_SAVE:
        return "save";
      case VIR_DOMAIN_PAUSED_IOERROR:
        return "I/O error";
      case VIR_DOMAIN_PAUSED_WATCHDOG:
        return "watchdog";
      case VIR_DOMAIN_PAUSED_SNAPSHOT:
        return "snapshot";
      case VIR_DOMAIN_PAUSED_CRASHED:
        return "crashed";
      default:
        return {};
    }
  }
  return state == VIR_DOMAIN_CRASHED && reason == VIR_DOMAIN_CRASHED_PANICKED ? "panicked" : "";
}

}  // namespace

std::optional<DomainInfo> describe(virDomainPtr domain) {
  const auto gone = [] { return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN; };
  DomainInfo info;
  info.name = virDomainGetName(domain);
  std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
  require(virDomainGetUUIDString(domain, uuid.data()), "cannot read a domain's UUID");
  info.uuid = uuid.data();
  const auto what = fmt::format("cannot look at domain '{}'", info.name);
  int state = VIR_DOMAIN_NOSTATE;
  int reason = 0;
  if (virDomainGetState(domain, &state, &reason, 0) < 0) {
    if (gone()) return std::nullopt;
    throw_libvirt(what);
  }
  info.state = state_of(state);
  info.reason = reason_of(state, reason);
  // The definition that the next start uses: that is what a label stands for.
  const CString xml{virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE)};
  if (!xml) {
    if (gone()) return std::nullopt;
    throw_libvirt(what);
  }
  info.label = read_label(xml.get());
  info.shape = read_domain_shape(xml.get());
  return info;
}

std::optional<Domain> find_domain(virConnectPtr connection, const std::string& name) {
  Domain domain{virDomainLookupByName(connection, name.c_str())};
  if (domain) return domain;
  if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) return std::nullopt;
  throw_libvirt(fmt::format("cannot look up domain '{}'", name));
}

Domain need_domain(virConnectPtr connection, const std::string& name, const std::string& what) {
  return require(Domain{virDomainLookupByName(connection, name.c_str())}, what);
}

void power_off(virDomainPtr domain, const std::string& name) {
  const auto what = fmt::format("cannot stop domain '{}'", name);
  // On a loaded host QEMU may not be gone when libvirt stops waiting for it; it dies all the same.
  for (int attempts = 3;; --attempts) {
    const int active = virDomainIsActive(domain);
    if (active == 0) return;
    if (active < 0) {
      if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) return;
      throw_libvirt(what);
    }
    if (virDomainDestroy(domain) == 0) return;
    const int code = virGetLastErrorCode();
    if (code == VIR_ERR_NO_DOMAIN || code == VIR_ERR_OPERATION_INVALID) {
      if (virDomainIsActive(domain) != 1) return;
    }
    if (attempts <= 1) throw_libvirt(what);
  }
}

/// Drivers refuse flags that they do not know: the most that this one takes.
void undefine(virDomainPtr domain, const std::string& name) {
  constexpr unsigned most = VIR_DOMAIN_UNDEFINE_MANAGED_SAVE |
                            VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA | VIR_DOMAIN_UNDEFINE_NVRAM |
                            VIR_DOMAIN_UNDEFINE_CHECKPOINTS_METADATA;
  constexpr std::array<unsigned, 5> choices{
      most | VIR_DOMAIN_UNDEFINE_TPM, most, most & ~VIR_DOMAIN_UNDEFINE_NVRAM,
      VIR_DOMAIN_UNDEFINE_MANAGED_SAVE | VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA,
      VIR_DOMAIN_UNDEFINE_MANAGED_SAVE};
  for (const auto flags : choices) {
    if (virDomainUndefineFlags(domain, flags) == 0) return;
    const int code = virGetLastErrorCode();
    if (code == VIR_ERR_NO_DOMAIN) return;
    if (code != VIR_ERR_INVALID_ARG && code != VIR_ERR_NO_SUPPORT) break;
  }
  throw_libvirt(fmt::format("cannot undefine domain '{}'", name));
}

namespace {

/// The definition that the next start uses. Drivers without persistent networks have one only.
CString defined_xml(virNetworkPtr network) {
  CString xml{virNetworkGetXMLDesc(network, VIR_NETWORK_XML_INACTIVE)};
  if (xml || virGetLastErrorCode() != VIR_ERR_INVALID_ARG) return xml;
  return CString{virNetworkGetXMLDesc(network, 0)};
}

}  // namespace

std::optional<NetworkInfo> describe(virNetworkPtr network) {
  const auto gone = [] { return virGetLastErrorCode() == VIR_ERR_NO_NETWORK; };
  const std::string name = virNetworkGetName(network);
  const auto what = fmt::format("cannot look at network '{}'", name);
  const CString xml{virNetworkGetXMLDesc(network, 0)};
  const CString defined = xml ? defined_xml(network) : nullptr;
  if (!defined) {
    if (gone()) return std::nullopt;
    throw_libvirt(what);
  }
  auto info = read_network(xml.get());
  info.name = name;
  info.label = read_label(defined.get());
  std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
  require(virNetworkGetUUIDString(network, uuid.data()), what);
  info.uuid = uuid.data();
  const int active = virNetworkIsActive(network);
  if (active < 0) {
    if (gone()) return std::nullopt;
    throw_libvirt(what);
  }
  info.active = active == 1;
  return info;
}

std::optional<VirNetwork> find_network(virConnectPtr connection, const std::string& name) {
  VirNetwork network{virNetworkLookupByName(connection, name.c_str())};
  if (network) return network;
  if (virGetLastErrorCode() == VIR_ERR_NO_NETWORK) return std::nullopt;
  throw_libvirt(fmt::format("cannot look up network '{}'", name));
}

VirNetwork need_network(virConnectPtr connection, const std::string& name,
                        const std::string& what) {
  return require(VirNetwork{virNetworkLookupByName(connection, name.c_str())}, what);
}

void update_dns(virNetworkPtr network, const std::string& name, unsigned affect,
                const DnsHosts& hosts) {
  const auto what = fmt::format("cannot change the DNS hosts of network '{}'", name);
  const bool live = affect == VIR_NETWORK_UPDATE_AFFECT_LIVE;
  const CString xml = live ? CString{virNetworkGetXMLDesc(network, 0)} : defined_xml(network);
  if (!xml) throw_libvirt(what);
  const auto change = dns_change(read_network(xml.get()).hosts, hosts);
  const auto update = [&](unsigned command, const std::string& host) {
    require(
        virNetworkUpdate(network, command, VIR_NETWORK_SECTION_DNS_HOST, -1, host.c_str(), affect),
        what);
  };
  for (const auto& address : change.remove) {
    update(VIR_NETWORK_UPDATE_COMMAND_DELETE, dns_host_xml(address, {}));
  }
  for (const auto& [address, names] : change.add) {
    update(VIR_NETWORK_UPDATE_COMMAND_ADD_LAST, dns_host_xml(address, names));
  }
}

}  // namespace vmlab
