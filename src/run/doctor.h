// Whether this host has what a run needs: facts gathered through the ports, verdicts that are pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "plan/forecast.h"
#include "run/session.h"

namespace vmlab {

/// A directory on the way to the images.
struct PathPiece {
  std::string path;
  unsigned mode = 0;
  unsigned owner = 0;
  unsigned group = 0;
  std::vector<unsigned> admitted = {};  // users, by an access list
};

enum class ModuleState { there, loadable, missing, unknown };
enum class BridgeState { up, down, missing };

/// What was found. An empty optional: not looked at, or it cannot be known.
struct HostFacts {
  // Of the host itself: which command mends something depends on it.
  bool root = true;  // vmlab runs as root
  bool systemd = true;
  bool apt = true;                 // else dnf
  std::set<std::string> programs;  // paths, of those that are looked for
  std::string uri;
  std::string state_directory;

  std::optional<HypervisorInfo> hypervisor;
  std::string hypervisor_error;  // libvirt's own words
  Accelerator wanted = Accelerator::automatic;
  std::optional<Accelerator> accelerator;  // proven, not believed
  std::string accelerator_error;           // why it could not be tried
  bool kvm_device = false;                 // /dev/kvm is there
  std::string kvm_module;                  // that fits the processor; empty: it has no such thing
  std::map<std::string, ModuleState> modules;
  bool tun_device = true;
  std::vector<NetworkInfo> networks;           // libvirt's active ones
  std::map<std::string, BridgeState> bridges;  // of those
  std::vector<Cidr> routes;
  std::string lab;  // only what concerns this one counts; empty: everything
  std::string qemu_user = "libvirt-qemu";
  std::optional<unsigned> qemu_uid;
  std::set<unsigned> qemu_gids;
  std::vector<PathPiece> image_path;  // from the root down
  bool apparmor = false;              // the kernel enforces it
  bool apparmor_helper = true;        // libvirt's, that lets QEMU at a domain's own disks
  bool apparmor_driver = true;        // not switched off in qemu.conf
  std::optional<Resources> wants;     // of the lab; what there is stays 0
  std::string state_error;            // why the state directory cannot be written
  std::uint64_t free_bytes = 0;
  std::vector<std::string> kernels;     // in /boot
  bool kernel_readable = true;          // one of them, by this user
  std::optional<bool> appliance_works;  // nullopt: not tried
  std::string appliance_error;
  bool clock_synchronised = true;
};

struct Finding {
  enum class Verdict { good, warning, failed, skipped };
  std::string check;  // `libvirt`, `clock`, …; stable, for programs
  Verdict verdict = Verdict::good;
  std::string says;
  std::string mend;  // a command for the shell; empty where nothing is wrong
};
std::string to_text(Finding::Verdict verdict);

/// The verdicts, in the order in which they should be mended.
std::vector<Finding> diagnose(const HostFacts& facts);

enum class Depth { quick, full };
/// `full` proves the accelerator anew and starts libguestfs's appliance: seconds, under emulation
/// half a minute. `lab` may be null.
HostFacts examine(const Lab* lab, Depth depth, const Settings& settings, Ports& ports,
                  std::stop_token stop);

/// The quick checks before a run of the lab. Throws Error with the command that mends the first
/// that failed; what the run itself asks for, as space, is left to it.
void require_host(const std::string& lab, const Settings& settings, Ports& ports,
                  std::stop_token stop);

}  // namespace vmlab
