#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/adapters.h"
#include "host/libvirt_kvm.h"
#include "host/libvirt_link.h"
#include "host/libvirt_xml.h"

namespace vmlab {

namespace {

/// Owns what virConnectListAll… answers: an array of handles that each want to be freed.
template <class T, auto free_fn>
class HandleList {
 public:
  HandleList() = default;
  HandleList(const HandleList&) = delete;
  HandleList& operator=(const HandleList&) = delete;
  ~HandleList() {
    for (int i = 0; i < size_; ++i) free_fn(array_[i]);
    std::free(static_cast<void*>(array_));
  }
  T** fill() { return &array_; }
  void sized(int size) { size_ = size; }
  T* begin() const { return array_; }
  T* end() const { return array_ + size_; }

 private:
  T* array_ = nullptr;
  int size_ = 0;
};

std::string version_text(unsigned long version) {
  return fmt::format("{}.{}.{}", version / 1000000, version / 1000 % 1000, version % 1000);
}

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

/// nullopt: it vanished while it was looked at.
std::optional<DomainInfo> describe(virDomainPtr domain) {
  const auto gone = [] { return virGetLastErrorCode() == VIR_ERR_NO_DOMAIN; };
  DomainInfo info;
  info.name = virDomainGetName(domain);
  std::array<char, VIR_UUID_STRING_BUFLEN> uuid{};
  require(virDomainGetUUIDString(domain, uuid.data()), "cannot read a domain's UUID");
  info.uuid = uuid.data();
  const auto what = fmt::format("cannot look at domain '{}'", info.name);
  int state = VIR_DOMAIN_NOSTATE;
  if (virDomainGetState(domain, &state, nullptr, 0) < 0) {
    if (gone()) return std::nullopt;
    throw_libvirt(what);
  }
  info.state = state_of(state);
  // The definition that the next start uses: that is what a label stands for.
  const CString xml{virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE)};
  if (!xml) {
    if (gone()) return std::nullopt;
    throw_libvirt(what);
  }
  info.label = read_label(xml.get());
  return info;
}

/// The definition that the next start uses. Drivers without persistent networks have one only.
CString defined_xml(virNetworkPtr network) {
  CString xml{virNetworkGetXMLDesc(network, VIR_NETWORK_XML_INACTIVE)};
  if (xml || virGetLastErrorCode() != VIR_ERR_INVALID_ARG) return xml;
  return CString{virNetworkGetXMLDesc(network, 0)};
}

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

std::optional<Domain> find_domain(virConnectPtr connection, const std::string& name) {
  Domain domain{virDomainLookupByName(connection, name.c_str())};
  if (domain) return domain;
  if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN) return std::nullopt;
  throw_libvirt(fmt::format("cannot look up domain '{}'", name));
}

std::optional<VirNetwork> find_network(virConnectPtr connection, const std::string& name) {
  VirNetwork network{virNetworkLookupByName(connection, name.c_str())};
  if (network) return network;
  if (virGetLastErrorCode() == VIR_ERR_NO_NETWORK) return std::nullopt;
  throw_libvirt(fmt::format("cannot look up network '{}'", name));
}

Domain need_domain(virConnectPtr connection, const std::string& name, const std::string& what) {
  return require(Domain{virDomainLookupByName(connection, name.c_str())}, what);
}

VirNetwork need_network(virConnectPtr connection, const std::string& name,
                        const std::string& what) {
  return require(VirNetwork{virNetworkLookupByName(connection, name.c_str())}, what);
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

std::uint64_t free_memory_mib(virConnectPtr connection) {
  int count = 0;
  std::uint64_t kib = 0;
  if (virNodeGetMemoryStats(connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, nullptr, &count, 0) == 0) {
    std::vector<virNodeMemoryStats> stats(static_cast<std::size_t>(count));
    if (virNodeGetMemoryStats(connection, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats.data(), &count,
                              0) == 0) {
      // What the kernel gives back when asked counts as free.
      for (const auto& stat : stats) {
        const std::string_view field = static_cast<const char*>(stat.field);
        if (field == VIR_NODE_MEMORY_STATS_FREE || field == VIR_NODE_MEMORY_STATS_BUFFERS ||
            field == VIR_NODE_MEMORY_STATS_CACHED) {
          kib += stat.value;
        }
      }
    }
  }
  return kib != 0 ? kib / 1024 : virNodeGetFreeMemory(connection) / (1024 * 1024);
}

class Libvirt final : public Hypervisor {
 public:
  explicit Libvirt(const std::string& uri) : link_(uri) {}

  HypervisorInfo info() override;
  std::vector<DomainInfo> domains() override;
  std::vector<NetworkInfo> networks() override;
  std::optional<DomainInfo> domain(const std::string& name) override;
  void define_network(const std::string& xml) override;
  void start_network(const std::string& name) override;
  void set_dns_hosts(const std::string& network, const DnsHosts& hosts) override;
  void remove_network(const std::string& name) override;
  void define_domain(const std::string& xml) override;
  void start_domain(const std::string& name) override;
  void stop_domain(const std::string& name) override;
  void remove_domain(const std::string& name) override;
  std::chrono::nanoseconds cpu_time(const std::string& domain) override;
  std::uint64_t resident_kib(const std::string& domain) override;
  bool prove_kvm(const std::filesystem::path& scratch, std::stop_token stop) override;

 private:
  LibvirtLink link_;
};

HypervisorInfo Libvirt::info() {
  return link_.use([&](virConnectPtr connection) {
    HypervisorInfo info;
    info.uri = link_.uri();
    unsigned long version = 0;
    require(virConnectGetLibVersion(connection, &version), "cannot ask libvirt for its version");
    info.libvirt_version = version_text(version);
    if (virConnectGetVersion(connection, &version) == 0) {
      info.qemu_version = version_text(version);
    }
    const CString capabilities{
        virConnectGetDomainCapabilities(connection, nullptr, nullptr, nullptr, nullptr, 0)};
    if (capabilities) info.emulator = read_emulator(capabilities.get());
    virNodeInfo node{};
    require(virNodeGetInfo(connection, &node), "cannot ask libvirt for the host's size");
    info.cpus = node.cpus;
    info.memory_mib = node.memory / 1024;
    info.memory_free_mib = free_memory_mib(connection);
    return info;
  });
}

std::vector<DomainInfo> Libvirt::domains() {
  return link_.use([](virConnectPtr connection) {
    HandleList<virDomainPtr, virDomainFree> list;
    list.sized(
        require(virConnectListAllDomains(connection, list.fill(), 0), "cannot list the domains"));
    std::vector<DomainInfo> infos;
    for (auto* domain : list) {
      if (auto info = describe(domain)) infos.push_back(std::move(*info));
    }
    std::ranges::sort(infos, {}, &DomainInfo::name);
    return infos;
  });
}

std::vector<NetworkInfo> Libvirt::networks() {
  return link_.use([](virConnectPtr connection) {
    HandleList<virNetworkPtr, virNetworkFree> list;
    list.sized(
        require(virConnectListAllNetworks(connection, list.fill(), 0), "cannot list the networks"));
    std::vector<NetworkInfo> infos;
    for (auto* network : list) {
      if (auto info = describe(network)) infos.push_back(std::move(*info));
    }
    std::ranges::sort(infos, {}, &NetworkInfo::name);
    return infos;
  });
}

std::optional<DomainInfo> Libvirt::domain(const std::string& name) {
  return link_.use([&](virConnectPtr connection) -> std::optional<DomainInfo> {
    const auto found = find_domain(connection, name);
    if (!found) return std::nullopt;
    return describe(found->get());
  });
}

void Libvirt::define_network(const std::string& xml) {
  const auto identity = read_identity(xml);
  const auto label = read_label(xml);
  link_.use([&](virConnectPtr connection) {
    // Redefining would forget the DNS hosts that were added since.
    if (const auto found = find_network(connection, identity.name)) {
      const auto info = describe(found->get());
      if (info && label && info->label == label && info->uuid == identity.uuid &&
          virNetworkIsPersistent(found->get()) == 1) {
        return;
      }
    }
    require(VirNetwork{virNetworkDefineXML(connection, xml.c_str())},
            fmt::format("cannot define network '{}'", identity.name));
  });
}

void Libvirt::start_network(const std::string& name) {
  const auto what = fmt::format("cannot start network '{}'", name);
  link_.use([&](virConnectPtr connection) {
    const auto network = need_network(connection, name, what);
    require(virNetworkSetAutostart(network.get(), 1), what);
    if (require(virNetworkIsActive(network.get()), what) == 1) return;
    if (virNetworkCreate(network.get()) == 0) return;
    const auto failure = last_failure(what);
    if (virNetworkIsActive(network.get()) != 1) throw failure;  // somebody else was faster: fine
  });
}

void Libvirt::set_dns_hosts(const std::string& network, const DnsHosts& hosts) {
  const auto what = fmt::format("cannot change the DNS hosts of network '{}'", network);
  link_.use([&](virConnectPtr connection) {
    const auto found = need_network(connection, network, what);
    // The live ones last: they are what networks() tells, so they say that all is done.
    if (require(virNetworkIsPersistent(found.get()), what) == 1) {
      update_dns(found.get(), network, VIR_NETWORK_UPDATE_AFFECT_CONFIG, hosts);
    }
    if (require(virNetworkIsActive(found.get()), what) == 1) {
      update_dns(found.get(), network, VIR_NETWORK_UPDATE_AFFECT_LIVE, hosts);
    }
  });
}

void Libvirt::remove_network(const std::string& name) {
  const auto what = fmt::format("cannot remove network '{}'", name);
  link_.use([&](virConnectPtr connection) {
    const auto network = find_network(connection, name);
    if (!network) return;
    const bool persistent = require(virNetworkIsPersistent(network->get()), what) == 1;
    if (require(virNetworkIsActive(network->get()), what) == 1) {
      require(virNetworkDestroy(network->get()), what);
    }
    if (persistent) require(virNetworkUndefine(network->get()), what);
  });
}

void Libvirt::define_domain(const std::string& xml) {
  const auto what = fmt::format("cannot define domain '{}'", read_identity(xml).name);
  link_.use([&](virConnectPtr connection) {
    require(Domain{virDomainDefineXML(connection, xml.c_str())}, what);
  });
}

void Libvirt::start_domain(const std::string& name) {
  const auto what = fmt::format("cannot start domain '{}'", name);
  link_.use([&](virConnectPtr connection) {
    const auto domain = need_domain(connection, name, what);
    int state = VIR_DOMAIN_NOSTATE;
    require(virDomainGetState(domain.get(), &state, nullptr, 0), what);
    if (state_of(state) == DomainState::running) return;
    if (state == VIR_DOMAIN_PAUSED) {
      require(virDomainResume(domain.get()), what);
      return;
    }
    if (state == VIR_DOMAIN_CRASHED) power_off(domain.get(), name);
    if (virDomainCreate(domain.get()) == 0) return;
    const auto failure = last_failure(what);
    if (virDomainIsActive(domain.get()) != 1) throw failure;  // somebody else was faster: fine
  });
}

void Libvirt::stop_domain(const std::string& name) {
  link_.use([&](virConnectPtr connection) {
    if (const auto domain = find_domain(connection, name)) power_off(domain->get(), name);
  });
}

void Libvirt::remove_domain(const std::string& name) {
  const auto what = fmt::format("cannot remove domain '{}'", name);
  link_.use([&](virConnectPtr connection) {
    const auto domain = find_domain(connection, name);
    if (!domain) return;
    const bool persistent = require(virDomainIsPersistent(domain->get()), what) == 1;
    power_off(domain->get(), name);
    if (persistent) undefine(domain->get(), name);
  });
}

std::chrono::nanoseconds Libvirt::cpu_time(const std::string& domain) {
  const auto what = fmt::format("cannot read the CPU time of domain '{}'", domain);
  return link_.use([&](virConnectPtr connection) {
    virDomainInfo info{};
    require(virDomainGetInfo(need_domain(connection, domain, what).get(), &info), what);
    return std::chrono::nanoseconds(info.cpuTime);
  });
}

std::uint64_t Libvirt::resident_kib(const std::string& domain) {
  const auto what = fmt::format("cannot read the resident memory of domain '{}'", domain);
  return link_.use([&](virConnectPtr connection) -> std::uint64_t {
    std::array<virDomainMemoryStatStruct, VIR_DOMAIN_MEMORY_STAT_NR> stats{};
    const int count = require(virDomainMemoryStats(need_domain(connection, domain, what).get(),
                                                   stats.data(), stats.size(), 0),
                              what);
    for (int i = 0; i < count; ++i) {
      const auto& stat = stats.at(static_cast<std::size_t>(i));
      if (stat.tag == VIR_DOMAIN_MEMORY_STAT_RSS) return stat.val;
    }
    throw Error(what + ": libvirt does not tell it");
  });
}

bool Libvirt::prove_kvm(const std::filesystem::path& scratch, std::stop_token stop) {
  return link_.use(
      [&](virConnectPtr connection) { return vmlab::prove_kvm(connection, scratch, stop); });
}

}  // namespace

std::unique_ptr<Hypervisor> make_libvirt(const std::string& uri) {
  return std::make_unique<Libvirt>(uri);
}

}  // namespace vmlab
