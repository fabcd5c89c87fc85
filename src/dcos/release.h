// DC/OS releases 1.11 to 2.2 and what differs between them, as far as an installation meets it.
// Source of every number: the releases' own sources at their tags (gen/build_deploy/bash.py,
// dcos_installer/cli.py, ssh/validate.py, docs/admin-ports.md, packages/*/build).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/lab.h"

namespace vmlab {

struct Version {
  int major = 0;
  int minor = 0;
  int patch = 0;
  auto operator<=>(const Version&) const = default;
  std::string text() const;
};

/// `1.11.2`, `2.2`, also with a suffix as in `1.11.14-dev`, which counts as the release it leads
/// to. nullopt for anything else.
std::optional<Version> parse_version(std::string_view text);

struct PortCheck {
  int port = 0;
  std::string service;
  bool operator==(const PortCheck&) const = default;
};

struct Differences {
  // The installer.
  bool validate_config = false;          // --validate-config exists; else it is a usage error
  bool validate_config_warns = false;    // it exists, with a notice of deprecation
  bool validate_wants_ssh_key = false;   // it fails without genconf/ssh_key, of mode 0600
  bool validate_wants_ssh_user = false;  // it fails without ssh_user
  bool web_installer = false;            // --web works
  bool installer_port = false;           // any run publishes port 9000 of the bootstrap
  bool blank_in_path_breaks = false;     // "$0" is not quoted
  bool l4lb_ipv6_default = false;        // `enable_ipv6: false` alone is an error
  // Preflight.
  bool docker_version_by_awk = false;    // misread since Docker 19.03: see docker_misread
  bool checks_docker_running = false;    // a line of its own
  bool selinux_targeted_passes = false;  // although enforcing
  bool checks_nogroup = false;
  bool needs_ifconfig = false;
  bool checks_xfs_ftype = false;
  bool checks_raid_modules = false;          // as warnings
  bool disable_with_preflight_only = false;  // -d with -p is accepted
  std::vector<PortCheck> master_ports;       // by number
  std::vector<PortCheck> agent_ports;
  // The cluster.
  bool needs_whole_ensemble = false;      // components start when all masters serve
  bool exhibitor_checks_address = false;  // a master refuses an address outside master_list
  bool cgroup_v1_only = true;
  std::string check_runner;               // of `check node-poststart`
  std::vector<std::string> master_units;  // dcos-….service without suffix, sorted
  std::vector<std::string> agent_units;   // private agent
};

Differences differences(const Version& version);

/// What the awk generation of the docker check takes for the version: the last `Version:` line
/// below `Server:` in the output of `docker version`. Empty when there is none.
std::string docker_version_by_awk(std::string_view docker_version_output);

/// True for a Docker that a release of the awk generation refuses although it serves.
bool docker_misread(const Version& release, std::string_view server_version);

/// Outcome of `--validate-config`, with what only the old ssh installer wants left out: its demand
/// of a key and a user says nothing about a configuration for the advanced installation.
struct ValidateOutcome {
  bool applicable = false;            // the release has the option
  bool valid = false;                 // nothing but ssh settings was missed
  std::vector<std::string> problems;  // `KEY: MESSAGE`
};
ValidateOutcome interpret_validate_config(const Version& release, int exit_code,
                                          const std::string& out, const std::string& err);

}  // namespace vmlab
