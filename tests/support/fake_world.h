// A whole world in memory behind the ports: hypervisor, disks, guests, files and a clock that only
// moves when somebody waits. Power can be cut before or after any effect.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "host/ports.h"

namespace vmlab::test {

class PowerCut : public std::exception {
 public:
  const char* what() const noexcept override { return "power cut"; }
};

/// What lives on a node's root disk.
struct FakeGuest {
  std::map<std::string, std::string> marks;
  std::set<std::string> files;  // uploaded
  bool cloud_init_done = false;
  bool of_template = false;      // its disk goes on from a template's, and it has not become itself
  std::string cloud_init_error;  // a module's failure, found at first boot
  bool operator==(const FakeGuest&) const = default;
};

/// How a node boots, and what its console says of it.
struct FakeBoot {
  int hangs = 0;  // so many of the next boots say `first` and nothing more, and never answer
  int ends = 0;   // so many of the next boots end their domain, as an emulator that crashes does
  std::string first = "[    1.000000] Run /sbin/init as init process";  // empty: nothing is said
  std::chrono::milliseconds login_after{25'000};  // until then it says something every now and then
};

/// What outlives a power cut, but that domains then are off.
struct FakeThings {
  struct FakeDomain {
    std::string xml;
    DomainInfo info;
    std::chrono::milliseconds started{0};
    bool hangs = false;  // in its boot
    bool ends = false;   // in its boot
    enum class Console { silent, booting, login } console = Console::silent;
    struct Snapshot {
      std::string description;
      std::string xml;
      DomainInfo info;
      std::chrono::milliseconds uptime{0};
      FakeGuest guest;
    };
    std::map<std::string, Snapshot> snapshots;
  };
  std::map<std::string, FakeDomain> domains_by_name;
  std::map<std::string, NetworkInfo> networks_by_name;
  std::map<std::string, std::string> files;               // path -> text
  std::map<std::string, DiskInfo> disk_files;             // path -> what it is
  std::map<std::string, FakeGuest> guests;                // path of the root disk -> what is on it
  std::map<std::string, std::set<std::string>> attached;  // domain -> XML of devices, while it runs
  /// Node -> how it boots. The others boot as they should, and say nothing.
  std::map<std::string, FakeBoot> boots;
};

/// The world before or after an effect, when the power may fail.
struct FakeMoment {
  std::string when;  // `after effect 3, start domain t-box-1`
  FakeThings things;
};

class FakeWorld : public FakeThings,
                  public Hypervisor,
                  public Images,
                  public Guests,
                  public System {
 public:
  Ports ports() { return {*this, *this, *this, *this}; }

  // ---- what tests set and look at
  /// Cuts the power at the k-th effect (from 1): before it happens, or right after it.
  void cut_power_at(std::size_t effect, bool before);
  void power_back();  // domains are off, files and libvirt's definitions are as they were
  /// The world before and after each effect of `work`. One that is no other than the moment before
  /// it is left out: what is there after an effect is mostly what is there before the next.
  std::vector<FakeMoment> moments_of(const std::function<void()>& work);
  /// As if the power had been cut at that moment, and is back.
  void cut_power_in(const FakeMoment& moment);
  /// As if vmlab had been killed at that moment: domains go on.
  void kill_in(const FakeMoment& moment);
  const std::vector<std::string>& effects() const { return effects_; }
  /// Everything that is there but for time, as text: two equal worlds print the same.
  std::string snapshot() const;
  bool empty() const;  // no domain, network, or file
  /// Asked before the built-in answers; nullopt goes on to them.
  std::function<std::optional<GuestResult>(const std::string& node, const std::string& script)>
      answer;
  /// Called before every effect, and may throw instead of it.
  std::function<void(const std::string& effect)> hinder;
  std::set<std::string> foreign_keys;  // nodes at whose address somebody else answers
  std::function<std::optional<HttpReply>(const std::string& url)> answer_http;
  std::function<HttpReply(const std::string& url, const std::string& body)> answer_post;

  /// Asked before the built-in answers of a guest agent; nullopt goes on to them.
  std::function<std::optional<GuestResult>(const std::string& domain, const std::string& script)>
      answer_agent;

  /// A user's program on this host; empty: it ends well and says nothing.
  std::function<int(const std::vector<std::string>& words,
                    const std::map<std::string, std::string>& environment,
                    const std::function<void(std::string_view)>& on_output)>
      program;

  std::vector<Cidr> host_routes;
  std::string libvirt_error;  // empty: it answers
  bool clock_is_synchronised = true;
  bool guest_agent = true;                             // answers, in every guest
  std::string restore_error;                           // empty: memory is taken
  std::string appliance_error;                         // empty: it starts
  std::uint64_t free_space = std::uint64_t{1} << 40U;  // bytes
  std::uint64_t resident = 0;                          // KiB of each domain
  std::chrono::milliseconds agent_after{20'000};
  std::chrono::milliseconds ssh_after{30'000};
  std::chrono::milliseconds cloud_init_after{60'000};
  std::string cloud_init_error;  // of guests that boot for the first time from now on

  // ---- Hypervisor
  HypervisorInfo info() override;
  std::vector<DomainInfo> domains() override;
  std::vector<NetworkInfo> networks() override;
  std::optional<DomainInfo> domain(const std::string& name) override;
  void define_network(const std::string& xml) override;
  void start_network(const std::string& name) override;
  void set_dns_hosts(const std::string& network,
                     const std::map<std::string, std::vector<std::string>>& hosts) override;
  void remove_network(const std::string& name) override;
  void define_domain(const std::string& xml) override;
  void start_domain(const std::string& name) override;
  void stop_domain(const std::string& name) override;
  void remove_domain(const std::string& name) override;
  void pause_domain(const std::string& name) override;
  void set_clock(const std::string& domain, std::chrono::system_clock::time_point now) override;
  std::vector<SnapshotInfo> snapshots(const std::string& domain) override;
  void save_snapshot(const std::string& domain, const SnapshotInfo& snapshot) override;
  void revert_snapshot(const std::string& domain, const std::string& snapshot) override;
  void remove_snapshot(const std::string& domain, const std::string& snapshot) override;
  void forget_snapshots(const std::string& domain) override;
  /// Says `login: `, repeats what it is sent, and closes at `poweroff`.
  std::unique_ptr<SerialConsole> open_console(const std::string& domain, bool force,
                                              ConsoleEvents events) override;
  void save_domain(const std::string& name, const std::filesystem::path& file) override;
  void restore_domain(const std::filesystem::path& file) override;
  void attach_device(const std::string& name, const std::string& xml) override;
  GuestResult run_by_agent(const std::string& domain, const GuestCommand& command,
                           std::stop_token stop) override;
  std::uint64_t resident_kib(const std::string& domain) override;
  bool prove_kvm(const std::filesystem::path& scratch, std::stop_token stop) override;

  // ---- Images
  std::optional<DiskInfo> disk(const std::filesystem::path& path) override;
  void create_overlay(const std::filesystem::path& path, const std::filesystem::path& backing,
                      const std::string& backing_format, std::uint64_t size_mib) override;
  void create_data_disk(const std::filesystem::path& path, std::uint64_t size_mib,
                        const std::string& label, std::stop_token stop) override;
  void prove_appliance(const std::filesystem::path&, std::stop_token) override {
    if (!appliance_error.empty()) throw Error(appliance_error);
  }
  void fork_memory(const std::filesystem::path& from, const std::filesystem::path& to,
                   const std::string& xml, std::stop_token stop) override;
  void create_seed(const std::filesystem::path& path, const SeedFiles& seed) override;
  void build_base(const Image& image, const std::filesystem::path& path, const Progress& progress,
                  std::stop_token stop) override;
  void prepare(const Image& image, const std::filesystem::path& base,
               const std::filesystem::path& path, const Progress& progress,
               std::stop_token stop) override;

  // ---- Guests
  GuestResult run(const SshTarget& target, const GuestCommand& command,
                  std::stop_token stop) override;
  void upload(const SshTarget& target, const std::filesystem::path& local,
              const std::string& remote, unsigned mode, const std::string& sha256,
              const Progress& progress, std::stop_token stop) override;
  void download(const SshTarget& target, const std::string& remote,
                const std::filesystem::path& local, unsigned mode, const Progress& progress,
                std::stop_token stop) override;
  std::pair<std::string, std::string> generate_key() override;

  // ---- System
  std::optional<std::string> read(const std::filesystem::path& path) override;
  void write(const std::filesystem::path& path, std::string_view text, unsigned mode) override;
  void append(const std::filesystem::path& path, std::string_view line) override;
  void make_directory(const std::filesystem::path& path, unsigned mode) override;
  std::optional<FileInfo> stat(const std::filesystem::path& path) override;
  std::vector<std::string> list(const std::filesystem::path& directory) override;
  void remove(const std::filesystem::path& path) override;
  std::uint64_t free_bytes(const std::filesystem::path& path) override;
  std::string digest(const std::filesystem::path& path, const std::string& algorithm,
                     const Progress& progress, std::stop_token stop) override;
  std::unique_ptr<Lock> lock(const std::filesystem::path& path) override;
  bool locked(const std::filesystem::path& path) override;
  std::vector<Cidr> routes() override;
  HttpReply http_get(const std::string& url, std::chrono::seconds timeout,
                     std::stop_token stop) override;
  HttpReply http_post(const std::string& url, const std::string& body, std::chrono::seconds timeout,
                      std::stop_token stop) override;
  void download(const std::string& url, const std::filesystem::path& path,
                const std::string& algorithm, const std::string& digest, const Progress& progress,
                std::stop_token stop) override;
  int run_command(const std::vector<std::string>& words,
                  const std::map<std::string, std::string>& environment,
                  const std::function<void(std::string_view)>& on_output,
                  std::stop_token) override {
    return program ? program(words, environment, on_output) : 0;
  }
  std::chrono::system_clock::time_point now() override;
  std::chrono::milliseconds monotonic() override;
  void wait(std::chrono::milliseconds duration, std::stop_token stop) override;
  std::string boot_id() override { return "fake-boot"; }
  std::string random_bytes(std::size_t count) override;
  bool clock_synchronised() override { return clock_is_synchronised; }

 private:
  friend struct FakeLock;
  void alive() const;  // throws PowerCut when there is no power
  void effect(const std::string& what, const std::function<void()>& happen);
  void keep_moment(const char* when, const std::string& what);
  GuestResult become(const std::string& domain);
  void begin_boot(FakeDomain& domain);
  void go_on_booting();  // all that run, after some time
  void say(const FakeDomain& domain, const std::string& text);
  FakeDomain* running_at(const std::string& address);
  FakeGuest& guest_of(const FakeDomain& domain);
  std::string root_disk_of(const FakeDomain& domain) const;
  std::vector<std::string> qcow2_of(const std::string& xml) const;
  FakeDomain& known_domain(const std::string& name, const std::string& what);
  GuestResult built_in(const std::string& node, FakeGuest& guest, const std::string& script);

  mutable std::recursive_mutex mutex_;
  std::chrono::milliseconds time_{0};
  std::vector<std::string> effects_;
  std::size_t cut_at_ = 0;
  bool cut_before_ = false;
  std::vector<FakeMoment>* moments_ = nullptr;  // where they are kept, if they are
  std::atomic<bool> dead_ = false;              // asked by steps that run side by side
  int keys_made_ = 0;
  unsigned char random_ = 0;
  std::set<std::string> locks_;
};

}  // namespace vmlab::test
