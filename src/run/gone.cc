#include "run/gone.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "dcos/api.h"

namespace vmlab {

namespace {

constexpr std::chrono::seconds limit{30};

/// A node that is only pruned cannot be reset any more.
std::string hint_for(const Lab& lab, const Node& agent) {
  if (std::ranges::find(lab.nodes, agent.name, &Node::name) == lab.nodes.end()) {
    return "`vmlab endpoints` shows which masters answer, `vmlab start` starts them";
  }
  return fmt::format("`vmlab reset {} --force` leaves it to Mesos' own time-outs", agent.name);
}

std::string url_of(const Node& master, std::string_view path) {
  return fmt::format("http://{}:5050{}", master.address.text(), path);
}

/// Agents as the leading master lists them; the others redirect to it.
std::vector<MesosAgent> agents_of(const Lab& lab, const Node& agent, System& system,
                                  const std::stop_token& stop) {
  std::string why = "there is no master";
  for (const Node* master : lab.with_role(Role::master)) {
    const auto reply = system.http_get(url_of(*master, "/master/slaves"), limit, stop);
    if (!reply.reached) {
      why = fmt::format("{}: {}", master->name, reply.error);
    } else if (reply.status == 200) {
      if (auto agents = parse_mesos_agents(reply.body)) return std::move(*agents);
      why = fmt::format("{} answers with something else", master->name);
    } else {
      why = fmt::format("{} answers with status {}", master->name, reply.status);
    }
  }
  throw Error(fmt::format("cannot mark agent '{}' gone: Mesos cannot be asked for its agents: {}",
                          agent.name, why),
              hint_for(lab, agent));
}

}  // namespace

void mark_agent_gone(const Lab& lab, const Node& agent, System& system, std::stop_token stop) {
  const auto agents = agents_of(lab, agent, system, stop);
  for (const auto& known : agents) {
    if (known.address != agent.address.text()) continue;
    const nlohmann::json call = {{"type", "MARK_AGENT_GONE"},
                                 {"mark_agent_gone", {{"agent_id", {{"value", known.id}}}}}};
    std::string why = "no master takes the call";
    bool taken = false;
    for (const Node* master : lab.with_role(Role::master)) {
      const auto reply = system.http_post(url_of(*master, "/api/v1"), call.dump(), limit, stop);
      // 404: gone meanwhile. A master that does not lead redirects.
      taken = reply.reached && (reply.status == 200 || reply.status == 404);
      if (taken) break;
      if (!reply.reached) {
        why = fmt::format("{}: {}", master->name, reply.error);
      } else if (reply.status >= 400) {
        why = fmt::format("{} answers with status {}: {}", master->name, reply.status,
                          trim(reply.body));
      }
    }
    if (!taken) {
      throw Error(fmt::format("cannot mark agent '{}' gone: {}", agent.name, why),
                  hint_for(lab, agent));
    }
  }
}

}  // namespace vmlab
