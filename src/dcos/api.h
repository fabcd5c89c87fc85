// What DC/OS components answer, as values. Every parser returns nullopt for what is no such answer.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

/// One element of `slaves` in Mesos' /master/slaves or /master/state.
struct MesosAgent {
  std::string id;
  std::string hostname;
  std::string address;  // from pid, `slave(1)@ADDRESS:5051`
  bool active = false;
  bool is_public = false;              // attribute public_ip
  std::string region = {}, zone = {};  // empty: no fault domain
  bool deactivated = false;
  std::string drain_state = {};  // `DRAINING`, `DRAINED`; empty: neither
  bool operator==(const MesosAgent&) const = default;
};
std::optional<std::vector<MesosAgent>> parse_mesos_agents(std::string_view body);

struct MesosFramework {
  std::string id, name, hostname;
  bool active = false;
  std::size_t tasks = 0;
  double cpus = 0, mem = 0, disk = 0;
  bool operator==(const MesosFramework&) const = default;
};

/// Mesos' /master/state of the leading master.
struct MesosState {
  std::string id;        // of the leader
  std::string hostname;  // address of the leader
  std::string version;
  std::string cluster;
  std::string region, zone;
  /// False for a standby that answers itself, as some versions do, instead of naming the leader.
  bool leads = true;
  std::vector<MesosAgent> agents;
  std::vector<MesosFramework> frameworks;
};
std::optional<MesosState> parse_mesos_state(std::string_view body);

/// Mesos-DNS' /v1/hosts/NAME: addresses.
std::optional<std::vector<std::string>> parse_dns_hosts(std::string_view body);

/// dcos-net's /net/v1/nodes: a node's own address -> those by which the outside reaches it.
using PublicAddresses = std::map<std::string, std::vector<std::string>>;
std::optional<PublicAddresses> parse_public_addresses(std::string_view body);

/// /metrics/snapshot: a flat object of numbers.
std::optional<std::map<std::string, double>> parse_metrics(std::string_view body);

/// One element of Exhibitor's /exhibitor/v1/cluster/status.
struct ExhibitorServer {
  int code = 0;  // 0 latent, 1 down, 2 not serving, 3 serving
  std::string description;
  std::string hostname;
  bool leader = false;  // also true for a standalone server
  bool operator==(const ExhibitorServer&) const = default;
};
std::optional<std::vector<ExhibitorServer>> parse_exhibitor_status(std::string_view body);

/// `leader`, `follower`, `standalone`, `observer` from the answer to ZooKeeper's `srvr` or `stat`.
std::optional<std::string> zookeeper_mode(std::string_view srvr);
/// Lines `key<TAB>value` of `mntr`.
std::map<std::string, std::string> parse_mntr(std::string_view mntr);

struct MarathonInfo {
  std::string name, version, framework_id;
  std::string leader;  // `10.1.1.50:8080`; empty when none is elected
  bool elected = false;
};
std::optional<MarathonInfo> parse_marathon_info(std::string_view body);

/// /dcos-metadata/dcos-version.json: the version.
std::optional<std::string> parse_dcos_version(std::string_view body);

/// Output of `check node-poststart`. `error` is set when the checks could not be run, with the
/// tool's exit code 0.
struct CheckReport {
  struct Check {
    std::string name;
    int status = 0;  // 0 ok, 1 warning, 2 critical, 3 unknown
    std::string output;
  };
  int status = 0;
  std::vector<Check> checks;
  std::string error;
};
std::optional<CheckReport> parse_check_report(std::string_view out);

/// Unit states of dcos-diagnostics' /system/health/v1: names of the unhealthy units.
std::optional<std::vector<std::string>> parse_unhealthy_units(std::string_view body);

}  // namespace vmlab
