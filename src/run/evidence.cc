#include "run/evidence.h"

#include <set>

#include "base/text.h"
#include "run/apply.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

std::set<std::string> nodes_of(const PlannedStep& step) {
  std::set<std::string> nodes;
  if (!step.node.empty()) nodes.insert(step.node);
  if (const auto* await = std::get_if<AwaitGate>(&step.step)) {
    for (const auto& probe : await->gate.probes) {
      nodes.insert(std::visit([](const auto& p) { return p.node; }, probe));
    }
  }
  nodes.erase("");
  return nodes;
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

}  // namespace

fs::path collect_evidence(const PlannedStep& step, const Lab& lab, const Paths& paths, Ports& ports,
                          std::stop_token stop) {
  int files = 0;
  std::string name = mark_name(step.id);
  const auto directory = paths.evidence(lab.name) / name;
  for (const auto& node : nodes_of(step)) {
    try {
      if (const auto console = ports.system.read(paths.console(lab.name, node))) {
        const auto from = console->size() > console_tail ? console->size() - console_tail : 0;
        ports.system.write(directory / (node + ".console"), console->substr(from), 0600);
        ++files;
      }
      const auto result = ports.guests.run(
          ssh_target_of(lab, lab.node(node), paths),
          {.script = guest_script, .input = {}, .timeout = std::chrono::seconds(60), .on_line = {}},
          stop);
      ports.system.write(directory / (node + ".guest"), result.out, 0600);
      ++files;
    } catch (const Error&) {
      // An unreachable guest is often the failure itself; the console is what is left of it.
      continue;
    }
  }
  return files > 0 ? directory : fs::path();
}

}  // namespace vmlab
