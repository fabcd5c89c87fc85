// A step's effect, through the ports: the only place from which a lab is changed.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "plan/plan.h"
#include "run/executor.h"

namespace vmlab {

/// What the steps of one lab share. `lab` may be nullptr for `down`.
struct ApplyContext {
  const Lab* lab = nullptr;
  Paths paths;
  Ports& ports;
};

/// Makes the step's effect sure; a second time does nothing. Throws Error or Cancelled.
void apply(const PlannedStep& step, const ApplyContext& context, const StepProgress& progress,
           std::stop_token stop);

/// How ssh reaches a node of the lab.
SshTarget ssh_target_of(const Lab& lab, const Node& node, const Paths& paths);

/// The installer as a local file: where it is, or where it was downloaded to.
std::filesystem::path local_release(const Release& release, const Paths& paths);

}  // namespace vmlab
