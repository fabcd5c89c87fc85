#include "dcos/release.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"

namespace vmlab {
namespace {

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// A change that several series got, each in a patch release: true from the named patch of a series
/// on, and in every series after the last one named.
bool since(const Version& version, std::initializer_list<Version> releases) {
  bool reached = false;
  for (const auto& first : releases) {
    const bool same_series = version.major == first.major && version.minor == first.minor;
    if (same_series) return version >= first;
    reached = version > first;
  }
  return reached;
}

bool before(const Version& version, int major, int minor) {
  return version < Version{major, minor, 0};
}

std::vector<PortCheck> master_ports(const Version& v) {
  std::vector<PortCheck> ports = {
      {53, "dcos-net"},           {80, "adminrouter"},  {443, "adminrouter"},
      {1050, "dcos-diagnostics"}, {2181, "zookeeper"},  {5050, "mesos-master"},
      {7070, "cosmos"},           {8080, "marathon"},   {8123, "mesos-dns"},
      {8181, "exhibitor"},        {9000, "metronome"},  {9942, "metronome"},
      {9990, "cosmos"},           {36771, "marathon"},  {41281, "zookeeper"},
      {46839, "metronome"},       {61053, "mesos-dns"}, {62080, "dcos-net"},
      {62501, "dcos-net"}};
  ports.push_back({8101, before(v, 1, 13) ? "dcos-oauth" : "bouncer"});
  ports.push_back({61091, before(v, 1, 12) ? "dcos-metrics" : "telegraf"});
  if (before(v, 1, 12)) ports.push_back({61420, "dcos-net"});
  if (!before(v, 1, 13)) ports.push_back({62020, "fluent-bit"});
  if (before(v, 2, 1)) {
    ports.push_back({15055, "dcos-history"});
  } else {
    ports.insert(ports.end(), {{179, "calico-bird"},
                               {2379, "etcd"},
                               {2380, "etcd"},
                               {62091, "calico-felix"},
                               {64000, "dcos-net"}});
  }
  std::ranges::sort(ports, {}, &PortCheck::port);
  return ports;
}

std::vector<PortCheck> agent_ports(const Version& v) {
  std::vector<PortCheck> ports = {{53, "dcos-net"},
                                  {5051, "mesos-agent"},
                                  {61001, "agent-adminrouter"},
                                  {62080, "dcos-net"},
                                  {62501, "dcos-net"}};
  ports.push_back({61091, before(v, 1, 12) ? "dcos-metrics" : "telegraf"});
  if (before(v, 1, 12)) ports.push_back({61420, "dcos-net"});
  if (!before(v, 1, 13)) ports.push_back({62020, "fluent-bit"});
  if (!before(v, 2, 1)) {
    ports.insert(ports.end(), {{179, "calico-bird"}, {62091, "calico-felix"}, {64000, "dcos-net"}});
  }
  std::ranges::sort(ports, {}, &PortCheck::port);
  return ports;
}

std::vector<std::string> common_units(const Version& v) {
  std::vector<std::string> units = {
      "dcos-net",          "dcos-net-watchdog",     "dcos-gen-resolvconf",
      "dcos-pkgpanda-api", "dcos-checks-poststart", "dcos-diagnostics"};
  if (!before(v, 1, 12)) units.insert(units.end(), {"dcos-telegraf", "dcos-checks-api"});
  if (!before(v, 1, 13)) units.emplace_back("dcos-fluent-bit");
  if (!before(v, 2, 1)) {
    units.insert(units.end(), {"dcos-calico-bird", "dcos-calico-confd", "dcos-calico-felix"});
  }
  return units;
}

std::vector<std::string> master_units(const Version& v) {
  auto units = common_units(v);
  units.insert(units.end(), {"dcos-exhibitor", "dcos-mesos-master", "dcos-mesos-dns",
                             "dcos-marathon", "dcos-metronome", "dcos-cosmos", "dcos-adminrouter",
                             "dcos-log-master", "dcos-logrotate-master", "dcos-signal"});
  if (before(v, 1, 13)) {
    units.emplace_back("dcos-oauth");
  } else {
    units.insert(units.end(), {"dcos-bouncer", "dcos-bouncer-migrate-users", "dcos-cockroach",
                               "dcos-ui-update-service"});
  }
  if (before(v, 1, 12)) units.emplace_back("dcos-metrics-master");
  if (before(v, 2, 1)) {
    units.emplace_back("dcos-history");
  } else {
    units.emplace_back("dcos-etcd");
  }
  std::ranges::sort(units);
  return units;
}

std::vector<std::string> agent_units(const Version& v) {
  auto units = common_units(v);
  units.insert(units.end(), {"dcos-mesos-slave", "dcos-adminrouter-agent", "dcos-log-agent",
                             "dcos-logrotate-agent", "dcos-docker-gc", "dcos-rexray"});
  if (before(v, 1, 12)) units.emplace_back("dcos-metrics-agent");
  if (!before(v, 2, 1)) units.emplace_back("dcos-calico-libnetwork-plugin");
  std::ranges::sort(units);
  return units;
}

}  // namespace

std::string Version::text() const {
  return fmt::format("{}.{}.{}", major, minor, patch);
}

std::optional<Version> parse_version(std::string_view text) {
  text = trim(text);
  text = text.substr(0, text.find('-'));
  const auto parts = split(text, '.');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const auto major = number(parts[0]);
  const auto minor = number(parts[1]);
  const auto patch = parts.size() == 3 ? number(parts[2]) : 0;
  if (!major || !minor || !patch) return std::nullopt;
  return Version{*major, *minor, *patch};
}

Differences differences(const Version& v) {
  Differences d;
  d.validate_config = before(v, 2, 0);
  d.validate_config_warns = d.validate_config && v >= Version{1, 13, 1};
  d.validate_wants_ssh_key = !since(v, {{1, 11, 11}, {1, 12, 4}, {1, 13, 1}});
  d.validate_wants_ssh_user = !since(v, {{1, 11, 11}, {1, 12, 3}});
  d.web_installer = before(v, 1, 12);
  d.installer_port = before(v, 2, 0);
  d.blank_in_path_breaks = before(v, 1, 13);
  d.l4lb_ipv6_default = !before(v, 1, 13);

  d.docker_version_by_awk = !since(v, {{1, 11, 12}, {1, 12, 5}, {1, 13, 4}});
  d.checks_docker_running = since(v, {{1, 11, 11}, {1, 12, 3}, {1, 13, 0}});
  d.selinux_targeted_passes = !before(v, 1, 12);
  d.checks_nogroup = !since(v, {{1, 11, 12}, {1, 12, 5}, {1, 13, 6}});
  d.needs_ifconfig = v.major == 1 && v.minor == 12;
  d.checks_xfs_ftype = since(v, {{1, 11, 3}});
  d.checks_raid_modules = !before(v, 1, 13);
  d.disable_with_preflight_only = !before(v, 2, 0);
  d.master_ports = master_ports(v);
  d.agent_ports = agent_ports(v);

  d.needs_whole_ensemble = before(v, 2, 1);
  d.exhibitor_checks_address = since(v, {{1, 11, 5}});
  d.check_runner = before(v, 1, 12) ? "/opt/mesosphere/bin/dcos-diagnostics"
                                    : "/opt/mesosphere/bin/dcos-check-runner";
  d.master_units = master_units(v);
  d.agent_units = agent_units(v);
  return d;
}

std::string docker_version_by_awk(std::string_view docker_version_output) {
  std::string found;
  bool server = false;
  for (const auto& line : lines(docker_version_output)) {
    const auto text = trim(line);
    if (text.starts_with("Server:")) server = true;
    if (server && text.starts_with("Version:")) found = trim(text.substr(8));
  }
  return found;
}

bool docker_misread(const Version& release, std::string_view server_version) {
  const auto docker = parse_version(server_version.substr(0, server_version.find('+')));
  // Since 19.03 `docker version` lists containerd, runc and docker-init below the engine.
  return docker && differences(release).docker_version_by_awk && *docker >= Version{19, 3, 0};
}

ValidateOutcome interpret_validate_config(const Version& release, int exit_code,
                                          const std::string& out, const std::string& err) {
  ValidateOutcome outcome;
  outcome.applicable = differences(release).validate_config;
  if (!outcome.applicable) return outcome;
  constexpr std::array<std::string_view, 5> ssh = {"ssh_user", "ssh_key_path", "ssh_key",
                                                   "ssh_port", "ssh_parallelism"};
  bool only_ssh = false;
  for (const auto& line : lines(strip_ansi(err))) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos || colon == 0 || line.starts_with("=") ||
        line.find(' ') < colon) {
      continue;
    }
    const auto key = std::string_view(line).substr(0, colon);
    if (std::ranges::find(ssh, key) != ssh.end()) {
      only_ssh = true;
    } else {
      outcome.problems.push_back(line);
    }
  }
  // A missing or malformed file is told on standard output.
  if (exit_code != 0 && outcome.problems.empty() && !only_ssh) {
    outcome.problems.emplace_back(trim(out));
  }
  outcome.valid = outcome.problems.empty();
  return outcome;
}

}  // namespace vmlab
