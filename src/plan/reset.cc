// Plans that bring nodes back to the prepared phase without harm to the rest of the cluster.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "dcos/gates.h"
#include "plan/builder.h"
#include "plan/intent.h"

namespace vmlab {

namespace {

class Reset {
 public:
  Reset(const Lab& lab, const Observed& observed, const Paths& paths, const ResetWish& wish)
      : lab_(lab), wish_(wish), builder_(lab, observed, paths, wish.checkpoints) {
    for (const auto& name : wish.nodes) (void)lab.node(name);  // says what is meant
    for (const auto& node : lab.nodes) {
      if (std::ranges::find(wish.nodes, node.name) != wish.nodes.end()) nodes_.push_back(&node);
    }
    masters_ = of({Role::master});
    agents_ = of({Role::agent, Role::public_agent});
    all_masters_ = !masters_.empty() && masters_.size() == lab.with_role(Role::master).size();
  }

  Plan plan() {
    if (!wish_.force) refuse_broken_quorum();
    plan_ground(builder_);
    std::vector<const Node*> fresh;
    for (const Node* node : nodes_) {
      if (reset_makes_anew(builder_, *node, wish_.cold)) fresh.push_back(node);
    }
    plan_forks(builder_, fresh);
    const auto before = before_anything();
    for (const Node* node : nodes_) {
      plan_node_reset(builder_, *node, {wish_.why, wish_.cold, before});
    }
    auto everything = last_steps(builder_);
    builder_.add({.id = "intent-done",
                  .node = {},
                  .title = "note that all is reset",
                  .why = wish_.why,
                  .hash = {},
                  .step = RemoveFiles{builder_.paths().intent(lab_.name)},
                  .after = std::move(everything),
                  .pool = Pool::none});
    return builder_.take();
  }

 private:
  std::vector<const Node*> of(std::initializer_list<Role> roles) const {
    std::vector<const Node*> found;
    for (const Node* node : nodes_) {
      if (std::ranges::find(roles, node->role) != roles.end()) found.push_back(node);
    }
    return found;
  }

  bool installed(const Node& node) const {
    const auto& seen = builder_.seen(node.name);
    return seen.domain && seen.marks.contains(mark_name("dcos/install/" + node.name));
  }

  void refuse_broken_quorum() const {
    if (std::ranges::none_of(masters_, [&](const Node* node) { return installed(*node); })) return;
    const auto total = lab_.with_role(Role::master).size();
    if (all_masters_) {
      for (const auto& node : lab_.nodes) {
        const bool agent = node.role == Role::agent || node.role == Role::public_agent;
        if (!agent || std::ranges::find(agents_, &node) != agents_.end()) continue;
        throw Error(fmt::format("cannot reset {}: with it the cluster's whole state goes, and {} "
                                "would belong to no cluster",
                                total == 1 ? "the only master" : "all masters", node.name),
                    "--all resets the whole lab; --force does it all the same");
      }
      return;
    }
    if (masters_.size() > 1) {
      throw Error(
          fmt::format("cannot reset {} of {} masters at once: {} must serve for a quorum",
                      masters_.size(), total, total / 2 + 1),
          "--then-up resets them one after another; --force breaks the quorum, and with it all "
          "that ZooKeeper and Mesos know");
    }
  }

  /// Ids of steps that come before anything is lost.
  std::vector<std::string> before_anything() {
    std::vector<std::string> before;
    if (!wish_.force && masters_.size() == 1 && !all_masters_ && installed(*masters_.front())) {
      const Node& master = *masters_.front();
      auto gate = remaining_quorum_gate(lab_, master);
      auto title = "look whether the others keep a quorum without " + master.name;
      before.push_back(builder_.add({.id = gate.id,
                                     .node = master.name,
                                     .title = std::move(title),
                                     .why = "a master goes (--force does not ask)",
                                     .hash = {},
                                     .step = AwaitGate{std::move(gate), {}, {}, {}},
                                     .after = {},
                                     .pool = Pool::none}));
    }
    std::vector<std::string> words;
    for (const Node* node : nodes_) words.push_back(node->name);
    const auto anew = wish_.cold ? std::optional(lab_.boot) : std::nullopt;
    before.push_back(builder_.add({.id = "intent",
                                   .node = {},
                                   .title = "note what is about to be reset",
                                   .why = wish_.why,
                                   .hash = {},
                                   .step = WriteFile{builder_.paths().intent(lab_.name),
                                                     to_text(Intent{{}, std::move(words), anew})},
                                   .after = before,
                                   .pool = Pool::none}));
    if (wish_.force || all_masters_) return before;
    const auto noted = before;
    for (const Node* node : agents_) {
      if (!installed(*node)) continue;
      before.push_back(builder_.add({.id = "agent-gone/" + node->name,
                                     .node = node->name,
                                     .title = fmt::format("mark {} gone in Mesos", node->name),
                                     .why = "its tasks go elsewhere at once",
                                     .hash = {},
                                     .step = MarkAgentGone{node->name, {}},
                                     .after = noted,
                                     .pool = Pool::none}));
    }
    return before;
  }

  const Lab& lab_;
  const ResetWish& wish_;
  PlanBuilder builder_;
  std::vector<const Node*> nodes_;
  std::vector<const Node*> masters_;
  std::vector<const Node*> agents_;
  bool all_masters_ = false;
};

}  // namespace

Plan plan_reset(const Lab& lab, const Observed& observed, const Paths& paths,
                const ResetWish& wish) {
  return Reset(lab, observed, paths, wish).plan();
}

}  // namespace vmlab
