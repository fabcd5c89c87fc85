#include "cli/output_nodes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"

namespace vmlab {

using nlohmann::ordered_json;

std::string render_endpoints(const std::vector<EndpointState>& states, Style style) {
  Table table({"NODE", "ENDPOINT", "URL", "STATE"});
  for (const auto& state : states) {
    std::string said = state.because;
    if (state.up) said = state.status >= 400 ? "up, wants a login" : "up";
    table.add({state.endpoint.node, state.endpoint.name, state.endpoint.url, said});
  }
  return table.render(style);
}

ordered_json endpoints_json(const std::string& lab, const std::vector<EndpointState>& states) {
  ordered_json record;
  record["lab"] = lab;
  record["endpoints"] = ordered_json::array();
  for (const auto& state : states) {
    ordered_json entry;
    entry["name"] = state.endpoint.name;
    entry["node"] = text_or_null(state.endpoint.node);
    entry["url"] = state.endpoint.url;
    entry["up"] = state.up;
    entry["status"] = state.status > 0 ? ordered_json(state.status) : ordered_json(nullptr);
    entry["error"] = text_or_null(state.because);
    record["endpoints"].push_back(std::move(entry));
  }
  return record;
}

std::string render_cluster_nodes(const std::vector<ClusterNode>& nodes, Style style) {
  Table table({"HOSTNAME", "IP", "PUBLIC IP(S)", "ID", "TYPE", "STATUS", "REGION", "ZONE"});
  const auto known = [](const std::string& text) { return text.empty() ? "N/A" : text; };
  for (const auto& node : nodes) {
    table.add({node.hostname, node.ip, known(join(node.public_ips, ", ")), known(node.id),
               node.type, known(node.status), known(node.region), known(node.zone)});
  }
  return table.render(style);
}

ordered_json cluster_nodes_json(const std::vector<ClusterNode>& nodes) {
  auto list = ordered_json::array();
  for (const auto& node : nodes) {
    list.push_back({{"hostname", node.hostname},
                    {"ip", node.ip},
                    {"public_ips", node.public_ips},
                    {"id", text_or_null(node.id)},
                    {"type", node.type},
                    {"status", text_or_null(node.status)},
                    {"region", text_or_null(node.region)},
                    {"zone", text_or_null(node.zone)}});
  }
  return list;
}

std::string render_services(const std::vector<MesosFramework>& services, Style style) {
  Table table({"NAME", "HOST", "ACTIVE", "TASKS", "CPU", "MEM", "DISK", "ID"});
  for (const auto& service : services) {
    table.add({service.name, service.hostname, service.active ? "True" : "False",
               std::to_string(service.tasks), fmt::format("{:.1f}", service.cpus),
               fmt::format("{:.1f}", service.mem), fmt::format("{:.1f}", service.disk),
               service.id});
  }
  return table.render(style);
}

ordered_json services_json(const std::vector<MesosFramework>& services) {
  auto list = ordered_json::array();
  for (const auto& service : services) {
    list.push_back({{"name", service.name},
                    {"hostname", service.hostname},
                    {"active", service.active},
                    {"tasks", service.tasks},
                    {"cpus", service.cpus},
                    {"mem", service.mem},
                    {"disk", service.disk},
                    {"id", service.id}});
  }
  return list;
}

std::string render_exec(const std::vector<ExecOutcome>& outcomes, Style style) {
  Table table({"NODE", "RESULT", "TIME"});
  for (const auto& outcome : outcomes) {
    std::string result = outcome.error.empty() ? "not asked" : outcome.error;
    if (outcome.exit_code) {
      result = *outcome.exit_code == 0 ? "done" : fmt::format("exit {}", *outcome.exit_code);
    }
    table.add({outcome.node, result, format_duration(outcome.took)});
  }
  const auto failed = std::ranges::count_if(outcomes, [](const auto& o) { return !o.ok(); });
  auto text = table.render(style);
  if (failed > 0) {
    text += style.red(fmt::format("failed on {} of {}", failed, counted(outcomes.size(), "node"))) +
            "\n";
  }
  return text;
}

ordered_json exec_json(const std::string& lab, const std::string& command,
                       const std::vector<ExecOutcome>& outcomes) {
  ordered_json record;
  record["lab"] = lab;
  record["command"] = command;
  record["failed"] = std::ranges::count_if(outcomes, [](const auto& o) { return !o.ok(); });
  record["nodes"] = ordered_json::array();
  for (const auto& outcome : outcomes) {
    ordered_json entry;
    entry["node"] = outcome.node;
    entry["exit_code"] =
        outcome.exit_code ? ordered_json(*outcome.exit_code) : ordered_json(nullptr);
    entry["error"] = text_or_null(outcome.error);
    entry["took_ms"] = outcome.took.count();
    entry["out"] = outcome.out;
    entry["err"] = outcome.err;
    record["nodes"].push_back(std::move(entry));
  }
  return record;
}

}  // namespace vmlab
