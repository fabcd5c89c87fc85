// Plans that save, restore and delete checkpoints of a whole lab.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <unordered_set>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "lab/readiness.h"
#include "plan/builder.h"
#include "plan/checkpoint.h"
#include "plan/intent.h"

namespace vmlab {

namespace {

/// What each node of an installed lab is made from, as a hash.
std::map<std::string, std::string> installed_contents(PlanBuilder& builder) {
  std::map<std::string, std::vector<std::string>> words;
  for (const auto& node : builder.lab().nodes) words[node.name] = {builder.seed_hash(node)};
  for (const auto& item : builder.items()) {
    if (std::holds_alternative<GuestTask>(item.work)) words[item.node].push_back(item.hash);
  }
  std::map<std::string, std::string> contents;
  for (const auto& [node, inputs] : words) contents[node] = hash_of(inputs);
  return contents;
}

/// Least phase of the lab's nodes.
Phase phase_of(const Lab& lab, const Observed& observed) {
  auto least = Phase::installed;
  for (const auto& [node, phase] : phases_of(lab, observed)) least = std::min(least, phase);
  return least;
}

PlannedStep save_step(PlanBuilder& builder, const std::string& name, std::string why, Phase phase,
                      bool optional) {
  const auto& lab = builder.lab();
  SaveCheckpoint save{.name = name, .parts = {}, .phase = to_text(phase), .optional = optional};
  const auto contents = installed_contents(builder);
  for (const auto& node : lab.nodes) {
    save.parts.push_back(part_for(builder, node, contents.at(node.name)));
  }
  return {.id = "checkpoint/" + name,
          .node = {},
          .title = fmt::format("save checkpoint {} of {} node{}", name, lab.nodes.size(),
                               lab.nodes.size() == 1 ? "" : "s"),
          .why = std::move(why),
          .hash = {},
          .step = std::move(save),
          .after = {},
          .pool = Pool::disk};
}

const Checkpoint& find(const std::vector<Checkpoint>& all, const std::string& lab,
                       const std::string& name) {
  const auto found = std::ranges::find(all, name, &Checkpoint::name);
  if (found != all.end()) return *found;
  std::vector<std::string> names;
  for (const auto& checkpoint : all) names.push_back(checkpoint.name);
  const auto near = closest(name, names);
  std::string hint = fmt::format("`vmlab checkpoint save {}` makes one", name);
  if (near) {
    hint = fmt::format("did you mean '{}'?", *near);
  } else if (!names.empty()) {
    hint = "its checkpoints: " + join(names, ", ");
  }
  throw Error(fmt::format("cannot find checkpoint '{}' of lab '{}'", name, lab), hint,
              ExitCode::bad_input);
}

/// All of an installed cluster's gates: each must hold by itself. A node's wait for its clock's, as
/// DC/OS's own checks look at the clock, and each time that they are asked costs.
void await_cluster(PlanBuilder& builder, const std::vector<std::string>& after) {
  for (const auto& item : builder.items()) {
    const auto* gate = std::get_if<Gate>(&item.work);
    if (gate == nullptr) continue;
    auto first = after;
    if (!item.node.empty()) {
      const auto clock = clock_gate_id(builder.lab().node(item.node));
      if (item.id != clock) first.push_back(clock);
    }
    builder.add({.id = item.id,
                 .node = item.node,
                 .title = item.title,
                 .why = "restored",
                 .hash = {},
                 .step = AwaitGate{*gate, {}, {}, {}},
                 .after = std::move(first),
                 .pool = Pool::none});
  }
}

void refuse_broken(const Lab& lab, const Checkpoint& checkpoint) {
  if (!checkpoint.whole()) {
    throw Error(fmt::format("cannot restore checkpoint '{}': {}", checkpoint.name,
                            join(checkpoint.broken, "; ")),
                fmt::format("save it again (`vmlab checkpoint save {} --replace`), or delete it",
                            checkpoint.name));
  }
  std::vector<std::string> without;
  std::size_t within = 0;
  for (const Node* master : lab.with_role(Role::master)) {
    const bool part =
        std::ranges::find(checkpoint.present, master->name) != checkpoint.present.end();
    within += part ? 1 : 0;
    if (!part) without.push_back(master->name);
  }
  if (within > 0 && !without.empty()) {
    throw Error(fmt::format("cannot restore checkpoint '{}': it has only part of the masters, and "
                            "an ensemble of two times loses data; without: {}",
                            checkpoint.name, join(without, ", ")),
                "take these masters out of the topology and the lab first, or delete the "
                "checkpoint");
  }
}

}  // namespace

std::vector<std::string> last_steps(const PlanBuilder& builder) {
  std::unordered_set<std::string_view> followed;
  for (const auto& step : builder.steps()) followed.insert(step.after.begin(), step.after.end());
  std::vector<std::string> last;
  for (const auto& step : builder.steps()) {
    if (!followed.contains(step.id)) last.push_back(step.id);
  }
  return last;
}

std::string clock_step(const std::string& node) {
  return "clock/" + node;
}

void plan_clock(PlanBuilder& builder, const Node& node, std::vector<std::string> after) {
  builder.add({.id = clock_step(node.name),
               .node = node.name,
               .title = fmt::format("correct the clock of {}", node.name),
               .why = "it stood still",
               .hash = {},
               .step = CorrectClock{node.name},
               .after = std::move(after),
               .pool = Pool::none});
}

CheckpointPart part_for(PlanBuilder& builder, const Node& node, std::string content) {
  return {.node = node.name,
          .domain = node.domain_name,
          .disks = disk_names(node),
          .content = std::move(content),
          .definition = builder.definition(node).hash};
}

void plan_installed_checkpoint(PlanBuilder& builder) {
  if (!builder.checkpoints() || builder.any_unknown()) return;
  const auto& lab = builder.lab();
  std::string why = "missing";
  for (const auto& checkpoint : checkpoints_of(lab, builder.observed())) {
    if (checkpoint.name != installed_checkpoint) continue;
    why = checkpoint.whole() ? "" : checkpoint.broken.front();
    const auto contents = installed_contents(builder);
    for (const auto& node : lab.nodes) {
      const auto part = part_of(lab, node.name, builder.seen(node.name), installed_checkpoint);
      if (part.broken.empty() && part.note->content != contents.at(node.name)) {
        why = fmt::format("{} was made from something else then", node.name);
      } else if (why.empty() && !part.broken.empty()) {
        why = part.broken;
      }
    }
    // A node that is made anew or reverted keeps its part only when its disk stays.
    for (const auto& node : lab.nodes) {
      if (builder.makes_anew(node.name)) why = fmt::format("{} is made anew", node.name);
    }
  }
  if (why.empty()) return;
  auto step = save_step(builder, installed_checkpoint, why, Phase::installed, true);
  step.after = last_steps(builder);
  builder.add(std::move(step));
}

Plan plan_save(const Lab& lab, const Observed& observed, const Paths& paths,
               const std::string& name, bool replace) {
  require_checkpoint_name(name);
  for (const auto& node : lab.nodes) {
    const auto seen = observed.nodes.find(node.name);
    const bool known = seen != observed.nodes.end() && seen->second.domain;
    if (!known || !seen->second.domain->label || seen->second.domain->label->lab != lab.name) {
      throw Error(
          fmt::format("cannot save checkpoint '{}': node '{}' is not there", name, node.name),
          "`vmlab up` makes what is missing");
    }
    const auto state = seen->second.domain->state;
    if (state != DomainState::running && state != DomainState::paused) {
      throw Error(fmt::format("cannot save checkpoint '{}': node '{}' is {}", name, node.name,
                              to_text(state)),
                  "`vmlab up` starts it");
    }
    const auto held = seen->second.snapshots.find(name);
    if (held != seen->second.snapshots.end() && !parse_snapshot_note(held->second)) {
      throw Error(fmt::format("cannot save checkpoint '{}': {} has a snapshot of that name that "
                              "vmlab did not make",
                              name, node.name),
                  "take another name");
    }
  }
  std::string why = "requested";
  for (const auto& checkpoint : checkpoints_of(lab, observed)) {
    if (checkpoint.name != name) continue;
    if (checkpoint.whole() && !replace) {
      throw Error(fmt::format("cannot save checkpoint '{}': there is one of that name", name),
                  "--replace gives the name to what is now");
    }
    why = checkpoint.whole() ? "replaced" : "it was not whole: " + checkpoint.broken.front();
  }
  PlanBuilder builder(lab, observed, paths, false);
  builder.add(save_step(builder, name, why, phase_of(lab, observed), false));
  return builder.take();
}

Plan plan_restore(const Lab& lab, const Observed& observed, const Paths& paths,
                  const std::string& name) {
  const auto all = checkpoints_of(lab, observed);
  const auto& checkpoint = find(all, lab.name, name);
  refuse_broken(lab, checkpoint);
  PlanBuilder builder(lab, observed, paths, false);
  plan_ground(builder);
  builder.add({.id = "intent",
               .node = {},
               .title = "note what is about to be restored",
               .why = "requested",
               .hash = {},
               .step = WriteFile{paths.intent(lab.name), to_text(Intent{name, {}, {}})},
               .after = {},
               .pool = Pool::none});
  const bool installed = checkpoint.note.phase == to_text(Phase::installed);
  const auto restore_id = (installed ? restored_step : rewound_step) + name;
  RestoreCheckpoint restore{.name = name, .domains = {}};
  for (const auto& node : checkpoint.present) {
    restore.domains.push_back(observed.nodes.at(node).domain->name);
  }
  builder.add(
      {.id = restore_id,
       .node = {},
       .title = fmt::format("restore checkpoint {} on {} node{}", name, checkpoint.present.size(),
                            checkpoint.present.size() == 1 ? "" : "s"),
       .why = "requested",
       .hash = {},
       .step = std::move(restore),
       .after = {"intent", "network", "keys"},
       .pool = Pool::disk});
  std::vector<std::string> clocks;
  for (const auto& node : lab.nodes) {
    if (std::ranges::find(checkpoint.present, node.name) == checkpoint.present.end()) {
      builder.note(
          fmt::format("{} is no part of checkpoint '{}': it stays as it is", node.name, name));
      continue;
    }
    auto ssh = ssh_gate(lab, node, Booting::no);
    auto title = "wait for " + ssh.what;
    builder.add({.id = "gate/ssh/" + node.name,
                 .node = node.name,
                 .title = std::move(title),
                 .why = "restored",
                 .hash = {},
                 .step = AwaitGate{std::move(ssh), {}, {}, {}},
                 .after = {restore_id},
                 .pool = Pool::none});
    plan_clock(builder, node, {restore_id});
    clocks.push_back(clock_step(node.name));
  }
  if (installed) await_cluster(builder, clocks);
  auto everything = last_steps(builder);
  builder.add({.id = "intent-done",
               .node = {},
               .title = "note that all is restored",
               .why = "requested",
               .hash = {},
               .step = RemoveFiles{paths.intent(lab.name)},
               .after = std::move(everything),
               .pool = Pool::none});
  return builder.take();
}

Plan plan_delete_checkpoint(const Lab& lab, const Observed& observed, const std::string& name) {
  const auto all = checkpoints_of(lab, observed);
  (void)find(all, lab.name, name);
  RemoveCheckpoint remove{.name = name, .domains = {}};
  for (const auto& [node, seen] : observed.nodes) {
    if (!seen.domain || !seen.domain->label || seen.domain->label->lab != lab.name) continue;
    const auto held = seen.snapshots.find(name);
    if (held != seen.snapshots.end() && parse_snapshot_note(held->second)) {
      remove.domains.push_back(seen.domain->name);
    }
  }
  Plan plan;
  plan.steps.push_back({.id = "delete-checkpoint/" + name,
                        .node = {},
                        .title = fmt::format("delete checkpoint {}", name),
                        .why = "requested",
                        .hash = {},
                        .step = std::move(remove),
                        .after = {},
                        .pool = Pool::disk});
  return plan;
}

}  // namespace vmlab
