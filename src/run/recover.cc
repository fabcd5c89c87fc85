// Going back: nodes to their prepared phase, labs to their checkpoints.
#include <fmt/format.h>

#include <algorithm>

#include "run/lab_run.h"

namespace vmlab {

namespace {

/// Nodes that may go at once; then each further master by itself.
std::vector<std::vector<std::string>> batches_of(const Lab& lab, const ResetOptions& options) {
  std::vector<std::string> first;
  std::vector<std::vector<std::string>> batches;
  const auto masters = lab.with_role(Role::master).size();
  const auto wished = static_cast<std::size_t>(std::ranges::count_if(
      options.nodes, [&](const std::string& name) { return lab.node(name).role == Role::master; }));
  const bool one_by_one = options.then_up && !options.force && wished > 1 && wished < masters;
  for (const auto& name : options.nodes) {
    if (one_by_one && lab.node(name).role == Role::master) {
      batches.push_back({name});
    } else {
      first.push_back(name);
    }
  }
  if (!first.empty()) batches.insert(batches.begin(), std::move(first));
  return batches;
}

}  // namespace

RunSummary reset(const Lab& lab, const ResetOptions& options, const Settings& settings,
                 Ports& ports, Reporter& reporter, std::stop_token stop) {
  refuse_protected(lab.name, settings, ports.system);
  auto wanted = options;
  if (wanted.nodes.empty()) {
    for (const auto& node : lab.nodes) wanted.nodes.push_back(node.name);
  }
  LabRun run(lab, settings, ports, reporter, std::move(stop));
  for (auto& batch : batches_of(run.lab(), wanted)) {
    const auto plan = plan_reset(run.lab(), run.recall(), settings.paths,
                                 {.nodes = std::move(batch),
                                  .cold = options.cold,
                                  .force = options.force,
                                  .checkpoints = settings.checkpoints});
    if (!run.apply(plan)) break;
    if (options.then_up && !run.up()) break;
  }
  return run.end();
}

std::vector<Checkpoint> checkpoints(const Lab& lab, const Settings& settings, Ports& ports) {
  return checkpoints_of(lab, observe_disks(lab, settings, ports));
}

RunSummary save_lab(const Lab& lab, const std::string& name, bool replace, const Settings& settings,
                    Ports& ports, Reporter& reporter, std::stop_token stop) {
  require_checkpoint_name(name);
  LabRun run(lab, settings, ports, reporter, std::move(stop));
  run.apply(plan_save(run.lab(), run.observe(), settings.paths, name, replace));
  return run.end();
}

RunSummary restore_lab(const Lab& lab, const std::string& name, const Settings& settings,
                       Ports& ports, Reporter& reporter, std::stop_token stop) {
  LabRun run(lab, settings, ports, reporter, std::move(stop));
  run.apply(
      plan_restore(run.lab(), observe_disks(run.lab(), settings, ports), settings.paths, name));
  return run.end();
}

RunSummary delete_checkpoint(const Lab& lab, const std::string& name, const Settings& settings,
                             Ports& ports, Reporter& reporter, std::stop_token stop) {
  LabRun run(lab, settings, ports, reporter, std::move(stop));
  run.apply(plan_delete_checkpoint(run.lab(), observe_disks(run.lab(), settings, ports), name));
  return run.end();
}

}  // namespace vmlab
