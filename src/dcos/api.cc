#include "dcos/api.h"

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace vmlab {
namespace {

using nlohmann::json;

/// nullopt for what is no JSON, so that a proxy's error page is "no answer" and not an exception.
std::optional<json> parse(std::string_view text) {
  auto value = json::parse(text, nullptr, false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool flag_of(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end()) return false;
  if (found->is_boolean()) return found->get<bool>();
  return found->is_string() && found->get<std::string>() == "true";
}

double number_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : 0.0;
}

const json* array_of(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? &*found : nullptr;
}

std::string address_of_pid(const std::string& pid) {
  const auto at = pid.find('@');
  if (at == std::string::npos) return {};
  const auto colon = pid.rfind(':');
  return colon == std::string::npos || colon < at ? pid.substr(at + 1)
                                                  : pid.substr(at + 1, colon - at - 1);
}

/// `region` or `zone` of an object's fault domain.
std::string fault_domain_of(const json& object, const char* part) {
  const json* at = &object;
  for (const char* key : {"domain", "fault_domain", part}) {
    const auto found = at->find(key);
    if (found == at->end() || !found->is_object()) return {};
    at = &*found;
  }
  return text_of(*at, "name");
}

std::vector<MesosAgent> agents_of(const json& slaves) {
  std::vector<MesosAgent> agents;
  for (const auto& slave : slaves) {
    if (!slave.is_object()) continue;
    MesosAgent agent;
    agent.id = text_of(slave, "id");
    agent.hostname = text_of(slave, "hostname");
    agent.address = address_of_pid(text_of(slave, "pid"));
    agent.active = flag_of(slave, "active");
    const auto attributes = slave.find("attributes");
    agent.is_public =
        attributes != slave.end() && attributes->is_object() && flag_of(*attributes, "public_ip");
    agent.region = fault_domain_of(slave, "region");
    agent.zone = fault_domain_of(slave, "zone");
    agent.deactivated = flag_of(slave, "deactivated");
    if (const auto drain = slave.find("drain_info"); drain != slave.end() && drain->is_object()) {
      agent.drain_state = text_of(*drain, "state");
    }
    agents.push_back(std::move(agent));
  }
  return agents;
}

}  // namespace

std::optional<std::vector<MesosAgent>> parse_mesos_agents(std::string_view body) {
  const auto value = parse(body);
  const json* slaves = value ? array_of(*value, "slaves") : nullptr;
  if (slaves == nullptr) return std::nullopt;
  return agents_of(*slaves);
}

std::optional<MesosState> parse_mesos_state(std::string_view body) {
  const auto value = parse(body);
  const json* slaves = value ? array_of(*value, "slaves") : nullptr;
  if (slaves == nullptr) return std::nullopt;
  MesosState state;
  state.id = text_of(*value, "id");
  state.hostname = text_of(*value, "hostname");
  state.version = text_of(*value, "version");
  state.cluster = text_of(*value, "cluster");
  state.region = fault_domain_of(*value, "region");
  state.zone = fault_domain_of(*value, "zone");
  if (const auto leader = text_of(*value, "leader"); !leader.empty()) {
    state.leads = leader == text_of(*value, "pid");
  }
  state.agents = agents_of(*slaves);
  if (const json* frameworks = array_of(*value, "frameworks")) {
    for (const auto& item : *frameworks) {
      if (!item.is_object()) continue;
      MesosFramework framework;
      framework.id = text_of(item, "id");
      framework.name = text_of(item, "name");
      framework.hostname = text_of(item, "hostname");
      framework.active = flag_of(item, "active");
      if (const json* tasks = array_of(item, "tasks")) framework.tasks = tasks->size();
      if (const auto used = item.find("resources"); used != item.end() && used->is_object()) {
        framework.cpus = number_of(*used, "cpus");
        framework.mem = number_of(*used, "mem");
        framework.disk = number_of(*used, "disk");
      }
      state.frameworks.push_back(std::move(framework));
    }
  }
  return state;
}

std::optional<std::vector<std::string>> parse_dns_hosts(std::string_view body) {
  const auto value = parse(body);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<std::string> addresses;
  for (const auto& item : *value) {
    if (!item.is_object()) return std::nullopt;
    // A name that is not known is answered by an empty record.
    if (auto ip = text_of(item, "ip"); !ip.empty()) addresses.push_back(std::move(ip));
  }
  return addresses;
}

std::optional<PublicAddresses> parse_public_addresses(std::string_view body) {
  const auto value = parse(body);
  if (!value || !value->is_array()) return std::nullopt;
  PublicAddresses known;
  for (const auto& item : *value) {
    if (!item.is_object()) return std::nullopt;
    const json* addresses = array_of(item, "public_ips");
    if (addresses == nullptr) continue;
    for (const auto& address : *addresses) {
      if (address.is_string()) known[text_of(item, "private_ip")].push_back(address);
    }
  }
  return known;
}

std::optional<std::map<std::string, double>> parse_metrics(std::string_view body) {
  const auto value = parse(body);
  if (!value || !value->is_object()) return std::nullopt;
  std::map<std::string, double> metrics;
  for (const auto& [name, number] : value->items()) {
    if (number.is_number()) metrics[name] = number.get<double>();
  }
  return metrics;
}

std::optional<std::vector<ExhibitorServer>> parse_exhibitor_status(std::string_view body) {
  const auto value = parse(body);
  if (!value || !value->is_array()) return std::nullopt;
  std::vector<ExhibitorServer> servers;
  for (const auto& item : *value) {
    if (!item.is_object()) return std::nullopt;
    servers.push_back({static_cast<int>(number_of(item, "code")), text_of(item, "description"),
                       text_of(item, "hostname"), flag_of(item, "isLeader")});
  }
  return servers;
}

std::optional<std::string> zookeeper_mode(std::string_view srvr) {
  constexpr std::string_view key = "Mode:";
  for (const auto& line : lines(srvr)) {
    if (!line.starts_with(key)) continue;
    const std::string mode(trim(std::string_view(line).substr(key.size())));
    if (!mode.empty()) return mode;
  }
  return std::nullopt;
}

std::map<std::string, std::string> parse_mntr(std::string_view mntr) {
  std::map<std::string, std::string> values;
  for (const auto& line : lines(mntr)) {
    const auto tab = line.find('\t');
    if (tab != std::string::npos) values[line.substr(0, tab)] = trim(line.substr(tab + 1));
  }
  return values;
}

std::optional<MarathonInfo> parse_marathon_info(std::string_view body) {
  const auto value = parse(body);
  if (!value || !value->is_object()) return std::nullopt;
  MarathonInfo info;
  info.name = text_of(*value, "name");
  info.version = text_of(*value, "version");
  info.framework_id = text_of(*value, "frameworkId");
  info.leader = text_of(*value, "leader");
  info.elected = flag_of(*value, "elected");
  if (info.name.empty() && info.version.empty()) return std::nullopt;
  return info;
}

std::optional<std::string> parse_dcos_version(std::string_view body) {
  const auto value = parse(body);
  if (!value || !value->is_object()) return std::nullopt;
  const auto version = text_of(*value, "version");
  if (version.empty()) return std::nullopt;
  return version;
}

std::optional<CheckReport> parse_check_report(std::string_view out) {
  // The tools log to the same stream at times: the object starts at the first brace.
  const auto brace = out.find('{');
  if (brace == std::string_view::npos) return std::nullopt;
  const auto value = parse(out.substr(brace));
  if (!value || !value->is_object()) return std::nullopt;
  CheckReport report;
  report.status = static_cast<int>(number_of(*value, "status"));
  report.error = text_of(*value, "error");
  if (value->contains("error") && report.error.empty()) report.error = value->at("error").dump();
  const auto checks = value->find("checks");
  if (checks == value->end()) return report;
  if (checks->is_object()) {
    for (const auto& [name, check] : checks->items()) {
      if (!check.is_object()) return std::nullopt;
      report.checks.push_back(
          {name, static_cast<int>(number_of(check, "status")), text_of(check, "output")});
    }
  } else if (checks->is_array()) {
    for (const auto& reason : *checks) {
      if (reason.is_string()) report.error += "; " + reason.get<std::string>();
    }
  }
  return report;
}

std::optional<std::vector<std::string>> parse_unhealthy_units(std::string_view body) {
  const auto value = parse(body);
  const json* units = value ? array_of(*value, "units") : nullptr;
  if (units == nullptr) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& unit : *units) {
    if (unit.is_object() && number_of(unit, "health") != 0.0) names.push_back(text_of(unit, "id"));
  }
  return names;
}

}  // namespace vmlab
