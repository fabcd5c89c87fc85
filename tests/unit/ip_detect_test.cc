#include "dcos/ip_detect.h"

#include <gtest/gtest.h>

#include "support/dcos_lab.h"
#include "support/golden.h"
#include "support/programs.h"

namespace vmlab {
namespace {

/// Runs the script with an `ip` of the test's own first in its PATH; standard output and error.
std::string run(const std::string& route) {
  const test::Programs programs("ip_detect_test", {{"ip", route}});
  auto script = ip_detect_script(test::dcos_lab());
  script.replace(script.find("PATH="), 5, "PATH=" + programs.directory().string() + ":");
  return programs.run(script);
}

TEST(IpDetect, IsThisScript) {
  test::expect_golden("dcos/ip-detect", ip_detect_script(test::dcos_lab()));
}

TEST(IpDetect, TakesTheSourceOfEveryFormOfRoute) {
  EXPECT_EQ(run("echo '192.168.90.11 dev ens2 src 192.168.90.21 uid 0 \\    cache '"),
            "192.168.90.21\nexit 0\n");
  EXPECT_EQ(run("echo '192.168.90.11 via 10.0.0.1 dev eth0 src 10.0.0.7 \\    cache'"),
            "10.0.0.7\nexit 0\n");
  EXPECT_EQ(run("echo 'local 192.168.90.11 dev lo table local src 192.168.90.11 uid 0 \\ cache "
                "<local>'"),
            "192.168.90.11\nexit 0\n");
}

TEST(IpDetect, IsSilentWithoutARoute) {
  EXPECT_EQ(run("echo 'RTNETLINK answers: Network is unreachable' >&2; exit 2"), "exit 1\n");
}

TEST(IpDetect, IsTheUsersWhereThereIsOne) {
  auto lab = test::dcos_lab();
  lab.dcos->ip_detect = "#!/bin/sh\necho 1.2.3.4\n";
  EXPECT_EQ(ip_detect_script(lab), "#!/bin/sh\necho 1.2.3.4\n");
}

}  // namespace
}  // namespace vmlab
