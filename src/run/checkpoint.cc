#include "run/checkpoint.h"

#include <fmt/format.h>

#include <exception>

#include "base/digest.h"
#include "base/units.h"
#include "plan/checkpoint.h"
#include "run/for_all.h"

namespace vmlab {

namespace {

/// Disk that stays free for the guests' own writes.
constexpr std::uint64_t spare_bytes = std::uint64_t{256} * 1024 * 1024;

void require_space(const SaveCheckpoint& wanted, const Paths& paths, Ports& ports) {
  std::uint64_t needed = spare_bytes;
  for (const auto& part : wanted.parts) {
    needed += ports.hypervisor.resident_kib(part.domain) * 1024;
  }
  const auto free = ports.system.free_bytes(paths.root);
  if (free >= needed) return;
  throw Error(
      fmt::format("cannot save checkpoint '{}': not enough space in '{}': {} free, at most "
                  "{} needed",
                  wanted.name, paths.root.string(), format_bytes(free), format_bytes(needed)),
      "`vmlab checkpoint list` shows what others take; `vmlab checkpoint delete` frees it");
}

SnapshotNote note_of(const SaveCheckpoint& wanted, const Lab& lab, System& system) {
  SnapshotNote note;
  note.lab = lab.name;
  note.phase = wanted.phase;
  for (const auto& part : wanted.parts) note.nodes.push_back(part.node);
  // The moment is told by the host's clock; the name of the set must only differ from all others.
  note.saved_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(system.now().time_since_epoch())
          .count();
  note.set = uuid_v5(
      fmt::format("{}/{}/{}/{}", lab.name, wanted.name, wanted.parts.front().node, note.saved_ms));
  return note;
}

/// What hindered it, if anything. Throws what hinders the nodes from going on: nobody may overlook
/// that.
std::exception_ptr save(const SaveCheckpoint& wanted, const Lab& lab, const Paths& paths,
                        Ports& ports, const StepProgress& progress) {
  auto& hypervisor = ports.hypervisor;
  const auto& parts = wanted.parts;
  const auto nodes = fmt::format("{} node{}", parts.size(), parts.size() == 1 ? "" : "s");
  std::exception_ptr hindrance;
  bool begun = false;
  try {
    require_space(wanted, paths, ports);
    const auto note = note_of(wanted, lab, ports.system);
    begun = true;
    progress("pausing " + nodes, 0, 0);
    for_all(parts.size(), told_at_once,
            [&](std::size_t i) { hypervisor.pause_domain(parts[i].domain); });
    progress("saving " + nodes, 0, 0);
    for_all(parts.size(), told_at_once, [&](std::size_t i) {
      auto own = note;
      own.node = parts[i].node;
      own.disks = parts[i].disks;
      own.content = parts[i].content;
      own.definition = parts[i].definition;
      hypervisor.save_snapshot(parts[i].domain, {wanted.name, to_text(own)});
    });
  } catch (...) {
    hindrance = std::current_exception();
  }
  if (begun) {
    for_all(parts.size(), told_at_once,
            [&](std::size_t i) { hypervisor.start_domain(parts[i].domain); });
  }
  return hindrance;
}

}  // namespace

void save_checkpoint(const SaveCheckpoint& wanted, const Lab& lab, const Paths& paths, Ports& ports,
                     const StepProgress& progress) {
  const auto hindrance = save(wanted, lab, paths, ports, progress);
  if (!hindrance) return;
  try {
    std::rethrow_exception(hindrance);
  } catch (const Error& error) {
    if (!wanted.optional) throw;
    const auto remark = "without a checkpoint: " + error.message();
    progress(remark, 0, 0);
    progress.warn(remark);
  }
}

void restore_checkpoint(const RestoreCheckpoint& restore, Hypervisor& hypervisor,
                        const StepProgress& progress) {
  const auto& domains = restore.domains;
  progress(fmt::format("reverting {} node{}", domains.size(), domains.size() == 1 ? "" : "s"), 0,
           0);
  for_all(domains.size(), told_at_once,
          [&](std::size_t i) { hypervisor.revert_snapshot(domains[i], restore.name); });
  for_all(domains.size(), told_at_once,
          [&](std::size_t i) { hypervisor.start_domain(domains[i]); });
}

}  // namespace vmlab
