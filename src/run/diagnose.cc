// The verdicts of `vmlab doctor`: facts in, sentences and commands out.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "base/units.h"
#include "run/doctor.h"

namespace vmlab {

namespace {

constexpr std::uint64_t mib = 1048576;
constexpr std::uint64_t least_free_bytes = 3072 * mib;   // one image and its base
constexpr std::uint64_t usual_free_bytes = 10240 * mib;  // and a lab's overlays
constexpr std::uint64_t least_memory_mib = 1024;
constexpr std::uint64_t usual_memory_mib = 8192;
constexpr unsigned oldest_libvirt = 7;  // by major version

Finding good(std::string check, std::string says) {
  return {std::move(check), Finding::Verdict::good, std::move(says), {}};
}
Finding skipped(std::string check, std::string says) {
  return {std::move(check), Finding::Verdict::skipped, std::move(says), {}};
}
Finding warning(std::string check, std::string says, std::string mend) {
  return {std::move(check), Finding::Verdict::warning, std::move(says), std::move(mend)};
}
Finding failed(std::string check, std::string says, std::string mend) {
  return {std::move(check), Finding::Verdict::failed, std::move(says), std::move(mend)};
}

/// Simple commands, one after another, as somebody who may do it. `$USER` is whoever types it.
std::string as_root(const HostFacts& f, const std::vector<std::string>& commands) {
  std::vector<std::string> whole;
  for (const auto& command : commands) whole.push_back(f.root ? command : "sudo " + command);
  return join(whole, " && ");
}

std::string install(const HostFacts& f, const std::string& deb, const std::string& rpm) {
  return as_root(f, {f.apt ? "apt-get install -y " + deb : "dnf install -y " + rpm});
}

std::string virsh(const HostFacts& f, const std::string& words) {
  return fmt::format("virsh -c {} {}", shell_quote(f.uri), words);
}

std::string vmlab_here(const HostFacts& f, const std::string& words) {
  return fmt::format("vmlab --state-dir {} {}", shell_quote(f.state_directory), words);
}

bool has(const HostFacts& f, const std::string& program) {
  return f.programs.contains(program);
}

std::string start_libvirt(const HostFacts& f) {
  const auto& error = f.hypervisor_error;
  if (!f.uri.starts_with("qemu:///")) return virsh(f, "version");
  if (!f.root && (error.find("ermission denied") != std::string::npos ||
                  error.find("uthentication") != std::string::npos)) {
    return "sudo usermod -aG libvirt \"$USER\" && newgrp libvirt";
  }
  // It answers, and cannot ask polkit who this is: where no D-Bus runs only root needs not be
  // asked.
  if (!f.root && error.find("system bus") != std::string::npos) return "sudo vmlab doctor";
  const bool whole = has(f, "/usr/sbin/libvirtd");
  const bool modular = !whole && has(f, "/usr/sbin/virtqemud");
  if (!whole && !modular) {
    return install(f, "libvirt-daemon-system qemu-system-x86 dnsmasq-base", "libvirt qemu-kvm");
  }
  if (!f.systemd) {
    if (modular) {
      return as_root(f, {"virtlogd --daemon", "virtnetworkd --daemon", "virtqemud --daemon"});
    }
    return as_root(f, {"virtlogd --daemon", "libvirtd --daemon"});
  }
  return as_root(f, {modular ? "systemctl enable --now virtlogd.socket virtnetworkd.socket "
                               "virtqemud.socket"
                             : "systemctl enable --now libvirtd"});
}

Finding libvirt(const HostFacts& f) {
  constexpr auto name = "libvirt";
  if (!f.hypervisor) return failed(name, f.hypervisor_error, start_libvirt(f));
  const auto& version = f.hypervisor->libvirt_version;
  const auto says =
      fmt::format("libvirt {}, QEMU {} at {}", version, f.hypervisor->qemu_version, f.uri);
  unsigned major = 0;
  std::from_chars(version.data(), version.data() + version.size(), major);
  if (major >= oldest_libvirt) return good(name, says);
  return failed(name, fmt::format("{}: older than {}.0", says, oldest_libvirt),
                install(f, "libvirt-daemon-system qemu-system-x86", "libvirt qemu-kvm"));
}

Finding accelerator(const HostFacts& f) {
  constexpr auto name = "accelerator";
  if (f.wanted == Accelerator::tcg) return good(name, "emulation was chosen");
  if (f.accelerator == Accelerator::kvm) return good(name, "KVM booted a kernel");
  const auto no_device =
      f.kvm_module.empty()
          ? std::string(
                "the processor shows neither vmx nor svm: switched off in its firmware, or "
                "not passed on by an outer hypervisor")
          : std::string("there is no /dev/kvm");
  if (f.kvm_device && !f.accelerator) {
    if (!f.accelerator_error.empty()) return skipped(name, f.accelerator_error);
    return skipped(name, "/dev/kvm is there; not proven yet");
  }
  auto says = f.kvm_device ? "/dev/kvm is there, but no kernel boots with it" : no_device;
  auto mend = "vmlab up --accelerator tcg";  // taken knowingly, it is no surprise
  if (!f.kvm_device && !f.kvm_module.empty()) {
    const auto load = as_root(f, {"modprobe " + f.kvm_module});
    if (f.wanted == Accelerator::kvm) return failed(name, says, load);
    return warning(name, says + ": nodes are emulated, and slow", load);
  }
  if (f.wanted == Accelerator::kvm) return failed(name, says, mend);
  return warning(name, says + ": nodes are emulated, and slow", mend);
}

Finding modules(const HostFacts& f) {
  constexpr auto name = "modules";
  if (!f.tun_device) {
    return failed(name, "there is no /dev/net/tun, which nodes need for their network",
                  as_root(f, {"modprobe tun"}));
  }
  std::vector<std::string> loadable;
  std::vector<std::string> missing;
  std::vector<std::string> unknown;
  for (const auto& [module, state] : f.modules) {
    if (state == ModuleState::loadable) loadable.push_back(module);
    if (state == ModuleState::missing) missing.push_back(module);
    if (state == ModuleState::unknown) unknown.push_back(module);
  }
  if (!missing.empty()) {
    return failed(
        name, "this kernel has none of that name: " + join(missing, ", "),
        install(f, "linux-image-amd64", "kernel-modules") + " && " + as_root(f, {"reboot"}));
  }
  if (!loadable.empty()) {
    return warning(name, "not loaded yet: " + join(loadable, ", "),
                   as_root(f, {"modprobe -a " + join(loadable, " ")}));
  }
  if (!unknown.empty()) return skipped(name, "not looked for: " + join(unknown, ", "));
  return good(name, "those of NAT networks are there");
}

/// Whether a network matters to who asks.
bool concerns(const HostFacts& f, const NetworkInfo& network) {
  return f.lab.empty() || (network.label && network.label->lab == f.lab);
}

std::string restart_network(const HostFacts& f, const std::string& network) {
  const auto word = shell_quote(network);
  return virsh(f, "net-destroy " + word) + " && " + virsh(f, "net-start " + word);
}

Finding bridge(const HostFacts& f) {
  constexpr auto name = "bridge";
  if (!f.hypervisor) return skipped(name, "libvirt does not answer");
  for (const auto& network : f.networks) {
    const auto state = f.bridges.find(network.bridge);
    if (state == f.bridges.end() || !concerns(f, network)) continue;
    if (state->second == BridgeState::missing) {
      return failed(name,
                    fmt::format("network '{}' is active, but its bridge '{}' is gone", network.name,
                                network.bridge),
                    restart_network(f, network.name));
    }
    if (state->second == BridgeState::down) {
      return failed(name,
                    fmt::format("network '{}' is active, but its bridge '{}' is down", network.name,
                                network.bridge),
                    as_root(f, {"ip link set " + shell_quote(network.bridge) + " up"}));
    }
  }
  if (f.bridges.empty()) return good(name, "no network is active");
  return good(name, fmt::format("{} of libvirt's, up", f.bridges.size()));
}

Finding subnets(const HostFacts& f) {
  constexpr auto name = "subnets";
  if (!f.hypervisor) return skipped(name, "libvirt does not answer");
  std::vector<Cidr> own;
  for (const auto& network : f.networks) {
    own.insert(own.end(), network.cidrs.begin(), network.cidrs.end());
  }
  for (std::size_t i = 0; i < f.networks.size(); ++i) {
    const auto& network = f.networks[i];
    for (const auto& cidr : network.cidrs) {
      for (std::size_t j = i + 1; j < f.networks.size(); ++j) {
        const auto& other = f.networks[j];
        if (!concerns(f, network) && !concerns(f, other)) continue;
        for (const auto& its : other.cidrs) {
          if (!cidr.overlaps(its)) continue;
          // The one that is not a lab's goes.
          const auto& goes = network.label ? other : network;
          return failed(name,
                        fmt::format("networks '{}' ({}) and '{}' ({}) overlap", network.name,
                                    cidr.text(), other.name, its.text()),
                        virsh(f, "net-destroy " + shell_quote(goes.name)));
        }
      }
      if (!concerns(f, network)) continue;
      for (const auto& route : f.routes) {
        // A wider route yields to the network's own.
        const bool takes = route.prefix >= cidr.prefix && cidr.overlaps(route);
        if (!takes || std::ranges::find(own, route) != own.end()) continue;
        return failed(name,
                      fmt::format("the route to {} takes packets of network '{}' ({}) elsewhere",
                                  route.text(), network.name, cidr.text()),
                      as_root(f, {"ip route del " + route.text()}));
      }
    }
  }
  return good(name, fmt::format("{} of libvirt's networks, {} routes, no collision",
                                f.networks.size(), f.routes.size()));
}

Finding permissions(const HostFacts& f) {
  constexpr auto name = "permissions";
  if (f.qemu_uid == 0U) return good(name, "QEMU runs as root");
  if (!f.qemu_uid) return skipped(name, fmt::format("there is no user '{}'", f.qemu_user));
  for (const auto& piece : f.image_path) {
    const bool owner = *f.qemu_uid == piece.owner;
    const bool member = f.qemu_gids.contains(piece.group);
    const unsigned bit = owner ? 0100U : member ? 0010U : 0001U;
    if ((piece.mode & bit) != 0) continue;
    if (!owner && std::ranges::find(piece.admitted, *f.qemu_uid) != piece.admitted.end()) continue;
    const auto says =
        fmt::format("QEMU runs as '{}', which may not pass through '{}' (mode {:04o})", f.qemu_user,
                    piece.path, piece.mode);
    const auto path = shell_quote(piece.path);
    const auto mend =
        as_root(f, {has(f, "/usr/bin/setfacl")
                        ? fmt::format("setfacl -m u:{}:x {}", shell_quote(f.qemu_user), path)
                        : "chmod o+x " + path});
    // With an access list the group's bits are its mask: where they allow it, it may be allowed.
    if ((piece.mode & 0010U) != 0 && !owner && !member) {
      return warning(name, says + " unless an access list lets its group", mend);
    }
    return failed(name, says, mend);
  }
  return good(name, fmt::format("'{}' may pass through to '{}'", f.qemu_user, f.state_directory));
}

Finding apparmor(const HostFacts& f) {
  constexpr auto name = "apparmor";
  if (!f.apparmor) return good(name, "not enforced by this kernel");
  if (!f.apparmor_driver) return good(name, "switched off for QEMU in qemu.conf");
  if (f.apparmor_helper) return good(name, "libvirt lets each domain at its own disks");
  return failed(name, "virt-aa-helper is missing: QEMU would be kept from its own disks",
                install(f, "--reinstall libvirt-daemon-system apparmor", "libvirt"));
}

Finding space(const HostFacts& f) {
  constexpr auto name = "space";
  if (!f.state_error.empty()) {
    return failed(name, f.state_error,
                  as_root(f, {fmt::format("install -d -m 0755 -o \"$USER\" {}",
                                          shell_quote(f.state_directory))}));
  }
  const auto says = fmt::format("{} free at '{}'", format_bytes(f.free_bytes), f.state_directory);
  const auto mend = vmlab_here(f, "gc") + " && " + vmlab_here(f, "image prune");
  if (f.free_bytes < least_free_bytes) return failed(name, says + ": no room for an image", mend);
  if (f.wants && f.wants->disk_full_bytes > f.free_bytes) {
    return warning(name,
                   fmt::format("{}; the lab's disks may grow by {}", says,
                               format_bytes(f.wants->disk_full_bytes)),
                   mend);
  }
  if (f.free_bytes < usual_free_bytes) return warning(name, says + ": little", mend);
  return good(name, says);
}

Finding memory(const HostFacts& f) {
  constexpr auto name = "memory";
  if (!f.hypervisor) return skipped(name, "libvirt does not answer");
  const auto free = f.hypervisor->memory_free_mib;
  const auto says = fmt::format("{} of {} free", format_bytes(free * mib),
                                format_bytes(f.hypervisor->memory_mib * mib));
  const auto mend = "ps -eo rss,pid,args --sort=-rss | head";
  if (free < least_memory_mib) return failed(name, says + ": not enough for a node", mend);
  if (f.wants && f.wants->memory_starting_mib > free) {
    return warning(name,
                   fmt::format("{}; the lab's nodes may use {} more", says,
                               format_bytes(f.wants->memory_starting_mib * mib)),
                   mend);
  }
  if (!f.wants && free < usual_memory_mib) {
    return warning(name, says + "; a node of DC/OS may use 8 GiB", mend);
  }
  return good(name, says);
}

Finding appliance(const HostFacts& f) {
  constexpr auto name = "appliance";
  if (f.appliance_works == true) return good(name, "libguestfs's appliance boots");
  const bool tried = f.appliance_works.has_value();
  const auto bad = tried ? failed : warning;
  const auto because = tried ? f.appliance_error : std::string("libguestfs cannot start it");
  if (!has(f, "/usr/bin/supermin")) {
    return bad(name, because + ": supermin is missing",
               install(f, "supermin libguestfs-tools", "supermin guestfs-tools"));
  }
  if (f.kernels.empty()) {
    return bad(name, because + ": there is no kernel in /boot",
               install(f, "linux-image-cloud-amd64", "kernel-core"));
  }
  if (!f.kernel_readable) {
    return bad(name, because + ": no kernel in /boot may be read",
               as_root(f, {"chmod 0644 /boot/vmlinuz-*"}));
  }
  if (!tried) return skipped(name, "a kernel and supermin are there; not tried");
  if (!f.state_error.empty()) return skipped(name, because);
  return failed(name, because, "rm -rf \"/var/tmp/.guestfs-$(id -u)\" && libguestfs-test-tool");
}

Finding clock(const HostFacts& f) {
  constexpr auto name = "clock";
  if (f.clock_synchronised) return good(name, "synchronised");
  const bool chrony = has(f, "/usr/sbin/chronyd");
  std::vector<std::string> commands;
  if (!chrony && !(f.systemd && has(f, "/usr/lib/systemd/systemd-timesyncd"))) {
    commands.push_back(f.apt ? "apt-get install -y chrony" : "dnf install -y chrony");
  }
  commands.emplace_back(f.systemd ? "timedatectl set-ntp true" : "chronyd");
  return warning(name, "the kernel does not hold it for synchronised", as_root(f, commands));
}

}  // namespace

std::string to_text(Finding::Verdict verdict) {
  switch (verdict) {
    case Finding::Verdict::good:
      return "good";
    case Finding::Verdict::warning:
      return "warning";
    case Finding::Verdict::failed:
      return "failed";
    case Finding::Verdict::skipped:
      return "skipped";
  }
  return {};
}

std::vector<Finding> diagnose(const HostFacts& facts) {
  using Check = Finding (*)(const HostFacts&);
  constexpr Check checks[] = {libvirt,  accelerator, modules, bridge,    subnets, permissions,
                              apparmor, space,       memory,  appliance, clock};
  std::vector<Finding> findings;
  for (const auto check : checks) findings.push_back(check(facts));
  return findings;
}

}  // namespace vmlab
