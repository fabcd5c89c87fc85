#include "run/checkpoint.h"

#include <fmt/format.h>

#include <atomic>
#include <exception>
#include <functional>
#include <thread>

#include "base/digest.h"
#include "base/units.h"
#include "plan/checkpoint.h"

namespace vmlab {

namespace {

/// So many domains are saved or reverted at once.
constexpr std::size_t most_at_once = 8;

/// Calls `work(i)` for all i below `count`, whatever happens to one; then throws what failed first.
void for_all(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::vector<std::exception_ptr> failures(count);
  std::atomic<std::size_t> next{0};
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < std::min(count, most_at_once); ++thread) {
      threads.emplace_back([&] {
        for (auto mine = next++; mine < count; mine = next++) {
          try {
            work(mine);
          } catch (...) {
            failures[mine] = std::current_exception();
          }
        }
      });
    }
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

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

void save(const SaveCheckpoint& wanted, const Lab& lab, const Paths& paths, Ports& ports,
          const StepProgress& progress) {
  auto& hypervisor = ports.hypervisor;
  require_space(wanted, paths, ports);
  const auto& parts = wanted.parts;
  SnapshotNote note;
  note.lab = lab.name;
  note.phase = wanted.phase;
  for (const auto& part : parts) note.nodes.push_back(part.node);
  // The moment is told by the host's clock; the name of the set must only differ from all others.
  note.saved_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(ports.system.now().time_since_epoch())
          .count();
  note.set =
      uuid_v5(fmt::format("{}/{}/{}/{}", lab.name, wanted.name, parts.front().node, note.saved_ms));
  std::exception_ptr failure;
  try {
    progress(fmt::format("pausing {} node{}", parts.size(), parts.size() == 1 ? "" : "s"), 0, 0);
    for_all(parts.size(), [&](std::size_t i) { hypervisor.pause_domain(parts[i].domain); });
    progress(fmt::format("saving {} node{}", parts.size(), parts.size() == 1 ? "" : "s"), 0, 0);
    for_all(parts.size(), [&](std::size_t i) {
      auto own = note;
      own.node = parts[i].node;
      own.disks = parts[i].disks;
      own.content = parts[i].content;
      own.definition = parts[i].definition;
      hypervisor.save_snapshot(parts[i].domain, {wanted.name, to_text(own)});
    });
  } catch (const Error&) {
    failure = std::current_exception();
  }
  for_all(parts.size(), [&](std::size_t i) { hypervisor.start_domain(parts[i].domain); });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

void save_checkpoint(const SaveCheckpoint& wanted, const Lab& lab, const Paths& paths, Ports& ports,
                     const StepProgress& progress) {
  if (!wanted.optional) {
    save(wanted, lab, paths, ports, progress);
    return;
  }
  try {
    save(wanted, lab, paths, ports, progress);
  } catch (const Error& error) {
    progress("without a checkpoint: " + error.message(), 0, 0);
  }
}

void restore_checkpoint(const RestoreCheckpoint& restore, Hypervisor& hypervisor,
                        const StepProgress& progress) {
  const auto& domains = restore.domains;
  progress(fmt::format("reverting {} node{}", domains.size(), domains.size() == 1 ? "" : "s"), 0,
           0);
  for_all(domains.size(),
          [&](std::size_t i) { hypervisor.revert_snapshot(domains[i], restore.name); });
  for_all(domains.size(), [&](std::size_t i) { hypervisor.start_domain(domains[i]); });
}

}  // namespace vmlab
