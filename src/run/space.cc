#include "run/space.h"

#include <fmt/format.h>

#include "base/units.h"

namespace vmlab {

namespace {

constexpr std::uint64_t mib = 1048576;

// Measured on debian-12: tree, disk and prepared disk take 1.2 to 1.6 GiB each; a booted node's
// overlay 0.2 GiB, its saved memory up to 0.7 GiB.
constexpr std::uint64_t memory_bytes = 768 * mib;

struct Needs {
  std::uint64_t operator()(const BuildBase&) const { return 3072 * mib; }
  std::uint64_t operator()(const DownloadBase&) const { return 1024 * mib; }
  std::uint64_t operator()(const PrepareImage&) const { return 2048 * mib; }
  std::uint64_t operator()(const CreateOverlay&) const { return 256 * mib; }
  std::uint64_t operator()(const MakeTemplate& step) const {
    // For a moment there is a second one, without its zero pages.
    return step.there ? 0 : 256 * mib + 2 * memory_bytes;
  }
  std::uint64_t operator()(const ForkDomain&) const { return 256 * mib; }
  template <class Other>
  std::uint64_t operator()(const Other&) const {
    return 0;
  }
};

}  // namespace

std::uint64_t space_needed(const Plan& plan) {
  std::uint64_t bytes = 0;
  bool forks = false;
  for (const auto& step : plan.steps) {
    bytes += std::visit(Needs{}, step.step);
    forks = forks || std::holds_alternative<ForkDomain>(step.step);
  }
  // A node's copy of the template's memory goes when the node runs: there is one at a time at
  // least.
  return forks ? bytes + memory_bytes : bytes;
}

void require_space(const Plan& plan, const Paths& paths, System& system) {
  const auto needed = space_needed(plan);
  if (needed == 0) return;
  const auto free = system.free_bytes(paths.root);
  if (free >= needed) return;
  throw Error(fmt::format("cannot make images and disks in '{}': not enough space: {} free, at "
                          "least {} needed",
                          paths.root.string(), format_bytes(free), format_bytes(needed)),
              "free space on that disk, or choose another one with --state-dir");
}

}  // namespace vmlab
