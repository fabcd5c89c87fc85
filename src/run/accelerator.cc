#include "run/accelerator.h"

#include <fmt/format.h>

namespace vmlab {

namespace {

std::filesystem::path memory(const Paths& paths) {
  return paths.root / "accelerator";
}

/// What a verdict holds for: this boot of the host, and this QEMU.
std::string key_of(Ports& ports) {
  return fmt::format("{} {} ", ports.system.boot_id(), ports.hypervisor.info().qemu_version);
}

}  // namespace

Accelerator prove_again(const Paths& paths, Ports& ports, std::stop_token stop) {
  const auto scratch = paths.root / "scratch";
  ports.system.make_directory(scratch, 0711);
  const bool kvm = ports.hypervisor.prove_kvm(scratch, std::move(stop));
  ports.system.remove(scratch);
  ports.system.write(memory(paths), key_of(ports) + (kvm ? "kvm\n" : "tcg\n"), 0644);
  return kvm ? Accelerator::kvm : Accelerator::tcg;
}

Accelerator proven_accelerator(Accelerator wanted, const Paths& paths, Ports& ports,
                               std::stop_token stop) {
  if (wanted != Accelerator::automatic) return wanted;
  const auto key = key_of(ports);
  const auto known = ports.system.read(memory(paths));
  if (!known || !known->starts_with(key)) return prove_again(paths, ports, std::move(stop));
  return known->substr(key.size()) == "kvm\n" ? Accelerator::kvm : Accelerator::tcg;
}

}  // namespace vmlab
