#include "plan/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/error.h"
#include "dcos/config.h"
#include "dcos/install.h"
#include "plan/builder.h"
#include "plan/intent.h"

namespace vmlab {

std::string to_text(Phase phase) {
  switch (phase) {
    case Phase::absent:
      return "absent";
    case Phase::defined:
      return "defined";
    case Phase::booting:
      return "booting";
    case Phase::prepared:
      return "prepared";
    case Phase::installing:
      return "installing";
    case Phase::installed:
      return "installed";
  }
  return "unknown";
}

std::string to_text(DomainState state) {
  switch (state) {
    case DomainState::shut_off:
      return "shut off";
    case DomainState::running:
      return "running";
    case DomainState::paused:
      return "paused";
    case DomainState::crashed:
      return "crashed";
    case DomainState::other:
      break;
  }
  return "not running";
}

std::string state_text(const DomainInfo& domain) {
  const auto state = to_text(domain.state);
  return domain.reason.empty() ? state : state + " (" + domain.reason + ")";
}

std::string mark_name(const std::string& step_id) {
  std::string name = step_id;
  std::ranges::replace(name, '/', '.');
  return name;
}

namespace {

/// What an earlier run began; nullopt when there is nothing that can be ended.
std::optional<Plan> plan_to_end(const Lab& lab, const Observed& observed, const Paths& paths,
                                PlanBuilder& builder) {
  const auto intent = parse_intent(observed.intent);
  if (!intent) return std::nullopt;
  // What the command line wished then goes before the topology, as it did then.
  Lab as_begun = lab;
  if (intent->anew && *intent->anew != Boot::automatic) as_begun.boot = *intent->anew;
  try {
    auto plan = intent->restore.empty() ? plan_reset(as_begun, observed, paths,
                                                     {.nodes = intent->reset,
                                                      .cold = intent->anew.has_value(),
                                                      .force = true,
                                                      .why = "a reset was cut off",
                                                      .checkpoints = builder.checkpoints()})
                                        : plan_restore(lab, observed, paths, intent->restore);
    plan.notes.insert(plan.notes.begin(),
                      intent->restore.empty()
                          ? "a reset was cut off: it is ended first"
                          : fmt::format("restoring checkpoint '{}' was cut off: it is done again",
                                        intent->restore));
    for (const auto& node : lab.nodes) plan.unknown.push_back(node.name);
    return plan;
  } catch (const Error& error) {
    builder.note(fmt::format("what an earlier run began cannot be ended: {}", error.message()));
    builder.add({.id = "intent-done",
                 .node = {},
                 .title = "forget what an earlier run began",
                 .why = "it cannot be ended",
                 .hash = {},
                 .step = RemoveFiles{paths.intent(lab.name)},
                 .after = {},
                 .pool = Pool::none});
  }
  return std::nullopt;
}

}  // namespace

Plan plan_up(const Lab& lab, const Observed& observed, const Paths& paths, bool checkpoints) {
  PlanBuilder builder(lab, observed, paths, checkpoints);
  if (auto plan = plan_to_end(lab, observed, paths, builder)) return std::move(*plan);
  if (auto changed = plan_changed_installs(builder); !changed.empty()) {
    ResetWish wish{.nodes = {},
                   .cold = false,
                   .force = true,
                   .why = "installed differently",
                   .checkpoints = checkpoints};
    for (const auto& node : lab.nodes) {
      if (node.role != Role::bootstrap && node.role != Role::plain) wish.nodes.push_back(node.name);
    }
    auto plan = plan_reset(lab, observed, paths, wish);
    plan.must_wipe = std::move(changed);
    plan.unknown = std::move(wish.nodes);
    return plan;
  }
  plan_machines(builder);
  if (lab.dcos) {
    auto lint = lint_config(lab);
    for (auto& warning : lint.warnings) builder.note(std::move(warning));
    plan_install(builder);
  }
  plan_installed_checkpoint(builder);
  return builder.take();
}

Plan plan_down(const std::string& lab, const Observed& observed, const Paths& paths) {
  Plan plan;
  std::vector<std::string> domains;
  for (const auto& [name, node] : observed.nodes) {
    if (!node.domain || !node.domain->label || node.domain->label->lab != lab) continue;
    domains.push_back("remove-domain/" + name);
    plan.steps.push_back({.id = domains.back(),
                          .node = name,
                          .title = fmt::format("remove domain {}", node.domain->name),
                          .why = "requested",
                          .hash = {},
                          .step = RemoveDomain{node.domain->name},
                          .after = {},
                          .pool = Pool::none});
  }
  if (observed.network && observed.network->label && observed.network->label->lab == lab) {
    plan.steps.push_back({.id = "remove-network",
                          .node = {},
                          .title = fmt::format("remove network {}", observed.network->name),
                          .why = "requested",
                          .hash = {},
                          .step = RemoveNetwork{observed.network->name},
                          .after = domains,
                          .pool = Pool::network});
  }
  if (observed.directory) {
    auto after = domains;
    after.emplace_back("remove-network");
    std::erase_if(after, [&](const std::string& id) {
      return std::ranges::none_of(plan.steps, [&](const auto& step) { return step.id == id; });
    });
    plan.steps.push_back({.id = "remove-files",
                          .node = {},
                          .title = "remove disks, keys and logs",
                          .why = "requested",
                          .hash = {},
                          .step = RemoveFiles{paths.lab(lab)},
                          .after = std::move(after),
                          .pool = Pool::none});
  }
  return plan;
}

std::map<std::string, Phase> phases_of(const Lab& lab, const Observed& observed) {
  // Tasks of the install: wanted, and those of them that left their mark.
  std::map<std::string, std::pair<std::size_t, std::size_t>> tasks;
  if (lab.dcos) {
    for (const auto& item : install_items(lab)) {
      const auto seen = observed.nodes.find(item.node);
      if (seen == observed.nodes.end() || !std::holds_alternative<GuestTask>(item.work)) continue;
      auto& [wanted, done] = tasks[item.node];
      ++wanted;
      if (seen->second.marks.contains(mark_name(item.id))) ++done;
    }
  }
  std::map<std::string, Phase> phases;
  for (const auto& node : lab.nodes) {
    auto& phase = phases[node.name];
    const auto found = observed.nodes.find(node.name);
    if (found == observed.nodes.end() || !found->second.domain) continue;
    phase = Phase::defined;
    if (found->second.domain->state != DomainState::running) continue;
    phase = Phase::booting;
    if (!was_prepared(node, found->second)) continue;
    phase = Phase::prepared;
    const auto [wanted, done] = tasks[node.name];
    if (done > 0) phase = done == wanted ? Phase::installed : Phase::installing;
  }
  return phases;
}

}  // namespace vmlab
