// Saving and restoring the memory and disks of several nodes as one moment.
#pragma once

#include "host/ports.h"
#include "plan/plan.h"
#include "run/executor.h"

namespace vmlab {

/// All are paused, saved and resumed together; they are resumed also when one could not be saved.
/// Nothing is paused when there is no space for what the guests hold in memory. An `optional` one
/// tells what hinders it instead of throwing, unless a node cannot be resumed.
void save_checkpoint(const SaveCheckpoint& save, const Lab& lab, const Paths& paths, Ports& ports,
                     const StepProgress& progress);

/// All are reverted, paused, and then run together. When one cannot be reverted none is resumed: a
/// lab of two times does harm.
void restore_checkpoint(const RestoreCheckpoint& restore, Hypervisor& hypervisor,
                        const StepProgress& progress);

}  // namespace vmlab
