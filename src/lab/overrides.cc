#include "lab/overrides.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "lab/topology_keys.h"

namespace vmlab {

namespace {

YamlTree* child_of(YamlTree& tree, const std::string& key) {
  const auto found = std::ranges::find(tree.entries, key, &YamlEntry::key);
  return found == tree.entries.end() ? nullptr : &found->value;
}

void forget_places(YamlTree& tree) {
  tree.mark = {};
  for (auto& item : tree.items) forget_places(item);
  for (auto& entry : tree.entries) {
    entry.mark = {};
    forget_places(entry.value);
  }
}

class Overrider {
 public:
  Overrider(YamlTree& topology, Problems& problems) : topology_(topology), problems_(problems) {}

  void apply(const std::string& override) {
    const auto equals = override.find('=');
    auto path = split(override.substr(0, equals), '.');
    const bool whole = equals != std::string::npos &&
                       std::ranges::none_of(path, [](const auto& key) { return key.empty(); });
    if (override.find('\n') != std::string::npos) {
      wrong(override, "has more than one line", "");
      return;
    }
    if (!whole) {
      wrong(override, "is no KEY=VALUE", "for example: --set agent.count=5");
      return;
    }
    std::vector<Diagnostic> bad;
    auto value = read_yaml(override.substr(equals + 1), "--set", bad);
    if (!value || !bad.empty()) {
      wrong(override, bad.empty() ? "has no value" : bad.front().message, "");
      return;
    }
    forget_places(*value);
    if (!place(override, path)) return;
    set(topology_, path, std::move(*value), override);
  }

 private:
  void wrong(const std::string& override, const std::string& what, std::string help) {
    problems_.add({}, fmt::format("--set {}: {}", override, what), std::move(help));
  }

  /// Makes a path from the top of the file of what people write.
  bool place(const std::string& override, std::vector<std::string>& path) {
    auto* nodes = child_of(topology_, "nodes");
    if (path.front().starts_with('@')) {
      const auto role = path.front().substr(1);
      std::vector<std::string> groups;
      if (nodes != nullptr) {
        for (auto& group : nodes->entries) {
          const auto* given = group.value.find("role");
          if (given != nullptr && given->text == role) groups.push_back(group.key);
        }
      }
      if (groups.size() != 1) {
        wrong(override,
              fmt::format("{} groups have the role {}{}{}", groups.empty() ? "no" : "several", role,
                          groups.empty() ? "" : ": ", join(groups, ", ")),
              "--set GROUP.count=N names the group");
        return false;
      }
      path.front() = groups.front();
      path.insert(path.begin(), "nodes");
      return true;
    }
    const auto& own = keys::topology().keys;
    if (std::ranges::find(own, path.front()) != own.end()) return true;
    if (nodes != nullptr && child_of(*nodes, path.front()) != nullptr && path.size() > 1) {
      path.insert(path.begin(), "nodes");
      return true;
    }
    std::vector<std::string> known;
    if (nodes != nullptr) {
      for (const auto& group : nodes->entries) known.push_back(group.key);
    }
    const auto near = closest(path.front(), known);
    wrong(override, fmt::format("there is no group '{}' under nodes", path.front()),
          near ? fmt::format("did you mean '{}'?", *near) : "groups: " + join(known, ", "));
    return false;
  }

  void set(YamlTree& tree, const std::vector<std::string>& path, YamlTree value,
           const std::string& override) {
    auto* at = &tree;
    for (std::size_t i = 0; i < path.size(); ++i) {
      if (at->is_null()) *at = YamlTree::of_map({});
      if (!at->is_map()) {
        wrong(override, fmt::format("'{}' is no map", path[i - 1]), "");
        return;
      }
      if (child_of(*at, path[i]) == nullptr) at->set(path[i], {});
      at = child_of(*at, path[i]);
    }
    *at = std::move(value);
  }

  YamlTree& topology_;
  Problems& problems_;
};

}  // namespace

void apply_overrides(YamlTree& topology, const std::vector<std::string>& overrides,
                     Problems& problems) {
  Overrider overrider(topology, problems);
  for (const auto& override : overrides) overrider.apply(override);
}

}  // namespace vmlab
