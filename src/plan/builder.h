// Collects the steps of a plan; the parts of planning share it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <unordered_set>
#include <vector>

#include "plan/plan.h"

namespace vmlab {

class PlanBuilder {
 public:
  PlanBuilder(const Lab& lab, const Observed& observed, const Paths& paths)
      : lab_(lab), observed_(observed), paths_(paths) {}

  const Lab& lab() const { return lab_; }
  const Observed& observed() const { return observed_; }
  const Paths& paths() const { return paths_; }
  /// Path of an image's prepared disk; its name is a hash of the whole image, computed once.
  const std::filesystem::path& prepared_image(const std::string& image);
  /// What is known of a node; an empty value for one never seen.
  const ObservedNode& seen(const std::string& node) const;

  /// Adds a step and returns its id. Dependencies that are not in the plan are dropped: they are
  /// done.
  const std::string& add(PlannedStep step);
  bool has(const std::string& id) const { return ids_.contains(id); }
  void note(std::string sentence) { plan_.notes.push_back(std::move(sentence)); }
  void unknown(const std::string& node) { plan_.unknown.push_back(node); }
  bool any_unknown() const { return !plan_.unknown.empty(); }

  Plan take() { return std::move(plan_); }

 private:
  const Lab& lab_;
  const Observed& observed_;
  const Paths& paths_;
  Plan plan_;
  std::map<std::string, std::filesystem::path> prepared_images_;
  std::unordered_set<std::string> ids_;
};

/// Image, network, keys, disks, domain, boot: all nodes to the prepared phase.
void plan_machines(PlanBuilder& builder);

/// The product's install, on nodes whose marks are known.
void plan_install(PlanBuilder& builder);

/// Id of the step after which a node is prepared.
std::string prepared_step(const std::string& node);

}  // namespace vmlab
