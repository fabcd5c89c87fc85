#include "run/doctor.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "run/accelerator.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

/// A file of the host's; what cannot be read is as good as not there.
std::string text_of(const fs::path& path, System& system) {
  try {
    return system.read(path).value_or("");
  } catch (const Error&) {
    return {};
  }
}

std::optional<FileInfo> stat_of(const fs::path& path, System& system) {
  try {
    return system.stat(path);
  } catch (const Error&) {
    return std::nullopt;
  }
}

bool there(const fs::path& path, System& system) {
  return stat_of(path, system).has_value();
}

std::optional<unsigned> number_of(std::string_view word) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

/// Value of `key = "value"` in qemu.conf; the last one counts.
std::optional<std::string> setting(const std::string& text, std::string_view key) {
  std::optional<std::string> found;
  for (const auto& line : lines(text)) {
    const auto equals = line.find('=');
    if (equals == std::string::npos || trim(line.substr(0, equals)) != key) continue;
    const auto after = line.substr(equals + 1);
    const auto value = trim(after);
    if (value.size() < 2 || value.front() != '"') continue;
    found = std::string(value.substr(1, value.find('"', 1) - 1));
  }
  return found;
}

void look_at_host(HostFacts& facts, System& system) {
  for (const auto& line : lines(text_of("/proc/self/status", system))) {
    if (line.starts_with("Uid:")) facts.root = split(line, '\t').at(2) == "0";  // effective
  }
  facts.systemd = there("/run/systemd/system", system);
  facts.apt = there("/usr/bin/apt-get", system);
  for (const char* program :
       {"/usr/sbin/libvirtd", "/usr/sbin/virtqemud", "/usr/bin/setfacl", "/usr/bin/supermin",
        "/usr/sbin/chronyd", "/usr/lib/systemd/systemd-timesyncd"}) {
    if (there(program, system)) facts.programs.insert(program);
  }
  facts.clock_synchronised = system.clock_synchronised();
}

BridgeState state_of_bridge(const std::string& name, System& system) {
  const auto at = fs::path("/sys/class/net") / name;
  if (!there(at, system)) return BridgeState::missing;
  const auto text = text_of(at / "flags", system);  // 0x1003
  const auto word = trim(text);
  unsigned flags = 1;
  if (word.starts_with("0x"))
    std::from_chars(word.data() + 2, word.data() + word.size(), flags, 16);
  return (flags & 1U) != 0 ? BridgeState::up : BridgeState::down;
}

void look_at_libvirt(HostFacts& facts, Ports& ports) {
  try {
    facts.hypervisor = ports.hypervisor.info();
    for (auto& network : ports.hypervisor.networks()) {
      if (!network.active) continue;
      // What another host has cannot be seen from here.
      if (!network.bridge.empty() && facts.uri.starts_with("qemu:///")) {
        facts.bridges[network.bridge] = state_of_bridge(network.bridge, ports.system);
      }
      facts.networks.push_back(std::move(network));
    }
  } catch (const Error& error) {
    facts.hypervisor.reset();
    facts.hypervisor_error = error.message();
  }
  facts.routes = ports.system.routes();
}

/// The user that QEMU runs as, and all groups of his.
void look_at_qemu_user(HostFacts& facts, System& system) {
  const auto config = text_of("/etc/libvirt/qemu.conf", system);
  const auto passwd = text_of("/etc/passwd", system);
  const auto configured = setting(config, "user");
  facts.qemu_user = configured.value_or("libvirt-qemu");
  if (!configured && passwd.find("\nlibvirt-qemu:") == std::string::npos) facts.qemu_user = "qemu";
  if (facts.qemu_user.starts_with('+')) facts.qemu_user.erase(0, 1);
  facts.qemu_uid = number_of(facts.qemu_user);
  for (const auto& line : lines(passwd)) {
    const auto fields = split(line, ':');
    if (fields.size() < 4 || fields[0] != facts.qemu_user) continue;
    facts.qemu_uid = number_of(fields[2]);
    if (const auto group = number_of(fields[3])) facts.qemu_gids.insert(*group);
  }
  const auto own_group = setting(config, "group");
  for (const auto& line : lines(text_of("/etc/group", system))) {
    const auto fields = split(line, ':');
    const auto group = fields.size() < 4 ? std::nullopt : number_of(fields[2]);
    if (!group) continue;
    const auto members = split(fields[3], ',');
    if (fields[0] == own_group || std::ranges::find(members, facts.qemu_user) != members.end()) {
      facts.qemu_gids.insert(*group);
    }
  }
  facts.apparmor_driver = setting(config, "security_driver").value_or("apparmor") == "apparmor";
}

void look_at_paths(HostFacts& facts, const Paths& paths, System& system) {
  std::set<std::string> seen;
  for (const auto& end : {paths.root, paths.images(), paths.labs()}) {
    fs::path path;
    for (const auto& piece : end) {
      path /= piece;
      const auto info = stat_of(path, system);
      if (!info) break;  // made by the first run, with a mode that lets QEMU through
      if (!seen.insert(path.string()).second) continue;
      facts.image_path.push_back(
          {path.string(), info->mode, info->owner, info->group, info->admitted});
    }
  }
  facts.free_bytes = system.free_bytes(paths.root);
}

ModuleState state_of_module(const std::string& module, const std::string& symbol,
                            const std::string& directory, Depth depth, System& system) {
  if (there(fs::path("/sys/module") / module, system)) return ModuleState::there;
  const auto file = "/" + module + ".ko";
  const auto listed = [&](const char* list) {
    return text_of(fs::path(directory) / list, system).find(file) != std::string::npos;
  };
  if (listed("modules.builtin")) return ModuleState::there;
  if (listed("modules.dep")) return ModuleState::loadable;
  if (depth == Depth::quick) return ModuleState::unknown;
  // A kernel that was built with all it has lists nothing anywhere, but has the functions.
  const auto symbols = text_of("/proc/kallsyms", system);
  if (symbols.empty()) return ModuleState::unknown;
  return symbols.find(" " + symbol) != std::string::npos ? ModuleState::there
                                                         : ModuleState::missing;
}

void look_at_kernel(HostFacts& facts, Depth depth, System& system) {
  facts.kvm_device = there("/dev/kvm", system);
  facts.tun_device = there("/dev/net/tun", system);
  facts.apparmor = text_of("/sys/module/apparmor/parameters/enabled", system).starts_with('Y');
  facts.apparmor_helper = there("/usr/lib/libvirt/virt-aa-helper", system) ||
                          there("/usr/libexec/virt-aa-helper", system) ||
                          there("/usr/lib64/libvirt/virt-aa-helper", system);
  facts.kernel_readable = false;
  for (const auto& name : system.list("/boot")) {
    if (!name.starts_with("vmlinuz")) continue;
    facts.kernels.push_back(name);
    const auto info = stat_of(fs::path("/boot") / name, system);
    facts.kernel_readable |= info && (facts.root || (info->mode & 0004U) != 0);
  }
  if (depth == Depth::quick) return;
  for (const auto& line : lines(text_of("/proc/cpuinfo", system))) {
    if (!line.starts_with("flags")) continue;
    const auto flags = line + " ";
    if (flags.find(" vmx ") != std::string::npos) facts.kvm_module = "kvm_intel";
    if (flags.find(" svm ") != std::string::npos) facts.kvm_module = "kvm_amd";
    break;
  }
  const auto release = text_of("/proc/sys/kernel/osrelease", system);
  const auto directory = "/lib/modules/" + std::string(trim(release));
  for (const auto& [module, symbol] :
       {std::pair("bridge", "br_add_bridge"), std::pair("nf_nat", "nf_nat_")}) {
    facts.modules[module] = state_of_module(module, symbol, directory, depth, system);
  }
}

void try_things(HostFacts& facts, const Settings& settings, Ports& ports,
                const std::stop_token& stop) {
  const auto scratch = settings.paths.root / "scratch-doctor";
  try {
    ports.system.make_directory(scratch, 0711);
  } catch (const Error& error) {
    facts.state_error = error.message();
    facts.accelerator_error = facts.appliance_error = "not tried: " + error.message();
    facts.appliance_works = std::nullopt;
    return;
  }
  try {
    ports.images.prove_appliance(scratch, stop);
    facts.appliance_works = true;
  } catch (const Error& error) {
    facts.appliance_works = false;
    facts.appliance_error = error.message();
  }
  ports.system.remove(scratch);
  if (!facts.hypervisor) {
    facts.accelerator_error = "not tried: libvirt does not answer";
    return;
  }
  try {
    facts.accelerator = prove_again(settings.paths, ports, stop);
  } catch (const Error& error) {
    facts.accelerator_error = error.message();
  }
}

}  // namespace

HostFacts examine(const Lab* lab, Depth depth, const Settings& settings, Ports& ports,
                  std::stop_token stop) {
  HostFacts facts;
  facts.uri = settings.uri;
  facts.state_directory = settings.paths.root.string();
  facts.wanted = settings.accelerator;
  look_at_host(facts, ports.system);
  look_at_libvirt(facts, ports);
  look_at_qemu_user(facts, ports.system);
  look_at_paths(facts, settings.paths, ports.system);
  look_at_kernel(facts, depth, ports.system);
  if (lab != nullptr) {
    facts.wanted = lab->accelerator;
    if (facts.hypervisor) {
      facts.wants = resources_of(*lab, observe_disks(*lab, settings, ports), {});
    }
  }
  if (depth == Depth::full) try_things(facts, settings, ports, stop);
  return facts;
}

void require_host(const std::string& lab, const Settings& settings, Ports& ports,
                  std::stop_token stop) {
  auto facts = examine(nullptr, Depth::quick, settings, ports, std::move(stop));
  facts.lab = lab;
  for (const auto& finding : diagnose(facts)) {
    // Room is asked for by what needs it, which knows how much.
    const bool later = finding.check == "space" || finding.check == "memory";
    if (finding.verdict != Finding::Verdict::failed || later) continue;
    throw Error("cannot bring lab '" + lab + "' up: " + finding.says, "`" + finding.mend + "`");
  }
}

}  // namespace vmlab
