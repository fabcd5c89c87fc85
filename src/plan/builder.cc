#include "plan/builder.h"

#include "plan/forking.h"

namespace vmlab {

const ObservedNode& PlanBuilder::seen(const std::string& node) const {
  static const ObservedNode nothing;
  const auto found = observed_.nodes.find(node);
  return found == observed_.nodes.end() ? nothing : found->second;
}

const std::filesystem::path& PlanBuilder::prepared_image(const std::string& image) {
  auto& path = prepared_images_[image];
  if (path.empty()) path = paths_.prepared_image(lab_.images.at(image));
  return path;
}

const DomainFiles& PlanBuilder::files_of(const Node& node) {
  auto& files = files_[&node];
  if (files.root_disk.empty()) files = paths_.domain_files(lab_.name, node);
  return files;
}

const LabelledXml& PlanBuilder::definition(const Node& node) {
  auto& definition = definitions_[&node];
  if (definition.hash.empty()) definition = domain_xml(lab_, node, files_of(node));
  return definition;
}

std::string PlanBuilder::fork_of(const Node& node) const {
  const auto found = forks_.find(&node);
  return found == forks_.end() ? std::string() : found->second;
}

bool PlanBuilder::makes_anew(const std::string& node) const {
  return has("overlay/" + node) || has(fork_step(node));
}

const std::vector<InstallItem>& PlanBuilder::items() {
  if (!items_) items_ = install_items(lab_);
  return *items_;
}

const std::string& PlanBuilder::add(PlannedStep step) {
  std::erase_if(step.after, [this](const std::string& id) { return !ids_.contains(id); });
  ids_.insert(step.id);
  plan_.steps.push_back(std::move(step));
  return plan_.steps.back().id;
}

}  // namespace vmlab
