// How what was asked of nodes looks: endpoints, commands that ran on many.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/output_tables.h"
#include "cli/terminal.h"
#include "dcos/cluster_view.h"
#include "dcos/ports.h"

namespace vmlab {

struct EndpointState {
  Endpoint endpoint;
  bool up = false;
  int status = 0;       // HTTP; 0: nothing was reached
  std::string because;  // why it is not up
};

std::string render_endpoints(const std::vector<EndpointState>& states, Style style);
/// {"lab","endpoints":[{"name","node","url","up","status","error"}]}
nlohmann::ordered_json endpoints_json(const std::string& lab,
                                      const std::vector<EndpointState>& states);

/// HOSTNAME, IP, PUBLIC IP(S), ID, TYPE, STATUS, REGION, ZONE, as `dcos node` prints them.
std::string render_cluster_nodes(const std::vector<ClusterNode>& nodes, Style style);
/// [{"hostname","ip","public_ips","id","type","status","region","zone"}]; null for nothing.
nlohmann::ordered_json cluster_nodes_json(const std::vector<ClusterNode>& nodes);

/// NAME, HOST, ACTIVE, TASKS, CPU, MEM, DISK, ID, as `dcos service` prints them.
std::string render_services(const std::vector<MesosFramework>& services, Style style);
/// [{"name","hostname","active","tasks","cpus","mem","disk","id"}]
nlohmann::ordered_json services_json(const std::vector<MesosFramework>& services);

struct ExecOutcome {
  std::string node;
  std::optional<int> exit_code;  // nullopt: the node could not be asked
  std::string error;
  std::chrono::milliseconds took{0};
  std::string out = {}, err = {};
  bool ok() const { return exit_code == 0; }
};

/// The table at the end, and how many nodes failed.
std::string render_exec(const std::vector<ExecOutcome>& outcomes, Style style);
/// {"lab","command","failed","nodes":[{"node","exit_code","error","took_ms","out","err"}]}
nlohmann::ordered_json exec_json(const std::string& lab, const std::string& command,
                                 const std::vector<ExecOutcome>& outcomes);

}  // namespace vmlab
