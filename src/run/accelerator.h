// Which accelerator guests run with: proven by a real boot, then remembered.
#pragma once

#include <stop_token>

#include "host/ports.h"
#include "plan/paths.h"

namespace vmlab {

/// kvm or tcg. `automatic` boots a kernel under KVM once per boot of the host and emulator version
/// and remembers the verdict: a /dev/kvm that opens proves nothing.
Accelerator proven_accelerator(Accelerator wanted, const Paths& paths, Ports& ports,
                               std::stop_token stop);

/// `automatic`, whatever is remembered: after a module was loaded, the verdict is another.
Accelerator prove_again(const Paths& paths, Ports& ports, std::stop_token stop);

}  // namespace vmlab
