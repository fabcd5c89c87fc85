#include "dcos/preflight.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

using CheckResult = PreflightCheck::Result;

TEST(Preflight, ReadsEveryFormOfLine) {
  const auto checks = parse_preflight(
      "Starting DC/OS Install Process\n"
      "Running preflight checks\n"
      "Checking if DC/OS is already installed: PASS (Not installed)\n"
      "PASS Is SELinux disabled?\n"
      "Checking if curl is installed and in PATH: PASS \n"
      "Checking docker version requirement (>= 1.6): PASS (18.03.1-ce)\n"
      "Checking if port 9942 (required by metronome) is in use: FAIL\n"
      "Checking if kernel module raid1 is loaded: WARNING Kernel module raid1 is not loaded.\n"
      "FAIL Invalid role x. Role must be one of {master,slave,slave_public}\n"
      "Creating directories under /etc/mesosphere\n"
      "note: PASSED is no result\n");
  const std::vector<PreflightCheck> expected = {
      {"Checking if DC/OS is already installed", CheckResult::pass, "Not installed"},
      {"Is SELinux disabled?", CheckResult::pass, ""},
      {"Checking if curl is installed and in PATH", CheckResult::pass, ""},
      {"Checking docker version requirement (>= 1.6)", CheckResult::pass, "18.03.1-ce"},
      {"Checking if port 9942 (required by metronome) is in use", CheckResult::fail, ""},
      {"Checking if kernel module raid1 is loaded", CheckResult::warning,
       "Kernel module raid1 is not loaded."},
      {"Invalid role x. Role must be one of {master,slave,slave_public}", CheckResult::fail, ""}};
  EXPECT_EQ(checks, expected);
}

TEST(Preflight, JoinsThePassThatIsBrokenOverTwoLines) {
  const auto checks = parse_preflight(
      "Checking docker version requirement (>= 1.6): PASS (20.10.24\n"
      "28.2.2)\n"
      "Checking if curl is installed and in PATH: PASS \n");
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0].detail, "20.10.24 28.2.2");
  EXPECT_EQ(checks[1].name, "Checking if curl is installed and in PATH");
}

TEST(Preflight, IgnoresColours) {
  const auto checks = parse_preflight(
      "Checking if docker is installed and in PATH: \x1b[1;31mFAIL \x1b[0m\r\n"
      "\x1b[1mPASS Is SELinux disabled?\x1b[0m\n");
  ASSERT_EQ(checks.size(), 2U);
  EXPECT_EQ(checks[0],
            (PreflightCheck{"Checking if docker is installed and in PATH", CheckResult::fail, ""}));
  EXPECT_EQ(checks[1], (PreflightCheck{"Is SELinux disabled?", CheckResult::pass, ""}));
}

TEST(Preflight, SaysFailedChecksShortlyAndOnce) {
  const auto failed = failed_checks(
      {{"Checking if port 53 (required by dcos-net) is in use", CheckResult::fail, "by dnsmasq"},
       {"Checking if port 53 (required by dcos-net) is in use", CheckResult::fail, "by dnsmasq"},
       {"Checking systemd version requirement (>= 200)", CheckResult::pass, "252"}});
  EXPECT_EQ(failed,
            std::vector<std::string>{"- port 53 (required by dcos-net) is in use: by dnsmasq"});
}

TEST(Preflight, WarningsOfAPassAreSaidOnceAndFromEveryVersion) {
  // 1.13 to 2.2 end with these, on a host without the modules; on a terminal in colour.
  EXPECT_EQ(preflight_warnings(
                "Checking Docker is configured with a production storage driver: PASS (overlay2)\n"
                "Checking if kernel module raid1 is loaded: \x1b[1;31mWARNING\x1b[0m Kernel module "
                "raid1 is not loaded. DC/OS Storage Service (DSS) depends on it.\n"
                "Checking if kernel module dm_raid is loaded: WARNING Kernel module dm_raid is not "
                "loaded. DC/OS Storage Service (DSS) depends on it.\n"
                "Checking if kernel module dm_raid is loaded: WARNING Kernel module dm_raid is not "
                "loaded. DC/OS Storage Service (DSS) depends on it.\n"),
            (std::vector<std::string>{
                "preflight warns: Kernel module raid1 is not loaded. DC/OS Storage Service (DSS) "
                "depends on it.",
                "preflight warns: Kernel module dm_raid is not loaded. DC/OS Storage Service (DSS) "
                "depends on it."}));
  // 1.11 and 1.12 know no warnings, and a detail may hold the word.
  EXPECT_TRUE(preflight_warnings("Checking systemd version requirement (>= 200): PASS (252)\n"
                                 "Checking ip-detect: PASS (it says: WARNING)\n"
                                 "Checking if port 53 is in use: FAIL\n")
                  .empty());
  // vmlab's own.
  EXPECT_EQ(
      preflight_warnings("Checking memory: WARNING (2000 MiB; DC/OS is known to fail)\n"
                         "Checking if programs can run from /tmp: WARNING (mounted noexec)\n"
                         "Checking x: WARNING\n"),
      (std::vector<std::string>{"preflight warns (memory): 2000 MiB; DC/OS is known to fail",
                                "preflight warns (programs can run from /tmp): mounted noexec",
                                "preflight warns: x"}));
}

TEST(Preflight, SummarisesSeveralNodes) {
  const std::vector<NodePreflight> nodes = {
      {"master-1", true, {}},
      {"master-2", true, {}},
      {"agent-1", false, "1 of 40 preflight checks failed\n- port 53 is in use"},
      {"agent-2", false, "1 of 40 preflight checks failed\n- port 53 is in use"},
      {"public-1", false, "cannot reach node 'public-1'"},
      {"master-3", true, {}}};
  EXPECT_EQ(summarise_preflights(nodes),
            "3 of 6 nodes passed the preflight checks\n"
            "agent-1, agent-2: 1 of 40 preflight checks failed\n"
            "  - port 53 is in use\n"
            "public-1: cannot reach node 'public-1'");
}

}  // namespace
}  // namespace vmlab
