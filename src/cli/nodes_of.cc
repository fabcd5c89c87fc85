#include "cli/nodes_of.h"

#include <fmt/format.h>

#include "base/text.h"

namespace vmlab {

std::vector<const Node*> matching(const Lab& lab, const std::string& pattern) {
  std::vector<const Node*> found;
  for (const auto& node : lab.nodes) {
    for (const auto& one : split(pattern, ',')) {
      if (!glob_match(trim(one), node.name)) continue;
      found.push_back(&node);
      break;
    }
  }
  if (!found.empty()) return found;
  std::vector<std::string> names;
  for (const auto& node : lab.nodes) names.push_back(node.name);
  auto words = names;
  for (const auto& name : names) words.push_back(name.substr(0, name.rfind('-')) + "-*");
  const auto near = closest(pattern, words);
  throw Error(fmt::format("no node of lab '{}' matches '{}'", lab.name, pattern),
              near ? fmt::format("did you mean '{}'?", *near) : "its nodes: " + join(names, ", "),
              ExitCode::bad_input);
}

std::string up_command(const Lab& lab) {
  return "vmlab up " + shell_quote(lab.file.empty() ? lab.name : lab.file);
}

std::map<std::string, std::string> nodes_down(const Context& context, const Lab& lab) {
  if (!context.ports.system.stat(context.settings.paths.known_hosts(lab.name))) {
    throw Error(fmt::format("cannot reach the nodes of lab '{}': it is not up", lab.name),
                up_command(lab));
  }
  std::map<std::string, std::string> down;
  const auto observed = observe_host(lab, context.settings, context.ports);
  for (const auto& node : lab.nodes) {
    const auto& domain = observed.nodes.at(node.name).domain;
    if (domain && domain->state == DomainState::running) continue;
    down[node.name] = fmt::format("cannot reach node '{}': its domain is {}", node.name,
                                  domain ? state_text(*domain) : std::string("not there"));
  }
  return down;
}

void require_running(const Context& context, const Lab& lab, const Node& node) {
  const auto down = nodes_down(context, lab);
  const auto found = down.find(node.name);
  if (found != down.end()) throw Error(found->second, up_command(lab) + "  starts it");
}

}  // namespace vmlab
