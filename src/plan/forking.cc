#include "plan/forking.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "lab/becoming.h"
#include "plan/builder.h"
#include "plan/images.h"

namespace vmlab {

namespace {

/// A template costs a boot and its disk: it pays from so many nodes on.
constexpr std::size_t least_forks = 2;

/// New nodes that can be forked from one template.
struct Family {
  const Node* first = nullptr;
  std::string name;
  std::vector<const Node*> nodes;
};

/// By shape, in the order of the nodes. A name is the hash of a whole image: one for each shape.
std::vector<Family> families(const PlanBuilder& builder, const std::vector<const Node*>& nodes) {
  const auto shape = [](const Node& node) {
    return std::tie(node.image, node.cpus, node.memory_mib, node.disk_mib, node.cloud_init);
  };
  std::vector<Family> all;
  for (const Node* node : nodes) {
    auto family = std::ranges::find_if(
        all, [&](const Family& known) { return shape(*known.first) == shape(*node); });
    if (family == all.end()) {
      all.push_back({node, template_name(builder.lab(), *node, builder.observed().emulator), {}});
      family = std::prev(all.end());
    }
    family->nodes.push_back(node);
  }
  return all;
}

void plan_template(PlanBuilder& builder, const Family& family, bool whole) {
  const Node& shape = *family.first;
  const auto& paths = builder.paths();
  const auto files = paths.template_files(family.name);
  plan_image(builder, shape.image);
  auto definition = template_xml(
      builder.lab(), shape, template_domain(family.name),
      {.root_disk = files.disk, .data_disks = {}, .seed = files.seed, .console = files.console});
  const auto title = template_title(shape);
  const auto& image = builder.prepared_image(shape.image);
  builder.add({.id = template_step(family.name),
               .node = {},
               .title = whole ? "check the template of " + title : "make a template of " + title,
               .why = whole ? "nodes are forked from it" : "missing",
               .hash = family.name,
               .step = MakeTemplate{.name = family.name,
                                    .domain = template_domain(family.name),
                                    .xml = std::move(definition.xml),
                                    .title = title,
                                    .image = image,
                                    .seed = template_documents(shape),
                                    .note = {.image = shape.image,
                                             .prepared = image.filename().string(),
                                             .cpus = shape.cpus,
                                             .memory_mib = shape.memory_mib,
                                             .disk_mib = shape.disk_mib,
                                             .accelerator = builder.lab().accelerator},
                                    .there = whole},
               .after = {prepare_image_step(shape.image)},
               .pool = whole ? Pool::disk : Pool::boot});
}

/// Where some nodes are forked, why others are not is worth a word.
void note_booted(PlanBuilder& builder, const std::map<std::string, std::vector<std::string>>& why) {
  for (const auto& [cause, nodes] : why) {
    builder.note(fmt::format("{} {} booted, not forked: {}", join(nodes, ", "),
                             nodes.size() == 1 ? "is" : "are", cause));
  }
}

}  // namespace

std::string template_domain(const std::string& name) {
  return "vmlab-template-" + name;
}

std::string template_title(const Node& node) {
  return fmt::format("{}, {} cpu{}, {}", node.image, node.cpus, node.cpus == 1 ? "" : "s",
                     format_size_mib(node.memory_mib));
}

std::string template_step(const std::string& name) {
  return "template/" + name;
}

std::string fork_step(const std::string& node) {
  return "fork/" + node;
}

std::string template_name(const Lab& lab, const Node& node, const std::string& emulator) {
  const std::vector<std::string> parts = {prepared_hash(lab.images.at(node.image)),
                                          std::to_string(node.disk_mib),
                                          template_xml(lab, node, template_domain({}), {}).hash,
                                          template_documents(node).user_data, emulator};
  return hash_of(parts).substr(0, 12);
}

std::string fork_obstacle(const Lab& lab, const Node& node) {
  if (!lab.images.at(node.image).forkable) {
    return fmt::format("image {} cannot be forked", node.image);
  }
  if (auto own = own_documents(node); !own.empty()) return own;
  // One place is the NIC's.
  if (node.disks.size() > spare_slots - 1) {
    return fmt::format("a template has no place for {} data disks", node.disks.size());
  }
  return {};
}

void plan_forks(PlanBuilder& builder, const std::vector<const Node*>& fresh) {
  const Lab& lab = builder.lab();
  if (lab.boot == Boot::cold) return;
  std::vector<const Node*> able;
  std::map<std::string, std::vector<std::string>> obstacles;
  for (const Node* node : fresh) {
    const auto obstacle = fork_obstacle(lab, *node);
    if (obstacle.empty()) {
      able.push_back(node);
    } else if (lab.boot == Boot::fork) {
      throw Error(fmt::format("cannot fork '{}': {}", node->name, obstacle),
                  "`boot: auto` boots what cannot be forked", ExitCode::bad_input);
    } else {
      obstacles[obstacle].push_back(node->name);
    }
  }
  bool any = false;
  for (const auto& family : families(builder, able)) {
    const bool whole = builder.observed().templates.contains(family.name);
    const bool pays = whole || family.nodes.size() >= least_forks || lab.boot == Boot::fork;
    if (!pays) continue;
    plan_template(builder, family, whole);
    for (const Node* node : family.nodes) builder.fork(*node, family.name);
    any = true;
  }
  if (any) note_booted(builder, obstacles);
}

}  // namespace vmlab
