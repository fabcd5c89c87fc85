// Looks at what there is: hypervisor, the lab's directory, and the marks inside the guests.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "run/apply.h"
#include "run/for_all.h"
#include "run/keys.h"
#include "run/session.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

// Shell builtins only: each process start costs an emulated guest dearly. A mark without its line
// end is what a power cut left: as good as none.
constexpr auto read_marks = R"(
cd /var/lib/vmlab/done 2>/dev/null || exit 0
for mark in *; do
  [ -f "$mark" ] || continue
  IFS= read -r hash <"$mark" || continue
  printf '%s %s\n' "$mark" "$hash"
done
)";

void observe_guest(const Lab& lab, const Node& node, const Paths& paths, Ports& ports,
                   const std::stop_token& stop, ObservedNode& seen) {
  try {
    const auto result = ports.guests.run(
        ssh_target_of(lab, node, paths),
        {.script = read_marks, .input = {}, .timeout = std::chrono::seconds(20), .on_line = {}},
        stop);
    seen.reached = result.exit_code == 0;
    for (const auto& line : lines(result.out)) {
      const auto blank = line.find(' ');
      if (blank != std::string::npos) seen.marks[line.substr(0, blank)] = line.substr(blank + 1);
    }
    if (!seen.reached) seen.unreachable_because = std::string(trim(result.err));
  } catch (const Unreachable& error) {
    seen.unreachable_because = error.message();
  } catch (const Untrusted& error) {
    seen.untrusted_because = error.message();
  }
}

bool lies_below(const fs::path& directory, const fs::path& file) {
  const auto inside = file.lexically_relative(directory).string();
  return !inside.empty() && !inside.starts_with("..");
}

/// What must be the same for one domain to go on from another's memory.
std::string emulator_of(const Lab& lab, Ports& ports) {
  const auto info = ports.hypervisor.info();
  auto text = fmt::format("QEMU {}, libvirt {}", info.qemu_version, info.libvirt_version);
  if (lab.accelerator != Accelerator::kvm) return text;
  // A guest on KVM has the host's own processor.
  for (const auto& line : lines(ports.system.read("/proc/cpuinfo").value_or(""))) {
    if (line.empty()) break;  // the first one stands for all
    if (line.starts_with("model") || line.starts_with("flags")) text += "\n" + line;
  }
  return text;
}

/// Only what a plan may fork from is asked for.
void observe_templates(const Lab& lab, const Paths& paths, Ports& ports, Observed& observed) {
  const auto forkable = [](const auto& image) { return image.second.forkable; };
  if (std::ranges::none_of(lab.images, forkable)) return;
  observed.emulator = emulator_of(lab, ports);
  for (const auto& name : ports.system.list(paths.templates())) {
    if (ports.system.stat(paths.template_files(name).sum)) observed.templates.insert(name);
  }
}

void observe_disks(const Lab& lab, const Node& node, const Paths& paths, Ports& ports,
                   ObservedNode& seen) {
  std::vector<fs::path> files = {paths.root_disk(lab.name, node.name)};
  for (const auto& disk : node.disks) files.push_back(paths.data_disk(lab.name, node.name, disk));
  for (const auto& file : files) {
    if (auto disk = ports.images.disk(file)) seen.disks[file.filename().string()] = *disk;
  }
  const auto root = seen.disks.find(files.front().filename().string());
  if (root != seen.disks.end() && !root->second.backing_file.empty()) {
    const fs::path backing = root->second.backing_file;
    seen.backing_lost = !ports.system.stat(backing);
    if (lies_below(paths.templates(), backing)) {
      if (const auto disk = ports.images.disk(backing)) seen.template_image = disk->backing_file;
      seen.backing_lost = seen.backing_lost || !ports.system.stat(seen.template_image);
    }
  }
  if (ports.system.stat(paths.seed(lab.name, node.name))) {
    const auto hash = ports.system.read(paths.seed_hash(lab.name, node.name));
    seen.seed_hash = hash ? std::string(trim(*hash)) : std::string();
  }
}

}  // namespace

Observed observe_host(const Lab& lab, const Settings& settings, Ports& ports) {
  Observed observed;
  observed.directory = ports.system.stat(settings.paths.lab(lab.name)).has_value();
  for (auto& network : ports.hypervisor.networks()) {
    if (network.name == lab.network.name) observed.network = std::move(network);
  }
  std::map<std::string, std::string> node_of;  // domain name -> node
  for (const auto& node : lab.nodes) {
    observed.nodes[node.name].forking =
        ports.system.stat(settings.paths.memory(lab.name, node.name)).has_value();
    node_of[node.domain_name] = node.name;
  }
  for (auto& domain : ports.hypervisor.domains()) {
    const auto named = node_of.find(domain.name);
    if (named != node_of.end()) {
      observed.nodes[named->second].domain = std::move(domain);
    } else if (domain.label && domain.label->lab == lab.name) {
      const auto node = domain.label->node;
      observed.nodes[node].domain = std::move(domain);
    }
  }
  return observed;
}

Observed observe_disks(const Lab& lab, const Settings& settings, Ports& ports) {
  const auto& paths = settings.paths;
  auto observed = observe_host(lab, settings, ports);
  for (auto& [name, seen] : observed.nodes) {
    if (!seen.domain || !seen.domain->label || seen.domain->label->lab != lab.name) continue;
    for (auto& snapshot : ports.hypervisor.snapshots(seen.domain->name)) {
      seen.snapshots[snapshot.name] = std::move(snapshot.description);
    }
  }
  observed.intent = ports.system.read(paths.intent(lab.name)).value_or("");
  for (const auto& [name, image] : lab.images) {
    observed.base_images[name] = ports.system.stat(paths.base_image(image)).has_value();
    observed.prepared_images[name] = ports.system.stat(paths.prepared_image(image)).has_value();
  }
  observe_templates(lab, paths, ports, observed);
  if (observed.directory) observed.keys = keys_present(lab, paths, ports);
  for (const auto& node : lab.nodes) {
    if (observed.directory) observe_disks(lab, node, paths, ports, observed.nodes[node.name]);
  }
  return observed;
}

Observed observe(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop) {
  const auto& paths = settings.paths;
  auto observed = observe_disks(lab, settings, ports);
  for_all(lab.nodes.size(), asked_at_once, [&](std::size_t i) {
    const auto& node = lab.nodes[i];
    auto& seen = observed.nodes.at(node.name);
    const bool running = seen.domain && seen.domain->label && seen.domain->label->lab == lab.name &&
                         seen.domain->state == DomainState::running;
    // Without a pin it is not talked to; planning makes it.
    const bool trusted = observed.keys.contains("") && observed.keys.contains(node.name);
    if (running && trusted) observe_guest(lab, node, paths, ports, stop, seen);
  });
  return observed;
}

}  // namespace vmlab
