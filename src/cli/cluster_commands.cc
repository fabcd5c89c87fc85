// Commands that ask the installed product: endpoints, nodes, services.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/nodes_of.h"
#include "cli/output_nodes.h"
#include "dcos/cluster_view.h"
#include "dcos/ports.h"
#include "run/for_all.h"

namespace vmlab {

namespace {

constexpr std::chrono::seconds request_limit{10};

EndpointState ask(const Endpoint& endpoint, const Context& context) {
  const auto reply = context.ports.system.http_get(endpoint.url, request_limit, context.stop);
  EndpointState state{.endpoint = endpoint, .up = false, .status = 0, .because = {}};
  if (!reply.reached) {
    state.because = reply.error.empty() ? "no answer" : reply.error;
    return state;
  }
  state.status = reply.status;
  // 401 and 403 are the answers of something that works and wants a login.
  state.up = reply.status < 400 || reply.status == 401 || reply.status == 403;
  if (!state.up) state.because = fmt::format("HTTP status {}", reply.status);
  return state;
}

/// Of the leading master; the others send on to it or say that they do not lead. Throws Error with
/// each one's answer when none leads.
MesosState leader_state(const Context& context, const Lab& lab) {
  const auto masters = lab.with_role(Role::master);
  if (!lab.dcos || masters.empty()) {
    throw Error(fmt::format("lab '{}' has no cluster: nothing is installed on it", lab.name),
                "`install: {dcos: …}` in its topology file asks for an install");
  }
  const auto down = nodes_down(context, lab);
  std::vector<std::optional<MesosState>> states(masters.size());
  std::vector<std::string> answers(masters.size());
  for_all(masters.size(), asked_at_once, [&](std::size_t i) {
    if (const auto found = down.find(masters[i]->name); found != down.end()) {
      answers[i] = found->second;
      return;
    }
    const auto url = fmt::format("http://{}:5050/master/state", masters[i]->address.text());
    try {
      const auto reply = context.ports.system.http_get(url, request_limit, context.stop);
      if (reply.status == 200) states[i] = parse_mesos_state(reply.body);
      answers[i] = fmt::format("{}: {}", url,
                               !reply.reached        ? reply.error
                               : states[i]           ? "it does not lead"
                               : reply.status == 307 ? "it does not lead"
                                                     : fmt::format("HTTP status {}", reply.status));
    } catch (const std::exception& error) {
      answers[i] = fmt::format("{}: {}", url, error.what());
    }
  });
  if (context.stop.stop_requested()) throw Cancelled();
  for (auto& state : states) {
    if (state && state->leads) return std::move(*state);
  }
  throw Error(
      fmt::format("cannot find the leading master of lab '{}': {}", lab.name, join(answers, "; ")),
      fmt::format("vmlab logs --lab {} --components", lab.name));
}

std::vector<std::string> masters_of(const Context& context, const Lab& lab,
                                    const MesosState& state) {
  const auto url = fmt::format("http://{}:8123/v1/hosts/master.mesos", state.hostname);
  const auto reply = context.ports.system.http_get(url, request_limit, context.stop);
  if (reply.status == 200) {
    if (auto found = parse_dns_hosts(reply.body); found && !found->empty()) return *found;
  }
  context.console.note(
      fmt::format("Mesos-DNS does not tell the masters ({}: {}); they are the topology's", url,
                  reply.reached ? fmt::format("HTTP status {}", reply.status) : reply.error));
  std::vector<std::string> addresses;
  for (const Node* master : lab.with_role(Role::master)) {
    addresses.push_back(master->address.text());
  }
  return addresses;
}

/// As far as somebody tells: releases before 2.0 do not, and Admin Router may want a login.
PublicAddresses public_addresses_of(const Context& context, const MesosState& state) {
  const auto url = fmt::format("http://{}/net/v1/nodes", state.hostname);
  const auto reply = context.ports.system.http_get(url, request_limit, context.stop);
  if (reply.status != 200) return {};
  return parse_public_addresses(reply.body).value_or(PublicAddresses());
}

}  // namespace

ExitCode run_endpoints(const Context& context) {
  const auto lab = lab_of(context, context.invocation.target, Installer::unseen);
  const auto known = endpoints(lab);
  if (known.empty()) {
    throw Error(fmt::format("lab '{}' offers no endpoints: nothing is installed on it", lab.name),
                "`install: {dcos: …}` in its topology file asks for an install");
  }
  const auto down = nodes_down(context, lab);
  std::vector<EndpointState> states(known.size());
  for_all(known.size(), asked_at_once, [&](std::size_t i) {
    auto& state = states[i];
    state = {.endpoint = known[i], .up = false, .status = 0, .because = {}};
    if (const auto found = down.find(known[i].node); found != down.end()) {
      state.because = found->second;
      return;
    }
    try {
      state = ask(known[i], context);
    } catch (const Error& error) {
      state.because = error.message();
    } catch (const std::exception& error) {
      state.because = error.what();
    }
  });
  if (context.stop.stop_requested()) throw Cancelled();
  auto& console = context.console;
  console.result(context.invocation.json ? dump(endpoints_json(lab.name, states))
                                         : render_endpoints(states, console.out_style()));
  return std::ranges::all_of(states, &EndpointState::up) ? ExitCode::done : ExitCode::failed;
}

ExitCode run_nodes(const Context& context) {
  const auto lab = lab_of(context, context.invocation.target, Installer::unseen);
  const auto state = leader_state(context, lab);
  const auto nodes =
      cluster_nodes(state, masters_of(context, lab, state), public_addresses_of(context, state));
  auto& console = context.console;
  console.result(context.invocation.json ? dump(cluster_nodes_json(nodes))
                                         : render_cluster_nodes(nodes, console.out_style()));
  return ExitCode::done;
}

ExitCode run_services(const Context& context) {
  const auto lab = lab_of(context, context.invocation.target, Installer::unseen);
  const auto services = cluster_services(leader_state(context, lab), context.invocation.all);
  auto& console = context.console;
  console.result(context.invocation.json ? dump(services_json(services))
                                         : render_services(services, console.out_style()));
  return ExitCode::done;
}

}  // namespace vmlab
