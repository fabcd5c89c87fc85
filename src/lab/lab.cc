#include "lab/lab.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace vmlab {

std::string to_text(Role role) {
  switch (role) {
    case Role::bootstrap:
      return "bootstrap";
    case Role::master:
      return "master";
    case Role::agent:
      return "agent";
    case Role::public_agent:
      return "public_agent";
    case Role::plain:
      return "plain";
  }
  return "plain";
}

std::string to_text(Accelerator accelerator) {
  switch (accelerator) {
    case Accelerator::automatic:
      return "auto";
    case Accelerator::kvm:
      return "kvm";
    case Accelerator::tcg:
      return "tcg";
  }
  return "auto";
}

std::string to_text(Boot boot) {
  switch (boot) {
    case Boot::automatic:
      return "auto";
    case Boot::fork:
      return "fork";
    case Boot::cold:
      return "cold";
  }
  return "auto";
}

const Node& Lab::node(const std::string& node_name) const {
  const auto found = std::ranges::find(nodes, node_name, &Node::name);
  if (found != nodes.end()) return *found;
  std::vector<std::string> names;
  for (const auto& known : nodes) names.push_back(known.name);
  const auto near = closest(node_name, names);
  std::string hint = near ? "did you mean '" + *near + "'?" : "";
  if (!near && names.size() <= 20) hint = "nodes of this lab: " + join(names, ", ");
  throw Error("cannot find node '" + node_name + "': lab '" + name + "' has none of that name",
              hint, ExitCode::bad_input);
}

std::vector<const Node*> Lab::with_role(Role role) const {
  std::vector<const Node*> found;
  for (const auto& known : nodes) {
    if (known.role == role) found.push_back(&known);
  }
  return found;
}

const Node* Lab::bootstrap() const {
  const auto found = std::ranges::find(nodes, Role::bootstrap, &Node::role);
  return found == nodes.end() ? nullptr : &*found;
}

}  // namespace vmlab
