// How far a lab and its nodes have come.
#include <algorithm>
#include <iterator>
#include <set>

#include "dcos/install.h"
#include "plan/builder.h"
#include "plan/drift.h"
#include "plan/forking.h"
#include "plan/history.h"
#include "run/session.h"

namespace vmlab {

namespace {

/// Steps that make a node's disk anew: what was done on it before is gone.
bool forgets(const std::string& id, const std::string& node) {
  return id == "overlay/" + node || id == "wipe/" + node || id == fork_step(node) ||
         id == revert_step(node);
}

std::string release_of(const Lab& lab) {
  if (!lab.dcos) return {};
  const auto& release = lab.dcos->release;
  if (release.practice) return "practice";
  return release.url.empty() ? release.path : release.url;
}

}  // namespace

void remember_marks(const Lab& lab, const Settings& settings, Ports& ports, Observed& observed) {
  const auto text = ports.system.read(settings.paths.history(lab.name));
  if (!text) return;
  std::map<std::string, std::string> node_of;  // id of a step that leaves a mark -> node
  for (const auto& node : lab.nodes) node_of[prepared_step(node.name)] = node.name;
  if (lab.dcos) {
    for (const auto& item : install_items(lab)) node_of[item.id] = item.node;
  }
  for (const auto& entry : parse_history(*text)) {
    if (entry.result != "done") continue;
    if (const auto found = node_of.find(entry.id); found != node_of.end()) {
      observed.nodes[found->second].marks[mark_name(entry.id)];
      continue;
    }
    if (entry.id.starts_with(restored_step)) {
      // A checkpoint of an installed lab: all marks are there again.
      for (const auto& [id, node] : node_of) observed.nodes[node].marks[mark_name(id)];
      continue;
    }
    const auto node = entry.id.substr(entry.id.rfind('/') + 1);
    if (!forgets(entry.id, node)) continue;
    auto& marks = observed.nodes[node].marks;
    marks.clear();
    if (entry.id == revert_step(node)) marks[mark_name(prepared_step(node))];
  }
}

LabStatus status(const Lab& lab, Ask ask, const Settings& settings, Ports& ports,
                 std::stop_token stop) {
  auto observed = ask == Ask::guests ? observe(lab, settings, ports, std::move(stop))
                                     : observe_host(lab, settings, ports);
  if (ask == Ask::host) remember_marks(lab, settings, ports, observed);
  LabStatus result;
  result.name = lab.name;
  result.file = lab.file;
  result.network = lab.network.cidr.text();
  result.release = release_of(lab);
  const auto phases = phases_of(lab, observed);
  result.phase = Phase::installed;
  std::set<std::string> wanted;
  for (const auto& node : lab.nodes) {
    const auto& seen = observed.nodes.at(node.name);
    wanted.insert(node.name);
    NodeStatus line;
    line.name = node.name;
    line.group = node.group;
    line.role = node.role;
    line.address = node.address;
    line.phase = phases.at(node.name);
    line.domain_state = seen.domain ? to_text(seen.domain->state) : "absent";
    line.asked = ask == Ask::guests;
    line.reached = seen.reached;
    line.note = seen.unreachable_because;
    line.cpus = node.cpus;
    line.memory_mib = node.memory_mib;
    result.phase = std::min(result.phase, line.phase);
    result.nodes.push_back(std::move(line));
  }
  if (ports.system.stat(settings.paths.protection(lab.name))) {
    result.notes.emplace_back("it is protected: `down`, `reset` and `up --replace` refuse");
  }
  std::ranges::move(drift(lab, observed, settings.paths), std::back_inserter(result.notes));
  for (const auto& [name, seen] : observed.nodes) {
    const bool own = seen.domain && seen.domain->label && seen.domain->label->lab == lab.name;
    if (own && !wanted.contains(name)) {
      result.notes.push_back("node '" + name + "' is no longer in the topology");
    }
  }
  return result;
}

}  // namespace vmlab
