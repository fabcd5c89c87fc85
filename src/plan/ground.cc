// Planning of what all nodes stand on: images, keys, network.
#include <fmt/format.h>

#include "base/digest.h"
#include "base/error.h"
#include "lab/network_xml.h"
#include "plan/builder.h"
#include "plan/drift.h"
#include "plan/images.h"

namespace vmlab {

namespace {

bool flag(const std::map<std::string, bool>& flags, const std::string& name) {
  const auto found = flags.find(name);
  return found != flags.end() && found->second;
}

void plan_keys(PlanBuilder& builder) {
  std::vector<std::string> missing;
  if (!builder.observed().keys.contains("")) missing.emplace_back();
  std::vector<std::string> words;
  for (const auto& node : builder.lab().nodes) {
    words.push_back(node.name);
    words.push_back(node.address.text());
    if (!builder.observed().keys.contains(node.name)) missing.push_back(node.name);
  }
  if (missing.empty()) return;
  builder.add({.id = "keys",
               .node = {},
               .title = "make ssh keys",
               .why = "missing",
               .hash = hash_of(words),
               .step = MakeKeys{std::move(missing)},
               .after = {},
               .pool = Pool::none});
}

void plan_network(PlanBuilder& builder) {
  const Lab& lab = builder.lab();
  const auto& found = builder.observed().network;
  const auto [xml, hash] = network_xml(lab, builder.paths().root.string());
  std::string why = "missing";
  if (found) {
    if (!found->label || found->label->lab != lab.name) {
      throw Error(
          fmt::format("cannot define network '{}': the name is held by {}", lab.network.name,
                      found->label ? "lab '" + found->label->lab + "'"
                                   : std::string("a network that vmlab did not make")),
          "give the lab another name");
    }
    const auto hosts = wanted_hosts(builder);
    if (found->label->hash != hash) {
      throw Error(
          fmt::format("cannot change network '{}' while its lab stands: its definition "
                      "differs from the topology",
                      lab.network.name),
          fmt::format("`vmlab down {}` first, or restore the topology's network", lab.name));
    }
    if (auto changed = network_drift(lab, *found); !changed.empty()) {
      builder.note(std::move(changed));
    }
    if (found->active) {
      if (found->hosts == hosts) return;
      std::vector<std::string> words;
      for (const auto& [address, names] : hosts) {
        words.push_back(address);
        words.insert(words.end(), names.begin(), names.end());
      }
      // A node's address is asked for here until it is marked gone.
      std::vector<std::string> after;
      for (const auto& step : builder.steps()) {
        if (std::holds_alternative<MarkAgentGone>(step.step)) after.push_back(step.id);
      }
      builder.add({.id = "dns",
                   .node = {},
                   .title = "update names in the network's DNS",
                   .why = "changed: the nodes' names",
                   .hash = hash_of(words),
                   .step = SetDnsHosts{lab.network.name, hosts},
                   .after = std::move(after),
                   .pool = Pool::network});
      return;
    }
    why = "not active";
  }
  builder.add(
      {.id = "network",
       .node = {},
       .title = fmt::format("define network {} ({})", lab.network.name, lab.network.cidr.text()),
       .why = why,
       .hash = hash,
       .step = DefineNetwork{lab.network.name, xml},
       .after = {},
       .pool = Pool::network});
}

}  // namespace

void plan_image(PlanBuilder& builder, const std::string& name) {
  const Image& image = builder.lab().images.at(name);
  const auto& observed = builder.observed();
  if (flag(observed.prepared_images, name) || builder.has(prepare_image_step(name))) return;
  const ImageWish wish{.base = !flag(observed.base_images, name), .prepared = true};
  for (auto& step : image_steps(image, name, wish)) builder.add(std::move(step));
}

void plan_ground(PlanBuilder& builder) {
  plan_keys(builder);
  plan_network(builder);
}

}  // namespace vmlab
