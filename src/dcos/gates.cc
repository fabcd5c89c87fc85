#include "dcos/gates.h"

#include <fmt/format.h>

#include "base/text.h"
#include "dcos/config.h"
#include "dcos/install.h"
#include "dcos/scripts.h"

namespace vmlab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Generous: six guests under emulation on two cores take minutes for what takes seconds elsewhere,
// and the documentation gives an ensemble 10 to 15 minutes.
constexpr seconds ensemble_limit{1200};
constexpr seconds cluster_limit{1800};

std::string url_of(const Node& node, int port, std::string_view path) {
  return port == 80 ? fmt::format("http://{}{}", node.address.text(), path)
                    : fmt::format("http://{}:{}{}", node.address.text(), port, path);
}

std::vector<Probe> of_masters(const Lab& lab, int port, std::string_view path, seconds timeout) {
  std::vector<Probe> probes;
  for (const Node* master : lab.with_role(Role::master)) {
    probes.emplace_back(HttpProbe{master->name, url_of(*master, port, path), timeout});
  }
  return probes;
}

/// `srvr` by bash itself: there need be no nc, and no process is started but bash.
GuestProbe srvr_probe(const Node& master) {
  const std::string script =
      "exec 3<>/dev/tcp/127.0.0.1/2181 && echo srvr >&3 && "
      R"(while IFS= read -r -t 5 line <&3; do echo "$line"; done)";
  return {master.name, "exec bash -c " + shell_quote(script), seconds{20}};
}

Gate gate_of(std::string id, std::string node, std::string what, std::vector<Probe> probes,
             Judge judge) {
  Gate gate;
  gate.id = std::move(id);
  gate.node = std::move(node);
  gate.what = std::move(what);
  gate.probes = std::move(probes);
  gate.judge = judge;
  gate.limit = ensemble_limit;
  gate.interval = milliseconds{3000};
  return gate;
}

}  // namespace

Gate bootstrap_gate(const Lab& lab) {
  const Node& bootstrap = *lab.bootstrap();
  const std::string file = std::string(dcos_directory) + "/genconf/serve/dcos_install.sh";
  auto gate =
      gate_of("gate/bootstrap", bootstrap.name, "installation files served by the bootstrap node",
              {GuestProbe{bootstrap.name, "exec sha256sum " + shell_quote(file), seconds{30}},
               HttpProbe{bootstrap.name,
                         url_of(bootstrap, port_of_url(bootstrap_url(lab)), "/dcos_install.sh"),
                         seconds{20}}},
              judge_bootstrap);
  gate.limit = seconds{300};
  gate.interval = milliseconds{2000};
  return gate;
}

Gate zookeeper_mode_gate(const Lab& lab, const Node& master) {
  auto gate =
      gate_of("gate/zookeeper-mode/" + master.name, master.name, "ZooKeeper mode of " + master.name,
              {srvr_probe(master)}, judge_zookeeper_mode);
  gate.expect = {std::to_string(lab.with_role(Role::master).size())};
  gate.interval = milliseconds{5000};
  return gate;
}

Gate zookeeper_quorum_gate(const Lab& lab) {
  const auto masters = lab.with_role(Role::master);
  std::vector<Probe> probes;
  probes.reserve(masters.size());
  for (const Node* master : masters) probes.emplace_back(srvr_probe(*master));
  auto gate = gate_of("gate/zookeeper-quorum", {},
                      fmt::format("ZooKeeper quorum of {} master{}", masters.size(),
                                  masters.size() == 1 ? "" : "s"),
                      std::move(probes), judge_zookeeper_quorum);
  gate.expect = {std::to_string(masters.size())};
  gate.interval = milliseconds{5000};
  gate.in_a_row = 2;
  return gate;
}

Gate remaining_quorum_gate(const Lab& lab, const Node& master) {
  const auto masters = lab.with_role(Role::master);
  std::vector<Probe> probes;
  for (const Node* other : masters) {
    if (other->name != master.name) probes.emplace_back(srvr_probe(*other));
  }
  auto gate = gate_of("gate/quorum-without/" + master.name, master.name,
                      "quorum of the masters without " + master.name, std::move(probes),
                      judge_remaining_quorum);
  gate.expect = {std::to_string(masters.size() / 2 + 1)};
  gate.limit = seconds{60};  // it holds now, or waiting does not help
  return gate;
}

Gate exhibitor_gate(const Lab& lab) {
  // A view that cannot reach a master yet takes as long as Exhibitor's own connect time-outs.
  auto gate =
      gate_of("gate/exhibitor", {}, "Exhibitor's view of the whole ensemble",
              of_masters(lab, 8181, "/exhibitor/v1/cluster/status", seconds{40}), judge_exhibitor);
  for (const Node* master : lab.with_role(Role::master)) {
    gate.expect.push_back(master->address.text());
  }
  gate.in_a_row = 2;
  return gate;
}

Gate mesos_masters_gate(const Lab& lab) {
  auto gate = gate_of("gate/mesos-masters", {}, "a leading Mesos master, registrars recovered",
                      of_masters(lab, 5050, "/metrics/snapshot", seconds{15}), judge_mesos_masters);
  gate.limit = cluster_limit;
  gate.in_a_row = 2;
  return gate;
}

Gate marathon_gate(const Lab& lab) {
  auto gate = gate_of("gate/marathon", {}, "Marathon with a leader",
                      of_masters(lab, 8080, "/v2/info", seconds{15}), judge_marathon);
  gate.limit = cluster_limit;
  gate.in_a_row = 2;
  return gate;
}

Gate admin_router_gate(const Lab&, const Node& master) {
  auto gate = gate_of(
      "gate/admin-router/" + master.name, master.name, "Admin Router on " + master.name,
      {HttpProbe{master.name, url_of(master, 80, "/dcos-metadata/dcos-version.json"), seconds{15}}},
      judge_admin_router);
  gate.limit = cluster_limit;
  gate.in_a_row = 2;
  return gate;
}

Gate registered_gate(const Lab&, const Node& agent) {
  auto gate = gate_of(
      "gate/registered/" + agent.name, agent.name, "registration of " + agent.name + " with Mesos",
      {HttpProbe{agent.name, url_of(agent, 5051, "/metrics/snapshot"), seconds{15}}},
      judge_registered);
  gate.limit = cluster_limit;
  gate.in_a_row = 2;
  return gate;
}

Gate agents_gate(const Lab& lab) {
  auto gate = gate_of("gate/agents", {}, "the leading master to know all agents",
                      of_masters(lab, 5050, "/master/slaves", seconds{15}), judge_agents);
  for (const Role role : {Role::agent, Role::public_agent}) {
    for (const Node* node : lab.with_role(role)) {
      gate.expect.push_back(fmt::format("{} {} {}", node->address.text(), node->name,
                                        role == Role::agent ? "private" : "public"));
    }
  }
  gate.limit = cluster_limit;
  gate.in_a_row = 2;
  return gate;
}

Gate poststart_gate(const Lab&, const Node& node) {
  // dcos-diagnostics of 1.12 and later knows no `check`, but there check-runner comes first.
  const std::string script =
      "bin=/opt/mesosphere/bin shell=''\n"
      "[ ! -x $bin/dcos-shell ] || shell=$bin/dcos-shell\n"
      "for tool in dcos-check-runner dcos-diagnostics; do\n"
      "  [ ! -x $bin/$tool ] || exec $shell $bin/$tool check node-poststart\n"
      "done\n"
      "echo none\n";
  auto gate =
      gate_of("gate/poststart/" + node.name, node.name, "DC/OS's own checks on " + node.name,
              {GuestProbe{node.name, script, seconds{120}}}, judge_poststart);
  gate.limit = cluster_limit;
  gate.interval = milliseconds{10000};
  return gate;
}

}  // namespace vmlab
