#include "dcos/release.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace vmlab {
namespace {

Differences of(const char* version) {
  return differences(*parse_version(version));
}

bool checks_port(const std::vector<PortCheck>& ports, int port, const std::string& service) {
  return std::ranges::find(ports, PortCheck{port, service}) != ports.end();
}

TEST(Version, ReadsWhatReleasesCallThemselves) {
  EXPECT_EQ(parse_version("1.11.2"), (Version{1, 11, 2}));
  EXPECT_EQ(parse_version("1.11.14-dev"), (Version{1, 11, 14}));
  EXPECT_EQ(parse_version(" 2.2\n"), (Version{2, 2, 0}));
  for (const char* bad : {"", "2", "1.x.2", "1.2.3.4", "practice", "-1.2"}) {
    EXPECT_FALSE(parse_version(bad)) << bad;
  }
}

TEST(Releases, ValidateConfigComesAndGoes) {
  for (const char* version : {"1.11.2", "1.12.6", "1.13.11"}) {
    EXPECT_TRUE(of(version).validate_config) << version;
  }
  for (const char* version : {"2.0.0", "2.1.4", "2.2.1"}) {
    EXPECT_FALSE(of(version).validate_config) << version;
  }
  EXPECT_FALSE(of("1.13.0").validate_config_warns);
  EXPECT_TRUE(of("1.13.1").validate_config_warns);
  // An ssh key is wanted by some, a user by fewer.
  for (const char* version : {"1.11.10", "1.12.3", "1.13.0"}) {
    EXPECT_TRUE(of(version).validate_wants_ssh_key) << version;
  }
  for (const char* version : {"1.11.11", "1.12.4", "1.13.1"}) {
    EXPECT_FALSE(of(version).validate_wants_ssh_key) << version;
  }
  EXPECT_TRUE(of("1.11.10").validate_wants_ssh_user);
  EXPECT_TRUE(of("1.12.2").validate_wants_ssh_user);
  EXPECT_FALSE(of("1.12.3").validate_wants_ssh_user);
  EXPECT_FALSE(of("1.13.0").validate_wants_ssh_user);
}

TEST(Releases, PreflightChangedInPatchReleases) {
  for (const char* version : {"1.11.2", "1.11.11", "1.12.4", "1.13.3"}) {
    EXPECT_TRUE(of(version).docker_version_by_awk) << version;
  }
  for (const char* version : {"1.11.12", "1.12.5", "1.13.4", "2.0.0", "2.2.1"}) {
    EXPECT_FALSE(of(version).docker_version_by_awk) << version;
  }
  EXPECT_FALSE(of("1.11.10").checks_docker_running);
  EXPECT_TRUE(of("1.11.11").checks_docker_running);
  EXPECT_FALSE(of("1.12.2").checks_docker_running);
  EXPECT_TRUE(of("1.13.0").checks_docker_running);
  EXPECT_TRUE(of("1.13.5").checks_nogroup);
  EXPECT_FALSE(of("1.13.6").checks_nogroup);
  EXPECT_TRUE(of("1.11.2").checks_nogroup);
  EXPECT_TRUE(of("1.12.0").needs_ifconfig);
  EXPECT_FALSE(of("1.13.0").needs_ifconfig);
  EXPECT_FALSE(of("1.11.2").checks_xfs_ftype);
  EXPECT_TRUE(of("1.11.3").checks_xfs_ftype);
  EXPECT_FALSE(of("1.11.14").selinux_targeted_passes);
  EXPECT_TRUE(of("1.12.0").selinux_targeted_passes);
  EXPECT_FALSE(of("1.13.11").disable_with_preflight_only);
  EXPECT_TRUE(of("2.0.0").disable_with_preflight_only);
  EXPECT_TRUE(of("2.0.0").needs_whole_ensemble);
  EXPECT_FALSE(of("2.1.0").needs_whole_ensemble);
  EXPECT_FALSE(of("1.11.4").exhibitor_checks_address);
  EXPECT_TRUE(of("1.11.5").exhibitor_checks_address);
  EXPECT_TRUE(of("1.13.0").installer_port);
  EXPECT_FALSE(of("2.0.0").installer_port);
}

TEST(Releases, PortsOfTheRecordedPreflightOf1112) {
  std::vector<int> master;
  for (const auto& check : of("1.11.2").master_ports) master.push_back(check.port);
  EXPECT_EQ(master, (std::vector<int>{53,    80,    443,   1050,  2181,  5050,  7070,  8080,
                                      8101,  8123,  8181,  9000,  9942,  9990,  15055, 36771,
                                      41281, 46839, 61053, 61091, 61420, 62080, 62501}));
  std::vector<int> agent;
  for (const auto& check : of("1.11.2").agent_ports) agent.push_back(check.port);
  EXPECT_EQ(agent, (std::vector<int>{53, 5051, 61001, 61091, 61420, 62080, 62501}));
}

TEST(Releases, PortsMoveWithTheComponents) {
  EXPECT_TRUE(checks_port(of("1.11.2").master_ports, 8101, "dcos-oauth"));
  EXPECT_TRUE(checks_port(of("1.13.0").master_ports, 8101, "bouncer"));
  EXPECT_TRUE(checks_port(of("1.11.2").agent_ports, 61091, "dcos-metrics"));
  EXPECT_TRUE(checks_port(of("1.12.0").agent_ports, 61091, "telegraf"));
  EXPECT_TRUE(checks_port(of("2.0.0").master_ports, 15055, "dcos-history"));
  EXPECT_FALSE(checks_port(of("2.1.0").master_ports, 15055, "dcos-history"));
  EXPECT_TRUE(checks_port(of("2.1.0").agent_ports, 179, "calico-bird"));
  // As recorded: four more lines on a master of 2.1 than of 2.0, three more on an agent.
  EXPECT_EQ(of("2.1.0").master_ports.size(), of("2.0.0").master_ports.size() + 4);
  EXPECT_EQ(of("2.2.0").agent_ports.size(), of("2.0.0").agent_ports.size() + 3);
}

TEST(Releases, UnitsComeAndGo) {
  const auto has = [](const std::vector<std::string>& units, const char* unit) {
    return std::ranges::find(units, unit) != units.end();
  };
  EXPECT_TRUE(has(of("1.12.0").master_units, "dcos-oauth"));
  EXPECT_FALSE(has(of("1.12.0").master_units, "dcos-bouncer"));
  EXPECT_TRUE(has(of("2.0.0").master_units, "dcos-bouncer"));
  EXPECT_TRUE(has(of("2.0.0").master_units, "dcos-history"));
  EXPECT_TRUE(has(of("2.1.0").master_units, "dcos-etcd"));
  EXPECT_TRUE(has(of("1.11.2").agent_units, "dcos-metrics-agent"));
  EXPECT_TRUE(has(of("2.2.0").agent_units, "dcos-calico-libnetwork-plugin"));
  EXPECT_EQ(of("1.11.2").check_runner, "/opt/mesosphere/bin/dcos-diagnostics");
  EXPECT_EQ(of("1.12.0").check_runner, "/opt/mesosphere/bin/dcos-check-runner");
}

constexpr const char* docker_18_03 =
    "Client:\n Version:      18.03.1-ce\n API version:  1.37\n\n"
    "Server:\n Engine:\n  Version:      18.03.1-ce\n  API version:  1.37 (minimum 1.12)\n";
constexpr const char* docker_19_03 =
    "Client: Docker Engine - Community\n Version:           19.03.5\n\n"
    "Server: Docker Engine - Community\n Engine:\n  Version:          19.03.5\n"
    " containerd:\n  Version:          1.2.10\n runc:\n  Version:          1.0.0-rc8+dev\n"
    " docker-init:\n  Version:          0.18.0\n";
constexpr const char* docker_io_20_10 =
    "Client:\n Version:           20.10.24+dfsg1\n\n"
    "Server:\n Engine:\n  Version:          20.10.24+dfsg1\n containerd:\n  Version:          "
    "1.6.20~ds1\n runc:\n  Version:          1.1.5+ds1\n";

TEST(DockerVersion, IsMisreadSince1903) {
  EXPECT_EQ(docker_version_by_awk(docker_18_03), "18.03.1-ce");
  EXPECT_EQ(docker_version_by_awk(docker_19_03), "0.18.0");
  EXPECT_EQ(docker_version_by_awk(docker_io_20_10), "1.1.5+ds1");
  EXPECT_EQ(docker_version_by_awk("Client:\n Version: 19.03.5\n"), "");

  const Version old{1, 11, 2};
  EXPECT_FALSE(docker_misread(old, "18.03.1-ce"));
  EXPECT_FALSE(docker_misread(old, "18.09.9"));
  EXPECT_TRUE(docker_misread(old, "19.03.5"));
  EXPECT_TRUE(docker_misread(old, "20.10.24+dfsg1"));
  EXPECT_FALSE(docker_misread(Version{1, 11, 12}, "20.10.24+dfsg1"));
}

TEST(ValidateConfig, LeavesOutWhatOnlyTheSshInstallerWants) {
  const Version old{1, 11, 2};
  const std::string header = "\x1b[33m====> VALIDATING CONFIGURATION\x1b[0m\n";
  const std::string failed = "\x1b[1;31mValidation of configuration parameters failed: \x1b[0m\n";
  auto outcome = interpret_validate_config(
      old, 1, "",
      header + failed +
          "\x1b[1;31mssh_user: Must set ssh_user, no way to calculate value.\x1b[0m\n"
          "\x1b[1;31mssh_key_path: could not find ssh private key: genconf/ssh_key\x1b[0m\n");
  EXPECT_TRUE(outcome.applicable);
  EXPECT_TRUE(outcome.valid);
  outcome = interpret_validate_config(
      old, 1, "",
      header + failed + "\x1b[1;31mssh_user: Must set ssh_user\x1b[0m\n" +
          "\x1b[1;31mnum_masters: Must have 1, 3, 5, 7, or 9 masters. Found 2\x1b[0m\n");
  EXPECT_FALSE(outcome.valid);
  EXPECT_EQ(outcome.problems,
            std::vector<std::string>{"num_masters: Must have 1, 3, 5, 7, or 9 masters. Found 2"});
  EXPECT_TRUE(interpret_validate_config(old, 0, "", header).valid);
  outcome =
      interpret_validate_config(old, 1, "No config file found at genconf/config.yaml.\n", header);
  EXPECT_FALSE(outcome.valid);
  EXPECT_EQ(outcome.problems.at(0), "No config file found at genconf/config.yaml.");
  EXPECT_FALSE(interpret_validate_config(Version{2, 0, 0}, 2, "", "usage: ...").applicable);
}

}  // namespace
}  // namespace vmlab
