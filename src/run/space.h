// Room on the disk, asked for before anything is made.
#pragma once

#include <cstdint>

#include "host/ports.h"
#include "plan/plan.h"

namespace vmlab {

/// Bytes that the plan's images and disks take at least, soon after they are made: disks are thin,
/// so this is far less than their size. 0 for a plan that makes none.
std::uint64_t space_needed(const Plan& plan);

/// Throws Error with a hint when less than that is free below `paths.root`.
void require_space(const Plan& plan, const Paths& paths, System& system);

}  // namespace vmlab
