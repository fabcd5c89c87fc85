#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "host/adapters.h"
#include "host/libvirt_console.h"
#include "host/libvirt_fork.h"
#include "host/libvirt_kvm.h"
#include "host/libvirt_link.h"
#include "host/libvirt_objects.h"
#include "host/libvirt_snapshots.h"
#include "host/libvirt_xml.h"
#include "host/save_image.h"

namespace vmlab {

namespace {

std::string version_text(unsigned long version) {
  return fmt::format("{}.{}.{}", version / 1000000, version / 1000 % 1000, version % 1000);
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
  return kib != 0 ? kib / 1024 : virNodeGetFreeMemory(connection) / (std::uint64_t{1024} * 1024);
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
  void pause_domain(const std::string& name) override {
    link_.use([&](virConnectPtr connection) { vmlab::pause_domain(connection, name); });
  }
  void set_clock(const std::string& domain, std::chrono::system_clock::time_point now) override;
  std::vector<SnapshotInfo> snapshots(const std::string& domain) override {
    return link_.use([&](virConnectPtr connection) { return list_snapshots(connection, domain); });
  }
  void save_snapshot(const std::string& domain, const SnapshotInfo& snapshot) override {
    link_.use(
        [&](virConnectPtr connection) { vmlab::save_snapshot(connection, domain, snapshot); });
  }
  void revert_snapshot(const std::string& domain, const std::string& snapshot) override {
    link_.use(
        [&](virConnectPtr connection) { vmlab::revert_snapshot(connection, domain, snapshot); });
  }
  void remove_snapshot(const std::string& domain, const std::string& snapshot) override {
    link_.use(
        [&](virConnectPtr connection) { vmlab::remove_snapshot(connection, domain, snapshot); });
  }
  void forget_snapshots(const std::string& domain) override {
    link_.use([&](virConnectPtr connection) { vmlab::forget_snapshots(connection, domain); });
  }
  std::unique_ptr<SerialConsole> open_console(const std::string& domain, bool force,
                                              ConsoleEvents events) override {
    return link_.use([&](virConnectPtr connection) {
      return vmlab::open_console(connection, domain, force, events);
    });
  }
  void save_domain(const std::string& name, const std::filesystem::path& file) override;
  void restore_domain(const std::filesystem::path& file) override;
  void attach_device(const std::string& name, const std::string& xml) override;
  GuestResult run_by_agent(const std::string& domain, const GuestCommand& command,
                           std::stop_token stop) override;
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

void Libvirt::set_clock(const std::string& domain, std::chrono::system_clock::time_point now) {
  const auto what = fmt::format("cannot set the clock of domain '{}'", domain);
  const auto since = now.time_since_epoch();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since);
  const auto rest = std::chrono::duration_cast<std::chrono::nanoseconds>(since - whole);
  link_.use([&](virConnectPtr connection) {
    const auto found = need_domain(connection, domain, what);
    require(virDomainSetTime(found.get(), whole.count(), static_cast<unsigned>(rest.count()), 0),
            what);
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
      if (info && label && info->label && info->label->lab == label->lab &&
          info->label->hash == label->hash && info->uuid == identity.uuid &&
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

void Libvirt::save_domain(const std::string& name, const std::filesystem::path& file) {
  link_.use([&](virConnectPtr connection) { vmlab::save_domain(connection, name, file); });
  leave_out_zero_pages(file);
}

void Libvirt::restore_domain(const std::filesystem::path& file) {
  link_.use([&](virConnectPtr connection) {
    require(virDomainRestore(connection, file.c_str()),
            fmt::format("cannot restore a domain from '{}'", file.string()));
  });
}

void Libvirt::attach_device(const std::string& name, const std::string& xml) {
  link_.use([&](virConnectPtr connection) { vmlab::attach_device(connection, name, xml); });
}

GuestResult Libvirt::run_by_agent(const std::string& domain, const GuestCommand& command,
                                  std::stop_token stop) {
  return vmlab::run_by_agent(link_, domain, command, stop);
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
