#include "run/evidence.h"

#include <atomic>
#include <set>
#include <utility>
#include <vector>

#include "base/text.h"
#include "run/apply.h"
#include "run/for_all.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> nodes_of(const PlannedStep& step) {
  std::set<std::string> nodes;
  if (!step.node.empty()) nodes.insert(step.node);
  if (const auto* await = std::get_if<AwaitGate>(&step.step)) {
    for (const auto& probe : await->gate.probes) {
      nodes.insert(std::visit([](const auto& p) { return p.node; }, probe));
    }
  }
  nodes.erase("");
  return {nodes.begin(), nodes.end()};
}

// One script, so that a slow guest is asked once.
constexpr auto guest_script = R"(
section() { printf '\n===== %s\n' "$*"; "$@" 2>&1; }
section cat /run/cloud-init/result.json
section cat /run/cloud-init/status.json
section tail -n 80 /var/log/cloud-init-output.log
section systemctl --no-pager --failed
section systemctl --no-pager list-units 'dcos-*'
section journalctl --no-pager -b -n 150 -u 'dcos-*' -u docker
section journalctl --no-pager -b -n 60 -p warning
section df -h
section free -m
section chronyc -n tracking
:
)";

constexpr std::size_t console_tail = 65536;

/// The number of files.
int collect_from(const std::string& node, const fs::path& directory, const Lab& lab,
                 const Paths& paths, Ports& ports, std::stop_token stop) {
  int files = 0;
  try {
    if (const auto console = ports.system.read(paths.console(lab.name, node))) {
      const auto from = console->size() > console_tail ? console->size() - console_tail : 0;
      ports.system.write(directory / (node + ".console"), console->substr(from), 0600);
      ++files;
    }
    const auto result = ports.guests.run(
        ssh_target_of(lab, lab.node(node), paths),
        {.script = guest_script, .input = {}, .timeout = std::chrono::seconds(60), .on_line = {}},
        std::move(stop));
    ports.system.write(directory / (node + ".guest"), result.out, 0600);
    ++files;
  } catch (const Error&) {
    // An unreachable guest is often the failure itself; the console is what is left of it.
  } catch (const Cancelled&) {
    // The failure came first, and is the one to tell.
  }
  return files;
}

}  // namespace

fs::path collect_evidence(const PlannedStep& step, const Lab& lab, const Paths& paths, Ports& ports,
                          const StepProgress& progress, std::stop_token stop) {
  const auto nodes = nodes_of(step);
  if (nodes.empty()) return {};
  const auto directory = paths.evidence(lab.name) / mark_name(step.id);
  try {
    // What an earlier failure of the step left is no evidence of this one.
    ports.system.remove(directory);
  } catch (const Error&) {
    return {};
  }
  progress("collecting evidence from " + join(nodes, ", "), 0, 0);
  std::atomic<int> files = 0;
  for_all(nodes.size(), asked_at_once, [&](std::size_t i) {
    files += collect_from(nodes[i], directory, lab, paths, ports, stop);
  });
  return files > 0 ? directory : fs::path();
}

}  // namespace vmlab
