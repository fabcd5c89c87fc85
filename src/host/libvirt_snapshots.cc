#include "host/libvirt_snapshots.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "host/libvirt_link.h"
#include "host/libvirt_objects.h"
#include "host/libvirt_xml.h"

namespace vmlab {

namespace {

using Snapshot = Handle<virDomainSnapshot, virDomainSnapshotFree>;
using SnapshotList = HandleList<virDomainSnapshotPtr, virDomainSnapshotFree>;

std::optional<Snapshot> find_snapshot(virDomainPtr domain, const std::string& name,
                                      const std::string& what) {
  Snapshot snapshot{virDomainSnapshotLookupByName(domain, name.c_str(), 0)};
  if (snapshot) return snapshot;
  if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_SNAPSHOT) return std::nullopt;
  throw_libvirt(what);
}

void erase(virDomainSnapshotPtr snapshot, const std::string& what) {
  if (virDomainSnapshotDelete(snapshot, 0) == 0) return;
  // A disk that was made anew has no such snapshot; nothing but libvirt's own notes is left of it.
  const auto failure = last_failure(what);
  if (failure.code() == VIR_ERR_NO_DOMAIN_SNAPSHOT) return;
  if (virDomainSnapshotDelete(snapshot, VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY) != 0) {
    throw failure;
  }
}

}  // namespace

void pause_domain(virConnectPtr connection, const std::string& name) {
  const auto what = fmt::format("cannot pause domain '{}'", name);
  const auto domain = need_domain(connection, name, what);
  int state = VIR_DOMAIN_NOSTATE;
  require(virDomainGetState(domain.get(), &state, nullptr, 0), what);
  if (state != VIR_DOMAIN_PAUSED) require(virDomainSuspend(domain.get()), what);
}

std::vector<SnapshotInfo> list_snapshots(virConnectPtr connection, const std::string& domain) {
  const auto what = fmt::format("cannot list the snapshots of domain '{}'", domain);
  const auto found = find_domain(connection, domain);
  if (!found) return {};
  SnapshotList list;
  list.sized(require(virDomainListAllSnapshots(found->get(), list.fill(), 0), what));
  std::vector<SnapshotInfo> infos;
  for (auto* snapshot : list) {
    const CString xml{virDomainSnapshotGetXMLDesc(snapshot, 0)};
    if (!xml) {
      if (virGetLastErrorCode() == VIR_ERR_NO_DOMAIN_SNAPSHOT) continue;  // removed meanwhile
      throw_libvirt(what);
    }
    infos.push_back({virDomainSnapshotGetName(snapshot), read_description(xml.get())});
  }
  std::ranges::sort(infos, {}, &SnapshotInfo::name);
  return infos;
}

void save_snapshot(virConnectPtr connection, const std::string& domain,
                   const SnapshotInfo& snapshot) {
  const auto what = fmt::format("cannot save snapshot '{}' of '{}'", snapshot.name, domain);
  const auto found = need_domain(connection, domain, what);
  if (const auto old = find_snapshot(found.get(), snapshot.name, what)) erase(old->get(), what);
  const auto xml = snapshot_xml(snapshot);
  require(Snapshot{virDomainSnapshotCreateXML(found.get(), xml.c_str(), 0)}, what);
}

void revert_snapshot(virConnectPtr connection, const std::string& domain,
                     const std::string& snapshot) {
  const auto what = fmt::format("cannot revert '{}' to snapshot '{}'", domain, snapshot);
  const auto found = need_domain(connection, domain, what);
  const auto wanted =
      require(Snapshot{virDomainSnapshotLookupByName(found.get(), snapshot.c_str(), 0)}, what);
  if (virDomainRevertToSnapshot(wanted.get(), VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED) == 0) return;
  const auto failure = last_failure(what);
  // Where the running process does not fit the snapshot's machine, a new one does.
  if (failure.code() != VIR_ERR_SNAPSHOT_REVERT_RISKY) throw failure;
  require(virDomainRevertToSnapshot(
              wanted.get(), VIR_DOMAIN_SNAPSHOT_REVERT_PAUSED | VIR_DOMAIN_SNAPSHOT_REVERT_FORCE),
          what);
}

void remove_snapshot(virConnectPtr connection, const std::string& domain,
                     const std::string& snapshot) {
  const auto what = fmt::format("cannot remove snapshot '{}' of '{}'", snapshot, domain);
  const auto found = find_domain(connection, domain);
  if (!found) return;
  if (const auto old = find_snapshot(found->get(), snapshot, what)) erase(old->get(), what);
}

void forget_snapshots(virConnectPtr connection, const std::string& domain) {
  const auto what = fmt::format("cannot forget the snapshots of domain '{}'", domain);
  const auto found = find_domain(connection, domain);
  if (!found) return;
  SnapshotList list;
  list.sized(require(virDomainListAllSnapshots(found->get(), list.fill(), 0), what));
  for (auto* snapshot : list) {
    if (virDomainSnapshotDelete(snapshot, VIR_DOMAIN_SNAPSHOT_DELETE_METADATA_ONLY) == 0) continue;
    const auto failure = last_failure(what);
    if (failure.code() == VIR_ERR_NO_DOMAIN_SNAPSHOT) continue;
    // A driver that keeps nothing but metadata knows no such flag.
    if (failure.code() != VIR_ERR_INVALID_ARG || virDomainSnapshotDelete(snapshot, 0) != 0) {
      throw failure;
    }
  }
}

}  // namespace vmlab
