#include "lab/load_nodes.h"

#include <fmt/format.h>

#include <algorithm>

#include "lab/identity.h"
#include "lab/validate.h"

namespace vmlab {

namespace {

std::optional<Role> parse_role(std::string_view text) {
  for (const auto role :
       {Role::bootstrap, Role::master, Role::agent, Role::public_agent, Role::plain}) {
    if (text == to_text(role)) return role;
  }
  return std::nullopt;
}

const std::vector<std::string>& role_names() {
  static const std::vector<std::string> names = {"bootstrap", "master", "agent", "public_agent",
                                                 "plain"};
  return names;
}

class NodeLoader {
 public:
  NodeLoader(const NodeDefaults& defaults, References& references, Problems& problems)
      : defaults_(defaults), references_(references), problems_(problems) {}

  void group(const YamlEntry& entry);
  std::vector<NodeDraft> take() { return std::move(drafts_); }

 private:
  /// Values that a group, and again an override, may set.
  void take_values(const Section& section, NodeDraft& draft);
  void take_image(const Placed<std::string>& name, NodeDraft& draft);
  void take_fragments(const std::vector<Placed<std::string>>& names, NodeDraft& draft);
  void take_disks(const YamlTree& list, NodeDraft& draft);
  void take_address(const Placed<std::string>& text, NodeDraft& draft);
  void take_addresses(const Section& section, std::size_t first, bool counted);
  void take_overrides(const Section& section, std::size_t first);
  std::optional<Role> role(const Section& section, const std::string& group);

  const NodeDefaults& defaults_;
  References& references_;
  Problems& problems_;
  std::vector<NodeDraft> drafts_;
};

std::optional<Role> NodeLoader::role(const Section& section, const std::string& group) {
  section.require("role");
  const auto text = section.text("role");
  if (!text) return std::nullopt;
  const auto role = parse_role(text->value);
  if (!role) {
    problems_.add(text->mark, fmt::format("unknown role {} of '{}'", shown(text->value), group),
                  suggestion(text->value, role_names()));
  }
  return role;
}

void NodeLoader::group(const YamlEntry& entry) {
  if (!is_name(entry.key, 24)) {
    problems_.add(entry.mark, fmt::format("bad node name {}", shown(entry.key)), name_rule(24));
  } else if (entry.key == "localhost") {
    problems_.add(entry.mark, "bad node name 'localhost': every node calls itself that");
  }
  if (entry.value.is_null()) {
    problems_.add(entry.mark, fmt::format("node group {} has no value", shown(entry.key)),
                  "write {role: …}");
    return;
  }
  const Section section(entry.value, keys::group(), problems_, "nodes." + entry.key);
  NodeDraft model;
  model.node.group = entry.key;
  model.node.mark = entry.mark;
  model.node.cpus = defaults_.cpus;
  model.node.memory_mib = defaults_.memory_mib;
  model.node.disk_mib = defaults_.disk_mib;
  model.memory = defaults_.memory.line > 0 ? defaults_.memory : entry.mark;
  model.disk = defaults_.disk.line > 0 ? defaults_.disk : entry.mark;
  if (const auto found = role(section, entry.key)) model.node.role = *found;
  if (section.find("image") == nullptr) {
    if (defaults_.image) {
      take_image(*defaults_.image, model);
    } else {
      problems_.add(entry.mark, fmt::format("no image for '{}'", entry.key),
                    "name one at the top of the file: image: debian-12");
    }
  }
  if (section.find("cloud_init") == nullptr) take_fragments(defaults_.cloud_init, model);
  take_values(section, model);

  const bool counted = entry.value.find("count") != nullptr;
  const auto count = section.number("count", 0, most_nodes);
  const unsigned nodes = counted ? (count ? count->value : 1) : 1;
  const auto first = drafts_.size();
  if (first + nodes > most_nodes) {
    problems_.add(entry.mark, fmt::format("more than {} nodes", most_nodes));
    return;
  }
  for (unsigned i = 1; i <= nodes; ++i) {
    drafts_.push_back(model);
    drafts_.back().index = i;
    drafts_.back().node.name = counted ? fmt::format("{}-{}", entry.key, i) : entry.key;
  }
  take_addresses(section, first, counted);
  take_overrides(section, first);
}

void NodeLoader::take_values(const Section& section, NodeDraft& draft) {
  if (const auto cpus = section.number("cpus", 1, most_cpus)) draft.node.cpus = cpus->value;
  if (const auto memory = section.size_mib("memory")) {
    draft.node.memory_mib = memory->value;
    draft.memory = memory->mark;
  }
  if (const auto disk = section.size_mib("disk")) {
    draft.node.disk_mib = disk->value;
    draft.disk = disk->mark;
  }
  if (const auto image = section.text("image")) take_image(*image, draft);
  if (const auto names = section.texts("cloud_init")) take_fragments(*names, draft);
  if (const auto* list = section.find("disks")) take_disks(*list, draft);
}

void NodeLoader::take_image(const Placed<std::string>& name, NodeDraft& draft) {
  draft.node.image = references_.image(name) != nullptr ? name.value : "";
}

void NodeLoader::take_fragments(const std::vector<Placed<std::string>>& names, NodeDraft& draft) {
  draft.node.cloud_init.clear();
  for (const auto& name : names) {
    const bool twice = std::ranges::any_of(
        draft.node.cloud_init, [&](const Fragment& known) { return known.name == name.value; });
    if (twice) {
      problems_.add(name.mark, fmt::format("fragment {} is listed twice", shown(name.value)));
    } else if (auto fragment = references_.fragment(name)) {
      draft.node.cloud_init.push_back(std::move(*fragment));
    }
  }
}

void NodeLoader::take_disks(const YamlTree& list, NodeDraft& draft) {
  draft.disks = list.mark;
  draft.node.disks.clear();
  if (!list.is_list()) {
    problems_.add(list.mark, "'disks' must be a list, not " + shown(list),
                  "write [{mount: /var/lib/mesos, size: 40GiB}]");
    return;
  }
  for (const auto& item : list.items) {
    const Section section(item, keys::disk(), problems_);
    section.require("mount");
    section.require("size");
    const auto mount = section.text("mount");
    const auto size = section.size_mib("size");
    if (!mount || !size) continue;
    if (auto why = refuse_mount(mount->value); !why.empty()) {
      problems_.add(mount->mark,
                    fmt::format("cannot mount a disk at {}: {}", shown(mount->value), why));
    } else if (std::ranges::find(draft.node.disks, mount->value, &DataDisk::mount) !=
               draft.node.disks.end()) {
      problems_.add(mount->mark, fmt::format("mount point {} is used twice", shown(mount->value)));
    } else {
      draft.node.disks.push_back({mount->value, size->value, disk_label(mount->value)});
    }
  }
  // Parents before what lies below them: the order in which they must be mounted.
  std::ranges::sort(draft.node.disks, {}, &DataDisk::mount);
}

void NodeLoader::take_address(const Placed<std::string>& text, NodeDraft& draft) {
  draft.address = text.mark;
  if (const auto address = parse_ipv4(text.value)) {
    draft.node.address = *address;
  } else {
    problems_.add(text.mark, fmt::format("bad address {}", shown(text.value)),
                  "write four numbers from 0 to 255, e.g. 192.168.90.11");
  }
}

void NodeLoader::take_addresses(const Section& section, std::size_t first, bool counted) {
  const auto nodes = drafts_.size() - first;
  if (const auto address = section.text("address")) {
    if (counted) {
      problems_.add(address->mark, "'address' is for a group of one node without 'count'",
                    fmt::format("write addresses: [{}]", address->value));
    } else {
      take_address(*address, drafts_[first]);
    }
  }
  const auto addresses = section.texts("addresses");
  if (!addresses) return;
  if (section.find("address") != nullptr) {
    problems_.add(section.find("addresses")->mark, "both 'address' and 'addresses' are given");
  }
  if (addresses->size() > nodes) {
    problems_.add((*addresses)[nodes].mark,
                  fmt::format("more addresses than nodes: {} for {}", addresses->size(), nodes));
  }
  for (std::size_t i = 0; i < std::min(nodes, addresses->size()); ++i) {
    take_address((*addresses)[i], drafts_[first + i]);
  }
}

void NodeLoader::take_overrides(const Section& section, std::size_t first) {
  const auto* overrides = section.find("overrides");
  if (overrides == nullptr) return;
  if (!overrides->is_map()) {
    problems_.add(overrides->mark,
                  "'overrides' must be a map of node names, not " + shown(*overrides),
                  "write {agent-2: {memory: 16GiB}}");
    return;
  }
  for (const auto& entry : overrides->entries) {
    const auto found =
        std::find_if(drafts_.begin() + static_cast<std::ptrdiff_t>(first), drafts_.end(),
                     [&](const NodeDraft& draft) { return draft.node.name == entry.key; });
    if (found == drafts_.end()) {
      std::vector<std::string> names;
      for (auto i = first; i < drafts_.size(); ++i) names.push_back(drafts_[i].node.name);
      problems_.add(entry.mark, fmt::format("this group has no node {}", shown(entry.key)),
                    suggestion(entry.key, names));
      continue;
    }
    const Section node(entry.value, keys::node(), problems_, "overrides." + entry.key);
    take_values(node, *found);
    if (const auto address = node.text("address")) take_address(*address, *found);
  }
}

}  // namespace

bool is_name(std::string_view text, std::size_t most) {
  if (text.empty() || text.size() > most || text.back() == '-') return false;
  if (text.front() < 'a' || text.front() > 'z') return false;
  return std::ranges::all_of(
      text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string name_rule(std::size_t most) {
  return fmt::format(
      "a name begins with a letter a-z, holds only a-z, 0-9 and '-', does not end with '-' and has "
      "at most {} characters",
      most);
}

std::vector<NodeDraft> load_nodes(const YamlTree& groups, const NodeDefaults& defaults,
                                  References& references, Problems& problems) {
  NodeLoader loader(defaults, references, problems);
  if (!groups.is_map()) {
    problems.add(groups.mark, "'nodes' must be a map of groups, not " + shown(groups),
                 "write {master: {role: master, count: 3}}");
    return {};
  }
  for (const auto& entry : groups.entries) loader.group(entry);
  return loader.take();
}

}  // namespace vmlab
