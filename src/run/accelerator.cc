#include "run/accelerator.h"

#include <fmt/format.h>

namespace vmlab {

Accelerator proven_accelerator(Accelerator wanted, const Paths& paths, Ports& ports,
                               std::stop_token stop) {
  if (wanted != Accelerator::automatic) return wanted;
  const auto memory = paths.root / "accelerator";
  const auto info = ports.hypervisor.info();
  const auto key = fmt::format("{} {} ", ports.system.boot_id(), info.qemu_version);
  if (const auto known = ports.system.read(memory); known && known->starts_with(key)) {
    return known->substr(key.size()) == "kvm\n" ? Accelerator::kvm : Accelerator::tcg;
  }
  const auto scratch = paths.root / "scratch";
  ports.system.make_directory(scratch, 0711);
  const bool kvm = ports.hypervisor.prove_kvm(scratch, stop);
  ports.system.remove(scratch);
  ports.system.write(memory, key + (kvm ? "kvm\n" : "tcg\n"), 0644);
  return kvm ? Accelerator::kvm : Accelerator::tcg;
}

}  // namespace vmlab
