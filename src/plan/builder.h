// Collects the steps of a plan; the parts of planning share it.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dcos/install.h"
#include "lab/cloud_init.h"
#include "lab/domain_xml.h"
#include "plan/plan.h"

namespace vmlab {

class PlanBuilder {
 public:
  PlanBuilder(const Lab& lab, const Observed& observed, const Paths& paths, bool checkpoints)
      : lab_(lab),
        observed_(observed),
        paths_(paths),
        checkpoints_(checkpoints),
        seed_hashes_(lab) {}

  const Lab& lab() const { return lab_; }
  const Observed& observed() const { return observed_; }
  const Paths& paths() const { return paths_; }
  /// Whether nodes and lab get the checkpoints that come by themselves.
  bool checkpoints() const { return checkpoints_; }
  /// Path of an image's prepared disk; its name is a hash of the whole image, computed once.
  const std::filesystem::path& prepared_image(const std::string& image);
  /// Of the lab's own nodes; these and the items are dear, and computed once.
  const std::string& seed_hash(const Node& node) { return seed_hashes_.of(node); }
  const DomainFiles& files_of(const Node& node);
  const LabelledXml& definition(const Node& node);
  /// Says from which template a node is forked when it is made; else it is booted.
  void fork(const Node& node, std::string from) { forks_[&node] = std::move(from); }
  /// Empty: it is booted.
  std::string fork_of(const Node& node) const;
  const std::vector<InstallItem>& items();
  /// What is known of a node; an empty value for one never seen.
  const ObservedNode& seen(const std::string& node) const;

  /// Adds a step and returns its id. Dependencies that are not in the plan are dropped: they are
  /// done.
  const std::string& add(PlannedStep step);
  bool has(const std::string& id) const { return ids_.contains(id); }
  /// Whether the plan gives a node a new disk.
  bool makes_anew(const std::string& node) const;
  void note(std::string sentence) { plan_.notes.push_back(std::move(sentence)); }
  void done_before(const std::string& id) { plan_.done_before.push_back(id); }
  void unknown(const std::string& node) { plan_.unknown.push_back(node); }
  bool any_unknown() const { return !plan_.unknown.empty(); }

  const std::vector<PlannedStep>& steps() const { return plan_.steps; }
  Plan take() { return std::move(plan_); }

 private:
  const Lab& lab_;
  const Observed& observed_;
  const Paths& paths_;
  bool checkpoints_;
  Plan plan_;
  std::map<std::string, std::filesystem::path> prepared_images_;
  SeedHashes seed_hashes_;
  std::unordered_map<const Node*, DomainFiles> files_;
  std::unordered_map<const Node*, LabelledXml> definitions_;
  std::unordered_map<const Node*, std::string> forks_;
  std::optional<std::vector<InstallItem>> items_;
  std::unordered_set<std::string> ids_;
};

/// What all nodes stand on: keys and network.
void plan_ground(PlanBuilder& builder);
/// Only images that something still has to be cloned from are worth making.
void plan_image(PlanBuilder& builder, const std::string& name);
/// Which of the nodes that are made anew are forked, and what they are forked from. Throws Error
/// (ExitCode::bad_input) when all must be and one cannot.
void plan_forks(PlanBuilder& builder, const std::vector<const Node*>& fresh);

/// How a node gets to where it is prepared again.
struct NodeReset {
  std::string why;
  bool cold = false;
  std::vector<std::string> after;  // ids of steps before which nothing of the node may be lost
};
/// Whether the node gets new disks, rather than go back to its checkpoint.
bool reset_makes_anew(PlanBuilder& builder, const Node& node, bool cold);
/// Returns the ids of the steps after which nothing of the old node is left.
std::vector<std::string> plan_node_reset(PlanBuilder& builder, const Node& node,
                                         const NodeReset& reset);

/// Image, network, keys, disks, domain, boot: all nodes to the prepared phase.
void plan_machines(PlanBuilder& builder);

/// Nodes that have a domain of the lab and are no longer wanted: removed when the lab says so
/// (Lab::prune), else noted.
void plan_removed_nodes(PlanBuilder& builder);

/// Names in the network's DNS: of the lab's nodes, and of those that are left as they are.
std::map<std::string, std::vector<std::string>> wanted_hosts(const PlanBuilder& builder);

/// The product's install, on nodes whose marks are known.
void plan_install(PlanBuilder& builder);

/// Nodes that were installed with another configuration, ip-detect or release.
std::vector<std::string> plan_changed_installs(PlanBuilder& builder);

/// What the id of the step begins with that restores an installed lab; of another, that one.
inline constexpr const char* restored_step = "restore/";
inline constexpr const char* rewound_step = "rewind/";

/// The checkpoint `installed`, when all of the plan's steps are done and none is there.
void plan_installed_checkpoint(PlanBuilder& builder);

/// A node's share of a checkpoint that is saved when it has what the topology wants.
CheckpointPart part_for(PlanBuilder& builder, const Node& node, std::string content);

/// Ids of the steps that no other one waits for: after these all is done.
std::vector<std::string> last_steps(const PlanBuilder& builder);

/// Id of the step that corrects a node's clock.
std::string clock_step(const std::string& node);
/// Sets it by the host's, after the steps named.
void plan_clock(PlanBuilder& builder, const Node& node, std::vector<std::string> after);

/// Id of the step after which a node is prepared.
std::string prepared_step(const std::string& node);
/// Id of the step that brings it back to its checkpoint of that moment.
std::string revert_step(const std::string& node);
/// It came so far: its mark says so, or its checkpoint, which is older than the mark.
bool was_prepared(const Node& node, const ObservedNode& seen);

}  // namespace vmlab
