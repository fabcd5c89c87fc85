#include "plan/power.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "dcos/gates.h"
#include "dcos/install.h"
#include "lab/readiness.h"

namespace vmlab {

namespace {

using Ids = std::vector<std::string>;

class PowerPlan {
 public:
  PowerPlan(const Lab& lab, const Observed& observed, const PowerWish& wish)
      : lab_(lab), observed_(observed), wish_(wish) {
    for (const auto& name : wish.nodes) (void)lab.node(name);  // says what is meant
    for (const auto& node : lab.nodes) {
      const bool wanted =
          wish.nodes.empty() || std::ranges::find(wish.nodes, node.name) != wish.nodes.end();
      if (!wanted) continue;
      require_own(node);
      refuse_half_forked(node);
      if (node.role == Role::bootstrap) {
        bootstrap_.push_back(&node);
      } else if (node.role == Role::master) {
        masters_.push_back(&node);
      } else {
        others_.push_back(&node);
      }
    }
  }

  Plan start() {
    auto ready = start_all(bootstrap_, {});
    ready = start_all(masters_, ready);
    if (!ready.empty() && !masters_.empty()) ready = await_quorum("", ready);
    start_all(others_, ready);
    await_service();
    return std::move(plan_);
  }

  Plan stop() {
    refuse_lost_quorum();
    auto gone = stop_all(others_, {});
    gone = stop_all(masters_, gone);
    stop_all(bootstrap_, gone);
    return std::move(plan_);
  }

  Plan restart() {
    auto ready = restart_one_by_one(bootstrap_, {});
    if (wish_.force || !wish_.installed) {
      Ids all;
      for (const Node* master : masters_) restart_node(*master, ready, all);
      if (!all.empty()) ready = all;
    } else {
      // One that is down is no part of the quorum: it comes first.
      std::ranges::stable_partition(masters_, [this](const Node* node) { return !runs(*node); });
      if (!masters_.empty()) ready = look_for_quorum_without(*masters_.front(), ready);
      ready = restart_one_by_one(masters_, ready);
    }
    Ids done;
    for (const Node* node : others_) restart_node(*node, ready, done);
    await_service();
    return std::move(plan_);
  }

 private:
  const DomainInfo* domain_of(const Node& node) const {
    const auto seen = observed_.nodes.find(node.name);
    return seen != observed_.nodes.end() && seen->second.domain ? &*seen->second.domain : nullptr;
  }

  void require_own(const Node& node) const {
    const auto* domain = domain_of(node);
    if (domain == nullptr) {
      throw Error(fmt::format("cannot find node '{}': it has no domain", node.name),
                  fmt::format("`vmlab up {}` makes it", lab_.name));
    }
    if (!domain->label || domain->label->lab != lab_.name) {
      throw Error(fmt::format("cannot touch domain '{}': vmlab did not make it", domain->name));
    }
  }

  /// Its disk goes on from a moment that only the memory which it was not given knows.
  void refuse_half_forked(const Node& node) const {
    const auto seen = observed_.nodes.find(node.name);
    if (seen == observed_.nodes.end() || !seen->second.forking) return;
    throw Error(
        fmt::format("cannot start or stop '{}': it was cut off while it was forked, and its "
                    "disk is half made",
                    node.name),
        fmt::format("`vmlab up {}` makes it anew", lab_.name));
  }

  bool runs(const Node& node) const {
    const auto* domain = domain_of(node);
    return domain != nullptr && domain->state == DomainState::running;
  }

  void refuse_lost_quorum() const {
    const auto all = lab_.with_role(Role::master);
    if (wish_.force || !wish_.installed || masters_.empty() || masters_.size() == all.size())
      return;
    const auto left = std::ranges::count_if(all, [&](const Node* master) {
      return runs(*master) && std::ranges::find(masters_, master) == masters_.end();
    });
    const auto needed = static_cast<std::ptrdiff_t>(all.size() / 2 + 1);
    if (left >= needed) return;
    throw Error(fmt::format("cannot stop {} of {} masters: {} would be left running, {} must serve "
                            "for a quorum",
                            masters_.size(), all.size(), left, needed),
                "`vmlab stop` without names stops the whole lab; --force does it all the same");
  }

  bool has(const std::string& id) const {
    return std::ranges::find(plan_.steps, id, &PlannedStep::id) != plan_.steps.end();
  }

  std::string add(std::string id, const std::string& node, std::string title, std::string why,
                  Step step, Ids after, Pool pool = Pool::none) {
    plan_.steps.push_back({.id = id,
                           .node = node,
                           .title = std::move(title),
                           .why = std::move(why),
                           .hash = {},
                           .step = std::move(step),
                           .after = std::move(after),
                           .pool = pool});
    return id;
  }

  std::string await(Gate gate, const std::string& id, const std::string& node,
                    const std::string& why, Ids after) {
    auto title = "wait for " + gate.what;
    AwaitGate step;
    step.gate = std::move(gate);
    return add(id, node, std::move(title), why, std::move(step), std::move(after));
  }

  std::string start_node(const Node& node, const std::string& why, Booting booting, Ids after) {
    auto started = add("start/" + node.name, node.name, "start " + node.name, why,
                       StartDomain{node.domain_name}, std::move(after), Pool::boot);
    return await(ssh_gate(lab_, node, booting), "gate/ssh/" + node.name, node.name, why,
                 {std::move(started)});
  }

  /// Ids after which all of them answer; what is given when all run already.
  Ids start_all(const std::vector<const Node*>& nodes, const Ids& after) {
    Ids ready;
    for (const Node* node : nodes) {
      if (runs(*node)) continue;
      const bool paused = domain_of(*node)->state == DomainState::paused;
      ready.push_back(start_node(*node, "not running", paused ? Booting::no : Booting::now, after));
    }
    return ready.empty() ? after : ready;
  }

  /// Nothing to wait for in a lab without a cluster.
  Ids await_quorum(const std::string& master, const Ids& after) {
    if (!wish_.installed) return after;
    auto gate = zookeeper_quorum_gate(lab_);
    const auto id = master.empty() ? gate.id : gate.id + "/" + master;
    return {await(std::move(gate), id, master, "masters were started", after)};
  }

  /// Before the first running master goes; the others wait for one another.
  Ids look_for_quorum_without(const Node& master, const Ids& after) {
    if (!runs(master) || lab_.with_role(Role::master).size() == 1) return after;
    auto gate = remaining_quorum_gate(lab_, master);
    auto title = "look whether the others keep a quorum without " + master.name;
    AwaitGate step;
    auto id = gate.id;
    step.gate = std::move(gate);
    return {add(std::move(id), master.name, std::move(title),
                "a master goes (--force does not ask)", std::move(step), after)};
  }

  /// What was started is of use when the cluster says so: its nodes' own gates, and the cluster's.
  /// Where a node stays down they would not pass.
  void await_service() {
    if (!wish_.installed) return;
    std::set<std::string> started;
    Ids after;
    for (const auto& step : plan_.steps) {
      if (std::holds_alternative<StartDomain>(step.step)) started.insert(step.node);
      if (std::holds_alternative<AwaitGate>(step.step)) after.push_back(step.id);
    }
    const bool all_run = std::ranges::all_of(lab_.nodes, [&](const Node& node) {
      const auto* domain = domain_of(node);
      return started.contains(node.name) ||
             (domain != nullptr && domain->state == DomainState::running);
    });
    if (started.empty() || !all_run) return;
    const bool master_was = std::ranges::any_of(
        masters_, [&](const Node* node) { return started.contains(node->name); });
    for (auto& item : install_items(lab_)) {
      auto* gate = std::get_if<Gate>(&item.work);
      if (gate == nullptr || has(item.id)) continue;
      if (item.node.empty() ? master_was : started.contains(item.node)) {
        await(std::move(*gate), item.id, item.node, "nodes were started", after);
      }
    }
  }

  std::string stop_node(const Node& node, Ids after) {
    return add("shutdown/" + node.name, node.name, "shut down " + node.name, "requested",
               ShutDown{node.name, node.domain_name}, std::move(after));
  }

  Ids stop_all(const std::vector<const Node*>& nodes, const Ids& after) {
    Ids gone;
    for (const Node* node : nodes) {
      if (domain_of(*node)->state != DomainState::shut_off) gone.push_back(stop_node(*node, after));
    }
    return gone.empty() ? after : gone;
  }

  void restart_node(const Node& node, const Ids& after, Ids& ready) {
    ready.push_back(start_node(node, "requested", Booting::now, {stop_node(node, after)}));
  }

  Ids restart_one_by_one(const std::vector<const Node*>& nodes, Ids after) {
    for (const Node* node : nodes) {
      Ids ready;
      restart_node(*node, after, ready);
      after = node->role == Role::master ? await_quorum(node->name, ready) : ready;
    }
    return after;
  }

  const Lab& lab_;
  const Observed& observed_;
  const PowerWish& wish_;
  std::vector<const Node*> bootstrap_, masters_, others_;
  Plan plan_;
};

}  // namespace

Plan plan_start(const Lab& lab, const Observed& observed, const PowerWish& wish) {
  return PowerPlan(lab, observed, wish).start();
}
Plan plan_stop(const Lab& lab, const Observed& observed, const PowerWish& wish) {
  return PowerPlan(lab, observed, wish).stop();
}
Plan plan_restart(const Lab& lab, const Observed& observed, const PowerWish& wish) {
  return PowerPlan(lab, observed, wish).restart();
}

}  // namespace vmlab
