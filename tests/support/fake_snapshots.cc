// Snapshots of the world in memory.
#include <fmt/format.h>

#include <pugixml.hpp>

#include "support/fake_world.h"

namespace vmlab::test {

namespace {

pugi::xml_document parse(const std::string& xml) {
  pugi::xml_document document;
  const auto result = document.load_string(xml.c_str());
  if (!result) throw Error(fmt::format("cannot read a domain: {}", result.description()));
  return document;
}

}  // namespace

void FakeWorld::pause_domain(const std::string& name) {
  const std::lock_guard lock(mutex_);
  alive();
  auto& domain = known_domain(name, "pause");
  if (domain.info.state == DomainState::paused) return;
  if (domain.info.state != DomainState::running) {
    throw Error(fmt::format("cannot pause domain '{}': domain is not running", name));
  }
  effect("pause domain " + name, [&] { domain.info.state = DomainState::paused; });
}

void FakeWorld::set_clock(const std::string& name, std::chrono::system_clock::time_point) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto& domain = known_domain(name, "set the clock of");
  if (!guest_agent || domain.info.state != DomainState::running) {
    throw Error(
        fmt::format("cannot set the clock of domain '{}': guest agent is not connected", name));
  }
  effect("set clock of " + name, [] {});
}

FakeWorld::FakeDomain& FakeWorld::known_domain(const std::string& name, const std::string& what) {
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end()) {
    throw Error(fmt::format("cannot {} domain '{}': no domain", what, name));
  }
  return found->second;
}

std::vector<std::string> FakeWorld::qcow2_of(const std::string& xml) const {
  std::vector<std::string> disks;
  const auto document = parse(xml);
  for (const auto& disk : document.child("domain").child("devices").children("disk")) {
    if (disk.child("readonly")) continue;
    disks.emplace_back(disk.child("source").attribute("file").value());
  }
  return disks;
}

std::vector<SnapshotInfo> FakeWorld::snapshots(const std::string& domain) {
  const std::lock_guard lock(mutex_);
  alive();
  std::vector<SnapshotInfo> infos;
  const auto found = domains_by_name.find(domain);
  if (found == domains_by_name.end()) return infos;
  for (const auto& [name, held] : found->second.snapshots) {
    infos.push_back({name, held.description});
  }
  return infos;
}

void FakeWorld::save_snapshot(const std::string& name, const SnapshotInfo& snapshot) {
  const std::lock_guard lock(mutex_);
  alive();
  auto& domain = known_domain(name, "save");
  if (domain.info.state != DomainState::running && domain.info.state != DomainState::paused) {
    throw Error(fmt::format("cannot save domain '{}': domain is not running", name));
  }
  effect("save " + snapshot.name + " of " + name, [&] {
    domain.snapshots[snapshot.name] = {snapshot.description, domain.xml, domain.info,
                                       time_ - domain.started, guest_of(domain)};
    for (const auto& disk : qcow2_of(domain.xml)) {
      disk_files.at(disk).snapshots[snapshot.name] = std::uint64_t{500} << 20U;
    }
  });
}

void FakeWorld::revert_snapshot(const std::string& name, const std::string& snapshot) {
  const std::lock_guard lock(mutex_);
  alive();
  auto& domain = known_domain(name, "revert");
  const auto held = domain.snapshots.find(snapshot);
  if (held == domain.snapshots.end()) {
    throw Error(fmt::format("cannot revert '{}' to snapshot '{}': no snapshot", name, snapshot));
  }
  for (const auto& disk : qcow2_of(held->second.xml)) {
    const auto file = disk_files.find(disk);
    if (file == disk_files.end() || !file->second.snapshots.contains(snapshot)) {
      throw Error(fmt::format("cannot revert '{}' to snapshot '{}': disk '{}' has none", name,
                              snapshot, disk));
    }
  }
  const std::string network = parse(held->second.xml)
                                  .child("domain")
                                  .child("devices")
                                  .child("interface")
                                  .child("source")
                                  .attribute("network")
                                  .value();
  if (!networks_by_name.contains(network) || !networks_by_name.at(network).active) {
    throw Error(fmt::format("cannot revert '{}': network '{}' is not active", name, network));
  }
  effect("revert " + name + " to " + snapshot, [&] {
    domain.xml = held->second.xml;
    domain.info = held->second.info;
    domain.info.state = DomainState::paused;
    domain.started = time_ - held->second.uptime;
    domain.hangs = false;
    guest_of(domain) = held->second.guest;
  });
}

void FakeWorld::remove_snapshot(const std::string& name, const std::string& snapshot) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end() || !found->second.snapshots.contains(snapshot)) return;
  effect("remove " + snapshot + " of " + name, [&] {
    found->second.snapshots.erase(snapshot);
    for (const auto& disk : qcow2_of(found->second.xml)) {
      if (const auto file = disk_files.find(disk); file != disk_files.end()) {
        file->second.snapshots.erase(snapshot);
      }
    }
  });
}

void FakeWorld::forget_snapshots(const std::string& name) {
  const std::lock_guard lock(mutex_);
  alive();
  const auto found = domains_by_name.find(name);
  if (found == domains_by_name.end() || found->second.snapshots.empty()) return;
  effect("forget snapshots of " + name, [&] { found->second.snapshots.clear(); });
}

}  // namespace vmlab::test
