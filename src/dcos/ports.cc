#include "dcos/ports.h"

#include <fmt/format.h>

#include "dcos/config.h"

namespace vmlab {

std::vector<Endpoint> endpoints(const Lab& lab) {
  std::vector<Endpoint> all;
  if (!lab.dcos) return all;
  if (const Node* bootstrap = lab.bootstrap()) {
    all.push_back({bootstrap->name, "installation files", bootstrap_url(lab) + "/"});
  }
  for (const Node* node : lab.with_role(Role::master)) {
    const auto address = node->address.text();
    all.push_back({node->name, "dashboard", fmt::format("http://{}/", address)});
    all.push_back({node->name, "Exhibitor",
                   fmt::format("http://{}:8181/exhibitor/v1/ui/index.html", address)});
    all.push_back({node->name, "Mesos", fmt::format("http://{}:5050/", address)});
    all.push_back({node->name, "Marathon", fmt::format("http://{}:8080/v2/info", address)});
  }
  for (const Role role : {Role::agent, Role::public_agent}) {
    for (const Node* node : lab.with_role(role)) {
      all.push_back(
          {node->name, "Mesos agent", fmt::format("http://{}:5051/state", node->address.text())});
    }
  }
  return all;
}

}  // namespace vmlab
