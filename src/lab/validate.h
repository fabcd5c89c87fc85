// What must hold between the parts of a topology, on any host.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/load_nodes.h"
#include "lab/problems.h"

namespace vmlab {

/// A network that a DC/OS cluster, or Docker on its nodes, uses for itself.
struct ReservedRange {
  Cidr cidr;
  std::string_view used_for;
};
/// Defaults of DC/OS 1.11 to 2.2 (gen/calc.py), and Docker's bridge.
std::span<const ReservedRange> reserved_ranges();

/// Why no disk may be mounted there; empty when it may.
std::string refuse_mount(std::string_view mount);

/// The fewest MiB of memory of a node, unless the file allows less.
inline constexpr std::uint64_t least_memory_mib = std::uint64_t{8} * 1024;

void validate(const Lab& lab, std::span<const NodeDraft> drafts, Problems& problems);

}  // namespace vmlab
