// Planning of the product's install: what of it is missing, and what that needs.
#include "dcos/install.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/text.h"
#include "plan/builder.h"

namespace vmlab {

namespace {

std::set<std::string> nodes_of(const InstallItem& item) {
  std::set<std::string> nodes;
  if (!item.node.empty()) nodes.insert(item.node);
  if (const auto* gate = std::get_if<Gate>(&item.work)) {
    for (const auto& probe : gate->probes) {
      nodes.insert(std::visit([](const auto& p) { return p.node; }, probe));
    }
  }
  return nodes;
}

/// Where an item's mark lives: on its node, or the first node that it asks.
std::string mark_node(const InstallItem& item) {
  if (!item.node.empty()) return item.node;
  const auto nodes = nodes_of(item);
  return nodes.empty() ? std::string() : *nodes.begin();
}

class InstallPlan {
 public:
  explicit InstallPlan(PlanBuilder& builder) : builder_(builder), items_(builder.items()) {
    for (std::size_t i = 0; i < items_.size(); ++i) index_.emplace(items_[i].id, i);
    leaf_.assign(items_.size(), true);
    for (const auto& item : items_) {
      for (const auto& id : item.after) {
        if (const auto before = index_.find(id); before != index_.end())
          leaf_[before->second] = false;
      }
    }
  }

  void plan() {
    find_needed();
    for (const auto& item : items_) {
      if (needed_.contains(item.id)) {
        add(item);
      } else if (std::holds_alternative<GuestTask>(item.work)) {
        builder_.done_before(item.id);
      }
    }
  }

 private:
  /// Tasks leave a mark, and so do gates that nothing else waits for; other gates and the upload
  /// are there for what follows them.
  bool leaves_mark(const InstallItem& item) const {
    if (std::holds_alternative<GuestTask>(item.work)) return true;
    return std::holds_alternative<Gate>(item.work) && leaf_[index_.at(item.id)];
  }

  enum class MarkState { absent, same, other };

  MarkState mark_of(const InstallItem& item) const {
    // A node that is about to be made anew has no marks, whatever was read from it.
    const auto node = mark_node(item);
    if (builder_.makes_anew(node)) return MarkState::absent;
    const auto& marks = builder_.seen(node).marks;
    const auto mark = marks.find(mark_name(item.id));
    if (mark == marks.end()) return MarkState::absent;
    return mark->second == item.hash ? MarkState::same : MarkState::other;
  }

  void find_needed() {
    for (std::size_t i = items_.size(); i-- > 0;) {
      const auto& item = items_[i];
      if (leaves_mark(item)) {
        const auto mark = mark_of(item);
        if (mark != MarkState::same) needed_.insert(item.id);
      }
      if (!needed_.contains(item.id)) continue;
      for (const auto& id : item.after) {
        // The gates of lab/readiness.h are planned with the machines.
        const auto before = index_.find(id);
        if (before != index_.end() && !leaves_mark(items_[before->second])) needed_.insert(id);
      }
    }
  }

  void add(const InstallItem& item) {
    PlannedStep step;
    step.id = item.id;
    step.node = item.node;
    step.title = item.title;
    step.why = leaves_mark(item) ? "not done yet" : "needed by what follows";
    step.hash = item.hash;
    step.after = item.after;
    for (const auto& node : nodes_of(item)) step.after.push_back(prepared_step(node));
    const auto mark = leaves_mark(item) ? mark_name(item.id) : std::string();
    if (const auto* task = std::get_if<GuestTask>(&item.work)) {
      step.step = GuestScript{.node = item.node,
                              .mark = mark,
                              .script = task->script,
                              .input = task->input,
                              .timeout = task->timeout,
                              .explain = task->explain,
                              .warnings = task->warnings};
      // What an installation starts goes on after it; and masters come up together.
      if (!item.only_once) step.pool = Pool::guest;
    } else if (const auto* upload = std::get_if<UploadInstaller>(&item.work)) {
      builder_.add({.id = "release",
                    .node = {},
                    .title = "fetch the installer",
                    .why = "needed by what follows",
                    .hash = step.hash,
                    .step = FetchRelease{upload->release},
                    .after = {},
                    .pool = Pool::network});
      step.after.emplace_back("release");
      step.step = UploadRelease{item.node, upload->release, upload->remote};
      step.pool = Pool::guest;
    } else {
      step.step = AwaitGate{std::get<Gate>(item.work), mark, mark.empty() ? mark : mark_node(item),
                            std::nullopt};
    }
    builder_.add(std::move(step));
  }

  PlanBuilder& builder_;
  const std::vector<InstallItem>& items_;
  std::unordered_map<std::string, std::size_t> index_;
  std::vector<bool> leaf_;  // nothing waits for it
  std::unordered_set<std::string> needed_;
};

}  // namespace

std::vector<std::string> plan_changed_installs(PlanBuilder& builder) {
  std::vector<std::string> changed;
  for (const auto& item : builder.items()) {
    if (!item.only_once) continue;
    const auto& marks = builder.seen(item.node).marks;
    const auto mark = marks.find(mark_name(item.id));
    if (mark == marks.end() || mark->second == item.hash) continue;
    changed.push_back(item.node);
  }
  return changed;
}

std::string wipe_reason(const Plan& plan) {
  const bool one = plan.must_wipe.size() == 1;
  return fmt::format(
      "{} must be wiped: {} installed with another configuration, ip-detect or release",
      join(plan.must_wipe, ", "), one ? "it was" : "they were");
}

void plan_install(PlanBuilder& builder) {
  // Without the marks of every node there is no telling what is missing; the caller plans again.
  if (builder.any_unknown()) return;
  InstallPlan(builder).plan();
}

}  // namespace vmlab
