#include "cli/world.h"

#include <mutex>

#include "host/adapters.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

/// A port that is made by the first call. A maker that throws is asked again by the next call.
template <class Port>
class Lazy {
 public:
  explicit Lazy(std::function<std::unique_ptr<Port>()> make) : make_(std::move(make)) {}
  Port& get() {
    const std::scoped_lock lock(mutex_);
    if (!port_) port_ = make_();
    return *port_;
  }

 private:
  std::mutex mutex_;
  std::function<std::unique_ptr<Port>()> make_;
  std::unique_ptr<Port> port_;
};

class LazyHypervisor : public Hypervisor {
 public:
  LazyHypervisor(std::function<std::unique_ptr<Hypervisor>()> make, Trace trace)
      : real_(std::move(make)), trace_(std::move(trace)) {}
  HypervisorInfo info() override {
    return told("info", [&] { return real_.get().info(); });
  }
  std::vector<DomainInfo> domains() override {
    return told("domains", [&] { return real_.get().domains(); });
  }
  std::vector<NetworkInfo> networks() override {
    return told("networks", [&] { return real_.get().networks(); });
  }
  std::optional<DomainInfo> domain(const std::string& name) override {
    return told("domain " + name, [&] { return real_.get().domain(name); });
  }
  void define_network(const std::string& xml) override {
    told("define a network", [&] { real_.get().define_network(xml); });
  }
  void start_network(const std::string& name) override {
    told("start network " + name, [&] { real_.get().start_network(name); });
  }
  void set_dns_hosts(const std::string& network,
                     const std::map<std::string, std::vector<std::string>>& hosts) override {
    told("names of network " + network, [&] { real_.get().set_dns_hosts(network, hosts); });
  }
  void remove_network(const std::string& name) override {
    told("remove network " + name, [&] { real_.get().remove_network(name); });
  }
  void define_domain(const std::string& xml) override {
    told("define a domain", [&] { real_.get().define_domain(xml); });
  }
  void start_domain(const std::string& name) override {
    told("start domain " + name, [&] { real_.get().start_domain(name); });
  }
  void stop_domain(const std::string& name) override {
    told("stop domain " + name, [&] { real_.get().stop_domain(name); });
  }
  void remove_domain(const std::string& name) override {
    told("remove domain " + name, [&] { real_.get().remove_domain(name); });
  }
  void pause_domain(const std::string& name) override {
    told("pause domain " + name, [&] { real_.get().pause_domain(name); });
  }
  void set_clock(const std::string& domain, std::chrono::system_clock::time_point now) override {
    told("set clock of " + domain, [&] { real_.get().set_clock(domain, now); });
  }
  std::vector<SnapshotInfo> snapshots(const std::string& domain) override {
    return told("snapshots of " + domain, [&] { return real_.get().snapshots(domain); });
  }
  void save_snapshot(const std::string& domain, const SnapshotInfo& snapshot) override {
    told("save snapshot of " + domain, [&] { real_.get().save_snapshot(domain, snapshot); });
  }
  void revert_snapshot(const std::string& domain, const std::string& snapshot) override {
    told("revert " + domain + " to " + snapshot,
         [&] { real_.get().revert_snapshot(domain, snapshot); });
  }
  void remove_snapshot(const std::string& domain, const std::string& snapshot) override {
    told("remove snapshot " + snapshot + " of " + domain,
         [&] { real_.get().remove_snapshot(domain, snapshot); });
  }
  void forget_snapshots(const std::string& domain) override {
    told("forget snapshots of " + domain, [&] { real_.get().forget_snapshots(domain); });
  }
  std::unique_ptr<SerialConsole> open_console(const std::string& domain, bool force,
                                              ConsoleEvents events) override {
    return told("open console of " + domain,
                [&] { return real_.get().open_console(domain, force, std::move(events)); });
  }
  void save_domain(const std::string& name, const fs::path& file) override {
    told("save domain " + name, [&] { real_.get().save_domain(name, file); });
  }
  void restore_domain(const fs::path& file) override {
    told("restore a domain from " + file.string(), [&] { real_.get().restore_domain(file); });
  }
  void attach_device(const std::string& name, const std::string& xml) override {
    told("attach a device to " + name, [&] { real_.get().attach_device(name, xml); });
  }
  GuestResult run_by_agent(const std::string& domain, const GuestCommand& command,
                           std::stop_token stop) override {
    return told("run a script by the agent of " + domain,
                [&] { return real_.get().run_by_agent(domain, command, std::move(stop)); });
  }
  std::uint64_t resident_kib(const std::string& domain) override {
    return told("memory of " + domain, [&] { return real_.get().resident_kib(domain); });
  }
  bool prove_kvm(const fs::path& scratch, std::stop_token stop) override {
    return told("prove KVM", [&] { return real_.get().prove_kvm(scratch, std::move(stop)); });
  }

 private:
  template <class Call>
  auto told(const std::string& what, Call call) -> decltype(call()) {
    return traced(trace_, "libvirt: " + what, std::move(call));
  }

  Lazy<Hypervisor> real_;
  Trace trace_;
};

class LazyImages : public Images {
 public:
  LazyImages(std::function<std::unique_ptr<Images>(bool)> make, std::function<bool()> accelerated,
             Trace trace)
      : outside_([make] { return make(false); }),
        inside_([make = std::move(make), accelerated = std::move(accelerated)] {
          return make(accelerated());
        }),
        trace_(std::move(trace)) {}

  // These work on a file from outside, which needs no accelerator.
  std::optional<DiskInfo> disk(const fs::path& path) override { return outside_.get().disk(path); }
  void create_overlay(const fs::path& path, const fs::path& backing,
                      const std::string& backing_format, std::uint64_t size_mib) override {
    told("overlay", path,
         [&] { outside_.get().create_overlay(path, backing, backing_format, size_mib); });
  }
  void create_data_disk(const fs::path& path, std::uint64_t size_mib, const std::string& label,
                        std::stop_token stop) override {
    told("data disk", path,
         [&] { outside_.get().create_data_disk(path, size_mib, label, std::move(stop)); });
  }
  void create_seed(const fs::path& path, const SeedFiles& files) override {
    told("seed", path, [&] { outside_.get().create_seed(path, files); });
  }

  void fork_memory(const fs::path& from, const fs::path& to, const std::string& xml,
                   std::stop_token stop) override {
    told("memory", to, [&] { outside_.get().fork_memory(from, to, xml, std::move(stop)); });
  }

  // These boot an appliance.
  void prove_appliance(const fs::path& scratch, std::stop_token stop) override {
    told("appliance", scratch, [&] { inside_.get().prove_appliance(scratch, std::move(stop)); });
  }
  void build_base(const Image& image, const fs::path& path, const Progress& progress,
                  std::stop_token stop) override {
    told("base image", path,
         [&] { inside_.get().build_base(image, path, progress, std::move(stop)); });
  }
  void prepare(const Image& image, const fs::path& base, const fs::path& path,
               const Progress& progress, std::stop_token stop) override {
    told("prepared image", path,
         [&] { inside_.get().prepare(image, base, path, progress, std::move(stop)); });
  }

 private:
  template <class Call>
  void told(const std::string& what, const fs::path& path, Call call) {
    traced(trace_, fmt::format("disk: {} {}", what, path.string()), std::move(call));
  }

  Lazy<Images> outside_;
  Lazy<Images> inside_;
  Trace trace_;
};

}  // namespace

struct World::Parts {
  Parts(PortMakers makers, Accelerated accelerated, const Trace& trace)
      : hypervisor(std::move(makers.hypervisor), trace),
        images(
            std::move(makers.images),
            [this, accelerated = std::move(accelerated)] { return accelerated(ports); }, trace),
        guests(traced_guests(makers.guests(), trace)),
        system(traced_system(makers.system(), trace)),
        ports{hypervisor, images, *guests, *system} {}

  LazyHypervisor hypervisor;
  LazyImages images;
  std::unique_ptr<Guests> guests;
  std::unique_ptr<System> system;
  Ports ports;
};

PortMakers real_makers(const std::string& uri) {
  return {.hypervisor = [uri] { return make_libvirt(uri); },
          .images = [](bool accelerated) { return make_guestfs(accelerated); },
          .guests = [] { return make_ssh(); },
          .system = [] { return make_posix(); }};
}

std::filesystem::path state_directory(const std::string& written) {
  auto path = std::filesystem::absolute(written).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

World::World(PortMakers makers, Accelerated accelerated, const Trace& trace)
    : parts_(std::make_unique<Parts>(std::move(makers), std::move(accelerated), trace)) {}
World::~World() = default;

Ports& World::ports() {
  return parts_->ports;
}

}  // namespace vmlab
