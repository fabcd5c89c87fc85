// What releases 1.11 to 2.2 print and return, each as it was recorded: nothing asks for the
// version, so each must be read for what it says. The scripts that hear it are rehearsed in
// tests/adapter/dcos_scripts_test.cc.
#include <gtest/gtest.h>

#include <algorithm>

#include "dcos/explain.h"
#include "dcos/preflight.h"
#include "dcos/scripts.h"

namespace vmlab {
namespace {

// Of 1.11.2, on EL7 with the group made by hand.
constexpr const char* master_of_1_11_2 =
    "Starting DC/OS Install Process\n"
    "Running preflight checks\n"
    "Checking if DC/OS is already installed: PASS (Not installed)\n"
    "PASS Is SELinux disabled?\n"
    "Checking if docker is installed and in PATH: PASS \n"
    "Checking docker version requirement (>= 1.6): PASS (18.03.1-ce)\n"
    "Checking if curl is installed and in PATH: PASS \n"
    "Checking if bash is installed and in PATH: PASS \n"
    "Checking if ping is installed and in PATH: PASS \n"
    "Checking if tar is installed and in PATH: PASS \n"
    "Checking if xz is installed and in PATH: PASS \n"
    "Checking if unzip is installed and in PATH: PASS \n"
    "Checking if ipset is installed and in PATH: PASS \n"
    "Checking if systemd-notify is installed and in PATH: PASS \n"
    "Checking if systemd is installed and in PATH: PASS \n"
    "Checking systemd version requirement (>= 200): PASS (219)\n"
    "Checking if group 'nogroup' exists: PASS \n"
    "Checking if port 53 (required by dcos-net) is in use: PASS \n"
    "Checking if port 80 (required by adminrouter) is in use: PASS \n"
    "Checking if port 443 (required by adminrouter) is in use: PASS \n"
    "Checking if port 1050 (required by dcos-diagnostics) is in use: PASS \n"
    "Checking if port 2181 (required by zookeeper) is in use: PASS \n"
    "Checking if port 5050 (required by mesos-master) is in use: PASS \n"
    "Checking if port 7070 (required by cosmos) is in use: PASS \n"
    "Checking if port 8080 (required by marathon) is in use: PASS \n"
    "Checking if port 8101 (required by dcos-oauth) is in use: PASS \n"
    "Checking if port 8123 (required by mesos-dns) is in use: PASS \n"
    "Checking if port 8181 (required by exhibitor) is in use: PASS \n"
    "Checking if port 9000 (required by metronome) is in use: PASS \n"
    "Checking if port 9942 (required by metronome) is in use: PASS \n"
    "Checking if port 9990 (required by cosmos) is in use: PASS \n"
    "Checking if port 15055 (required by dcos-history) is in use: PASS \n"
    "Checking if port 36771 (required by marathon) is in use: PASS \n"
    "Checking if port 41281 (required by zookeeper) is in use: PASS \n"
    "Checking if port 46839 (required by metronome) is in use: PASS \n"
    "Checking if port 61053 (required by mesos-dns) is in use: PASS \n"
    "Checking if port 61091 (required by dcos-metrics) is in use: PASS \n"
    "Checking if port 61420 (required by dcos-net) is in use: PASS \n"
    "Checking if port 62080 (required by dcos-net) is in use: PASS \n"
    "Checking if port 62501 (required by dcos-net) is in use: PASS \n"
    "Checking Docker is configured with a production storage driver: PASS (overlay2)\n"
    "Creating directories under /etc/mesosphere\n"
    "Creating role file for master\n"
    "Configuring DC/OS   \n"
    "Setting and starting DC/OS\n";

TEST(Releases, TheWholePreflightOf1112IsRead) {
  const auto checks = parse_preflight(master_of_1_11_2);
  EXPECT_EQ(checks.size(), 39U);
  EXPECT_TRUE(std::ranges::all_of(
      checks, [](const auto& check) { return check.result == PreflightCheck::Result::pass; }));
  EXPECT_EQ(checks.back().detail, "overlay2");
  EXPECT_TRUE(preflight_warnings(master_of_1_11_2).empty());
}

struct Refusal {
  const char* releases;
  int exit_code;
  const char* out;
  const char* err;
  const char* explained;
};

class Preflights : public testing::TestWithParam<Refusal> {};

TEST_P(Preflights, AreExplained) {
  const auto& refusal = GetParam();
  EXPECT_EQ(explain_preflight(refusal.exit_code, refusal.out, refusal.err), refusal.explained)
      << refusal.releases;
}

INSTANTIATE_TEST_SUITE_P(
    Releases, Preflights,
    testing::Values(
        Refusal{"1.11.0-1.11.10, 1.12.0-1.12.2: a stopped Docker is not installed, and version 0",
                2,
                "Checking if docker is installed and in PATH: FAIL \n"
                "Checking docker version requirement (>= 1.6): FAIL (0)\n"
                "Checking if curl is installed and in PATH: PASS \n",
                "",
                "2 of 3 preflight checks failed\n"
                "- docker is installed and in PATH\n"
                "- docker version requirement (>= 1.6): 0"},
        Refusal{"1.11.12, 1.12.5, 1.13.4, 2.0 and newer: a stopped Docker ends the script", 1,
                "Checking if docker is installed and in PATH: PASS \n"
                "Checking if Docker is running: FAIL \n",
                "dcos_install.sh: line 321: $3: unbound variable\n",
                "1 of 2 preflight checks failed\n"
                "- Docker is running\n"
                "- the rest: not checked, as the script died of it that Docker did not answer"},
        Refusal{"up to 1.11.11, 1.12.4, 1.13.3: Docker 19.03, whose last version is docker-init's",
                1, "Checking docker version requirement (>= 1.6): FAIL (0.18.0)\n", "",
                "1 of 1 preflight checks failed\n"
                "- docker version requirement (>= 1.6): 0.18.0"},
        Refusal{"up to 1.11.11, 1.12.4, 1.13.5: EL7 has no such group; 1.12 looks for ifconfig", 2,
                "Checking if ifconfig is installed and in PATH: FAIL \n"
                "Checking if group 'nogroup' exists: FAIL \n",
                "",
                "2 of 2 preflight checks failed\n"
                "- ifconfig is installed and in PATH\n"
                "- group 'nogroup' exists"},
        Refusal{"1.11.3 and newer: XFS without ftype", 1,
                "Checking if /var/lib/docker is mounted with \"ftype=1\": FAIL \n", "",
                "1 of 1 preflight checks failed\n"
                "- /var/lib/docker is mounted with \"ftype=1\""},
        Refusal{"1.13 and newer: warnings of modules are no failures; 2.1 and 2.2: a broken line",
                1,
                "Checking docker version requirement (>= 1.6): PASS (20.10.24\n28.2.2)\n"
                "Checking if port 53 (required by dcos-net) is in use: FAIL \n"
                "Checking if kernel module raid1 is loaded: WARNING Kernel module raid1 is not "
                "loaded.\n",
                "",
                "1 of 3 preflight checks failed\n"
                "- port 53 (required by dcos-net) is in use"},
        Refusal{"all: a node that is installed already ends the script at once", 1,
                "Checking if DC/OS is already installed: FAIL (Currently installed)\n", "",
                "1 of 1 preflight checks failed\n"
                "- DC/OS is already installed: Currently installed\n"
                "- a node is installed once: `vmlab reset NODE --then-up` makes it new"}));

class Genconfs : public testing::TestWithParam<Refusal> {};

TEST_P(Genconfs, AreExplained) {
  const auto& refusal = GetParam();
  EXPECT_EQ(explain_genconf(refusal.exit_code, refusal.out, refusal.err), refusal.explained)
      << refusal.releases;
}

#define HEADER                                                \
  "\x1b[33m====> EXECUTING CONFIGURATION GENERATION\x1b[0m\n" \
  "Generating configuration files...\n"

INSTANTIATE_TEST_SUITE_P(
    Releases, Genconfs,
    testing::Values(
        Refusal{"all: what is missing, and what may not be set", 1, "",
                HEADER
                "\x1b[1;31mexhibitor_zk_path: Must set exhibitor_zk_path, no way to calculate "
                "value.\x1b[0m\n"
                "\x1b[1;31mfault_domain_enabled: fault_domain_enabled must be calculated, but was "
                "explicitly set in the configuration. Remove it from the configuration.\x1b[0m\n",
                "the installer refuses the configuration\n"
                "- exhibitor_zk_path: Must set exhibitor_zk_path, no way to calculate value.\n"
                "- fault_domain_enabled: fault_domain_enabled must be calculated, but was "
                "explicitly set in the configuration. Remove it from the configuration."},
        Refusal{"1.11 to 1.13 publish port 9000", 125, "",
                "docker: Error response from daemon: driver failed: Bind for 0.0.0.0:9000 failed: "
                "port is already allocated.\n",
                "a port of the bootstrap node is taken: releases up to 1.13 need its port 9000; "
                "exit code 125: docker: Error response from daemon: driver failed: Bind for "
                "0.0.0.0:9000 failed: port is already allocated."},
        Refusal{"all: no file, told on standard output", 1,
                "No config file found at genconf/config.yaml. See the DC/OS documentation.\n",
                HEADER,
                "No config file found at genconf/config.yaml. See the DC/OS documentation."},
        Refusal{"all: a file that is empty", 1, "",
                HEADER "Traceback (most recent call last):\n  File x\nNotImplementedError\n",
                "the installer died of config.yaml: it is empty, or no map"},
        Refusal{"2.1 and newer: no file of that name", 1, "",
                HEADER "Traceback (most recent call last):\nFileNotFoundError: [Errno 2] No such "
                       "file or directory: 'genconf/public'\n",
                "the installer died of a file that config.yaml names and that is not in genconf: "
                "FileNotFoundError: [Errno 2] No such file or directory: 'genconf/public'"}));

#undef HEADER

TEST(Releases, OnlyWhatAllOfThemHaveIsAsked) {
  // --validate-config: in 2.0 a usage error, in 1.11.10 a demand for an ssh key; --web: gone.
  const auto script = genconf_script();
  for (const char* option : {"--validate-config", "--web", "--preflight", "--deploy"}) {
    EXPECT_EQ(script.find(option), std::string::npos) << option;
  }
  EXPECT_NE(script.find("--genconf"), std::string::npos);
}

}  // namespace
}  // namespace vmlab
