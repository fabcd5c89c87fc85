#include "support/fake_world.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>

#include "base/digest.h"
#include "base/text.h"

namespace vmlab::test {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

namespace {

pugi::xml_document parse(const std::string& xml) {
  pugi::xml_document document;
  const auto result = document.load_string(xml.c_str());
  if (!result) throw Error(fmt::format("cannot define: XML error: {}", result.description()));
  return document;
}

std::optional<Label> label_of(const pugi::xml_node& root) {
  const auto mark = root.child("metadata").first_child();
  if (!mark) return std::nullopt;
  return Label{mark.attribute("name").value(), mark.attribute("node").value(),
               mark.attribute("hash").value(), mark.attribute("state").value()};
}

bool below(const std::string& path, const std::string& directory) {
  return path == directory || path.starts_with(directory + "/");
}

}  // namespace

// ---- what tests look at

std::string FakeWorld::snapshot() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& [name, domain] : domains_by_name) {
    text += fmt::format("domain {} {} {}\n", name, domain.info.uuid, to_text(domain.info.state));
    for (const auto& [snapshot, held] : domain.snapshots) {
      text +=
          fmt::format("snapshot {} {} with {} marks\n", name, snapshot, held.guest.marks.size());
    }
  }
  for (const auto& [name, network] : networks_by_name) {
    text +=
        fmt::format("network {} active={} hosts={}\n", name, network.active, network.hosts.size());
  }
  for (const auto& [path, content] : files) {
    if (path.ends_with("durations")) continue;  // a statistic: a cut-off run leaves none
    if (path.find("/console/") != path.npos) continue;
    // Keys are random, histories and records tell of time.
    const auto names = {"key", "known_hosts", "history", "last-run", "id_ed25519", ".pub"};
    if (std::ranges::any_of(names, [&](auto name) { return path.find(name) != path.npos; })) {
      text += fmt::format("file {}\n", path);
    } else {
      text += fmt::format("file {} {}\n", path, sha256_hex(content).substr(0, 8));
    }
  }
  for (const auto& [path, disk] : disk_files) {
    text += fmt::format("disk {} {} {} {} snapshots\n", path, disk.virtual_bytes, disk.backing_file,
                        disk.snapshots.size());
  }
  for (const auto& [path, guest] : guests) {
    for (const auto& [mark, hash] : guest.marks) {
      text += fmt::format("mark {} {} {}\n", path, mark, hash.substr(0, 8));
    }
    for (const auto& file : guest.files) text += fmt::format("guest file {} {}\n", path, file);
  }
  return text;
}

bool FakeWorld::empty() const {
  const std::lock_guard lock(mutex_);
  return domains_by_name.empty() && networks_by_name.empty() && files.empty() && disk_files.empty();
}

// ---- Hypervisor

HypervisorInfo FakeWorld::info() {
  if (!libvirt_error.empty()) throw Error(libvirt_error);
  return {.uri = "fake:///",
          .libvirt_version = "9.0.0",
          .qemu_version = "7.2.0",
          .emulator = "/usr/bin/qemu",
          .cpus = 2,
          .memory_mib = 24 * 1024,
          .memory_free_mib = 20 * 1024};
}

std::vector<DomainInfo> FakeWorld::domains() {
  const std::lock_guard lock(mutex_);
  alive();
  std::vector<DomainInfo> all;
  for (const auto& [name, domain] : domains_by_name) all.push_back(domain.info);
  return all;
}

std::vector<NetworkInfo> FakeWorld::networks() {
  const std::lock_guard lock(mutex_);
  alive();
  if (!libvirt_error.empty()) throw Error(libvirt_error);
  std::vector<NetworkInfo> all;
  for (const auto& [name, network] : networks_by_name) all.push_back(network);
  return all;
}

std::optional<DomainInfo> FakeWorld::domain(const std::string& name) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end()) return std::nullopt;
  return found->second.info;
}

void FakeWorld::define_network(const std::string& xml) {
  const std::lock_guard lock(mutex_);
  const auto document = parse(xml);
  const auto root = document.child("network");
  NetworkInfo network;
  network.name = root.child_value("name");
  network.uuid = root.child_value("uuid");
  network.bridge = root.child("bridge").attribute("name").value();
  network.label = label_of(root);
  const auto ip = root.child("ip");
  if (const auto address = parse_ipv4(ip.attribute("address").value())) {
    const auto prefix = ip.attribute("prefix").as_int(24);
    const auto mask = prefix == 0 ? 0U : ~0U << (32 - prefix);
    network.cidrs.push_back({Ipv4{address->value & mask}, prefix});
  }
  for (const auto& host : root.child("dns").children("host")) {
    auto& names = network.hosts[host.attribute("ip").value()];
    for (const auto& name : host.children("hostname")) names.emplace_back(name.child_value());
  }
  const auto known = networks_by_name.find(network.name);
  if (known != networks_by_name.end()) network.active = known->second.active;
  effect("define network " + network.name, [&] { networks_by_name[network.name] = network; });
}

void FakeWorld::start_network(const std::string& name) {
  const std::lock_guard lock(mutex_);
  alive();
  if (networks_by_name.at(name).active) return;
  effect("start network " + name, [&] { networks_by_name.at(name).active = true; });
}

void FakeWorld::set_dns_hosts(const std::string& network,
                              const std::map<std::string, std::vector<std::string>>& hosts) {
  const std::lock_guard lock(mutex_);
  effect("set hosts of " + network, [&] { networks_by_name.at(network).hosts = hosts; });
}

void FakeWorld::remove_network(const std::string& name) {
  const std::lock_guard lock(mutex_);
  effect("remove network " + name, [&] { networks_by_name.erase(name); });
}

void FakeWorld::define_domain(const std::string& xml) {
  const std::lock_guard lock(mutex_);
  const auto document = parse(xml);
  const auto root = document.child("domain");
  FakeDomain domain;
  domain.xml = xml;
  domain.info.name = root.child_value("name");
  domain.info.uuid = root.child_value("uuid");
  domain.info.label = label_of(root);
  domain.info.shape = read_domain_shape(xml);
  const auto known = domains_by_name.find(domain.info.name);
  if (known != domains_by_name.end()) {
    domain.info.state = known->second.info.state;
    domain.started = known->second.started;
    domain.snapshots = known->second.snapshots;
  }
  effect("define domain " + domain.info.name, [&] { domains_by_name[domain.info.name] = domain; });
}

std::string FakeWorld::root_disk_of(const FakeDomain& domain) const {
  const auto document = parse(domain.xml);
  return document.child("domain")
      .child("devices")
      .child("disk")
      .child("source")
      .attribute("file")
      .value();
}

void FakeWorld::start_domain(const std::string& name) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end())
    throw Error(fmt::format("cannot start domain '{}': no domain", name));
  auto& domain = found->second;
  if (domain.info.state == DomainState::running) return;
  if (domain.info.state == DomainState::paused) {
    effect("resume domain " + name, [&] { domain.info.state = DomainState::running; });
    return;
  }
  const auto document = parse(domain.xml);
  const auto devices = document.child("domain").child("devices");
  for (const auto& disk : devices.children("disk")) {
    const std::string file = disk.child("source").attribute("file").value();
    if (!disk_files.contains(file) && !files.contains(file)) {
      throw Error(
          fmt::format("cannot start domain '{}': Cannot access storage file '{}'", name, file));
    }
  }
  const std::string network =
      devices.child("interface").child("source").attribute("network").value();
  const bool wired = !devices.child("interface").empty();
  if (wired && (!networks_by_name.contains(network) || !networks_by_name.at(network).active)) {
    throw Error(fmt::format("cannot start domain '{}': network '{}' is not active", name, network));
  }
  effect("start domain " + name, [&] {
    attached.erase(name);
    domain.info.state = DomainState::running;
    domain.info.reason.clear();
    domain.started = time_;
    begin_boot(domain);
    auto& guest = guest_of(domain);
    if (!guest.cloud_init_done) guest.cloud_init_error = cloud_init_error;
  });
}

void FakeWorld::stop_domain(const std::string& name) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end() || found->second.info.state == DomainState::shut_off) return;
  effect("stop domain " + name, [&] { found->second.info.state = DomainState::shut_off; });
}

void FakeWorld::remove_domain(const std::string& name) {
  const std::lock_guard lock(mutex_);
  effect("remove domain " + name, [&] { domains_by_name.erase(name); });
}

std::uint64_t FakeWorld::resident_kib(const std::string&) {
  return resident;
}
bool FakeWorld::prove_kvm(const fs::path&, std::stop_token) {
  return false;
}

// ---- Images

std::optional<DiskInfo> FakeWorld::disk(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = disk_files.find(path.string());
  if (found == disk_files.end()) return std::nullopt;
  return found->second;
}

void FakeWorld::create_overlay(const fs::path& path, const fs::path& backing,
                               const std::string& backing_format, std::uint64_t size_mib) {
  const std::lock_guard lock(mutex_);
  alive();
  if (!disk_files.contains(backing.string())) {
    throw Error(
        fmt::format("cannot create overlay '{}': no '{}'", path.string(), backing.string()));
  }
  effect("create overlay " + path.filename().string(), [&] {
    disk_files[path.string()] = {size_mib << 20U, 0, "qcow2", backing.string()};
    guests.erase(path.string());
    if (backing.string().find("/templates/") != std::string::npos) {
      guests[path.string()].of_template = true;
    }
  });
  (void)backing_format;
}

void FakeWorld::create_data_disk(const fs::path& path, std::uint64_t size_mib, const std::string&,
                                 std::stop_token) {
  const std::lock_guard lock(mutex_);
  effect("create disk " + path.filename().string(), [&] {
    disk_files[path.string()] = {size_mib << 20U, 0, "qcow2", ""};
  });
}

void FakeWorld::create_seed(const fs::path& path, const SeedFiles& seed) {
  const std::lock_guard lock(mutex_);
  auto text = seed.meta_data + seed.network_config;
  constexpr std::size_t unit = 4096;
  text.resize((text.size() + unit - 1) / unit * unit, '\0');
  effect("create seed " + path.filename().string(), [&] { files[path.string()] = text; });
}

void FakeWorld::build_base(const Image& image, const fs::path& path, const Progress&,
                           std::stop_token) {
  const std::lock_guard lock(mutex_);
  effect("build image " + image.name, [&] {
    disk_files[path.string()] = {image.disk_mib << 20U, 0, "qcow2", ""};
  });
}

void FakeWorld::prepare(const Image& image, const fs::path&, const fs::path& path, const Progress&,
                        std::stop_token) {
  const std::lock_guard lock(mutex_);
  effect("prepare image " + image.name, [&] {
    disk_files[path.string()] = {image.disk_mib << 20U, 0, "qcow2", ""};
  });
}

// ---- Guests

FakeGuest& FakeWorld::guest_of(const FakeDomain& domain) {
  return guests[root_disk_of(domain)];
}

FakeWorld::FakeDomain* FakeWorld::running_at(const std::string& node) {
  for (auto& [name, domain] : domains_by_name) {
    if (domain.info.label && domain.info.label->node == node &&
        domain.info.state == DomainState::running) {
      return &domain;
    }
  }
  return nullptr;
}

GuestResult FakeWorld::run(const SshTarget& target, const GuestCommand& command,
                           std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  alive();
  if (stop.stop_requested()) throw Cancelled();
  auto* domain = running_at(target.node);
  if (domain != nullptr && domain->hangs) {
    time_ += milliseconds(3000);  // what ARP waits
    throw Unreachable(fmt::format("cannot reach '{}'", target.node), "No route to host");
  }
  if (domain != nullptr && domain->ends) {
    domain->info.state = DomainState::shut_off;
    domain->info.reason = "crashed";
  }
  if (domain == nullptr || time_ - domain->started < ssh_after || guest_of(*domain).of_template) {
    time_ += milliseconds(1000);  // a refused connection costs time too
    throw Unreachable(fmt::format("cannot reach '{}'", target.node), "Connection refused");
  }
  if (foreign_keys.contains(target.node)) {
    throw Untrusted(fmt::format("cannot trust '{}': its ssh host key is another", target.node),
                    "find out which machine answers there before you go on");
  }
  if (!files.contains(target.private_key.string()) ||
      !files.contains(target.known_hosts.string())) {
    throw Unreachable(fmt::format("cannot log in to '{}'", target.node), "no key");
  }
  if (files.at(target.known_hosts.string()).find("," + target.node + ",") == std::string::npos) {
    throw Untrusted(fmt::format("cannot trust '{}': no ssh host key is pinned for it", target.node),
                    {});
  }
  auto& guest = guest_of(*domain);
  if (time_ - domain->started >= cloud_init_after) guest.cloud_init_done = true;
  auto result = built_in(target.node, guest, command.script);
  if (command.on_line) {
    for (const auto& line : lines(result.out)) command.on_line(line);
  }
  return result;
}

namespace {

/// The mark that a script leaves when it succeeds: `echo HASH >PART && sync && mv PART FILE`.
std::optional<std::pair<std::string, std::string>> mark_in(const std::string& script) {
  for (const auto& line : lines(script)) {
    const auto words = split(line, ' ');
    if (words.size() == 9 && words[0] == "echo" && words[6] == "mv" &&
        words[8].starts_with("/var/lib/vmlab/done/")) {
      return std::pair{words[8].substr(words[8].rfind('/') + 1), words[1]};
    }
  }
  return std::nullopt;
}

}  // namespace

GuestResult FakeWorld::built_in(const std::string& node, FakeGuest& guest,
                                const std::string& script) {
  const auto mark = mark_in(script);
  if (script.find("for mark in *") != std::string::npos) {
    GuestResult marks;
    for (const auto& [name, hash] : guest.marks) marks.out += name + " " + hash + "\n";
    return marks;
  }
  std::optional<GuestResult> given;
  if (answer) given = answer(node, script);
  GuestResult result = given.value_or(GuestResult{});
  if (mark && result.exit_code == 0) {
    effect(fmt::format("mark {} on {}", mark->first, node),
           [&] { guest.marks[mark->first] = mark->second; });
  }
  return result;
}

void FakeWorld::upload(const SshTarget& target, const fs::path& local, const std::string& remote,
                       unsigned, const std::string&, const Progress&, std::stop_token) {
  const std::lock_guard lock(mutex_);
  alive();
  auto* domain = running_at(target.node);
  if (domain == nullptr)
    throw Unreachable(fmt::format("cannot reach '{}'", target.node), "no such domain");
  if (!files.contains(local.string())) throw Error(fmt::format("cannot read '{}'", local.string()));
  if (guest_of(*domain).files.contains(remote)) return;
  effect("upload to " + target.node, [&] { guest_of(*domain).files.insert(remote); });
}

void FakeWorld::download(const SshTarget& target, const std::string& remote, const fs::path& local,
                         unsigned mode, const Progress&, std::stop_token) {
  const std::lock_guard lock(mutex_);
  alive();
  auto* domain = running_at(target.node);
  if (domain == nullptr)
    throw Unreachable(fmt::format("cannot reach '{}'", target.node), "no such domain");
  if (!guest_of(*domain).files.contains(remote)) {
    throw Error(fmt::format("cannot copy {}:{}: No such file or directory", target.node, remote));
  }
  write(local, "of " + target.node + ":" + remote, mode);
}

std::pair<std::string, std::string> FakeWorld::generate_key() {
  const std::lock_guard lock(mutex_);
  const auto number = ++keys_made_;
  return {fmt::format(
              "-----BEGIN OPENSSH PRIVATE KEY-----\nkey {}\n-----END OPENSSH PRIVATE KEY-----\n",
              number),
          fmt::format("ssh-ed25519 AAAAkey{}", number)};
}

// ---- System

std::optional<std::string> FakeWorld::read(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = files.find(path.string());
  if (found == files.end()) return std::nullopt;
  return found->second;
}

void FakeWorld::write(const fs::path& path, std::string_view text, unsigned) {
  const std::lock_guard lock(mutex_);
  const auto happen = [&] { files[path.string()] = std::string(text); };
  alive();
  if (path.filename() == "last-run") return happen();  // see append
  effect("write " + path.filename().string(), happen);
}

void FakeWorld::append(const fs::path& path, std::string_view line) {
  const std::lock_guard lock(mutex_);
  alive();
  files[path.string()] += line;  // histories and records are no truth: no effect worth a power cut
}

void FakeWorld::make_directory(const fs::path&, unsigned) {
  alive();
}

std::optional<FileInfo> FakeWorld::stat(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  alive();
  // What every host has, and the bridges of its networks.
  if (path == "/dev/net/tun" || path.parent_path() == "/sys/class/net") {
    return FileInfo{0, 0, false, 0666, true};
  }
  if (const auto file = files.find(path.string()); file != files.end()) {
    const bool special = path.string().starts_with("/dev/");
    return FileInfo{file->second.size(), file->second.size(), false, 0644, special};
  }
  if (disk_files.contains(path.string())) return FileInfo{1, 1, false};
  const auto inside = [&](const auto& entry) { return below(entry.first, path.string()); };
  if (std::ranges::any_of(files, inside) || std::ranges::any_of(disk_files, inside)) {
    return FileInfo{0, 0, true, 0755};
  }
  return std::nullopt;
}

void FakeWorld::remove(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  alive();
  if (!stat(path)) return;
  effect("remove " + path.filename().string(), [&] {
    const auto inside = [&](const auto& entry) { return below(entry.first, path.string()); };
    std::erase_if(files, inside);
    std::erase_if(disk_files, inside);
    std::erase_if(guests, inside);
  });
}

std::uint64_t FakeWorld::free_bytes(const fs::path&) {
  return free_space;
}

struct FakeLock : Lock {
  FakeLock(FakeWorld& in, std::string at) : world(in), path(std::move(at)) {}
  ~FakeLock() override {
    const std::lock_guard lock(world.mutex_);
    world.locks_.erase(path);
  }
  FakeLock(const FakeLock&) = delete;
  FakeLock& operator=(const FakeLock&) = delete;
  FakeWorld& world;
  std::string path;
};

std::unique_ptr<Lock> FakeWorld::lock(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  alive();
  if (!locks_.insert(path.string()).second) {
    throw Error("cannot lock: held", {}, ExitCode::locked);
  }
  return std::make_unique<FakeLock>(*this, path.string());
}

bool FakeWorld::locked(const fs::path& path) {
  const std::lock_guard lock(mutex_);
  return locks_.contains(path.string());
}

std::vector<Cidr> FakeWorld::routes() {
  return host_routes;
}

HttpReply FakeWorld::http_post(const std::string& url, const std::string& body,
                               std::chrono::seconds, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  alive();
  if (stop.stop_requested()) throw Cancelled();
  HttpReply reply{.reached = false, .status = 0, .body = {}, .error = "Connection refused"};
  if (answer_post) {
    effect("post to " + url, [&] { reply = answer_post(url, body); });
  }
  return reply;
}

HttpReply FakeWorld::http_get(const std::string& url, std::chrono::seconds, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  alive();
  if (stop.stop_requested()) throw Cancelled();
  if (answer_http) {
    if (const auto given = answer_http(url)) return *given;
  }
  return {.reached = false, .status = 0, .body = {}, .error = "Connection refused"};
}

void FakeWorld::download(const std::string& url, const fs::path& path, const std::string&,
                         const std::string&, const Progress&, std::stop_token) {
  const std::lock_guard lock(mutex_);
  effect("download " + url, [&] {
    files[path.string()] = url;
    disk_files[path.string()] = {std::uint64_t{20} << 30U, 0, "qcow2", ""};
  });
}

std::chrono::system_clock::time_point FakeWorld::now() {
  const std::lock_guard lock(mutex_);
  return std::chrono::system_clock::time_point(time_);
}

milliseconds FakeWorld::monotonic() {
  const std::lock_guard lock(mutex_);
  return time_;
}

void FakeWorld::wait(milliseconds duration, std::stop_token stop) {
  const std::lock_guard lock(mutex_);
  alive();
  if (stop.stop_requested()) throw Cancelled();
  time_ += duration;
  go_on_booting();
}

}  // namespace vmlab::test
