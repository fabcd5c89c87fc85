#include "dcos/explain.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

TEST(ExplainGenconf, NamesEachRefusedParameterOnce) {
  const std::string err =
      "\x1b[33m====> EXECUTING CONFIGURATION GENERATION\x1b[0m\n"
      "Generating configuration files...\n"
      "\x1b[1;31mnum_masters: Must have 1, 3, 5, 7, or 9 masters. Found 2\x1b[0m\n"
      "\x1b[1;31mmaster_discovery: When master_discovery is not static, no\x1b[0m\n"
      "\x1b[1;31mexhibitor_storage_backend: When master_discovery is not static, no\x1b[0m\n";
  EXPECT_EQ(
      explain_genconf(1, "", err),
      "the installer refuses the configuration\n"
      "- master_discovery, exhibitor_storage_backend: When master_discovery is not static, no\n"
      "- num_masters: Must have 1, 3, 5, 7, or 9 masters. Found 2");
}

TEST(ExplainGenconf, KnowsTheInstallersOtherWaysToFail) {
  EXPECT_EQ(explain_genconf(1, "", "docker should be installed and running. Aborting.\n"),
            "Docker does not run on the bootstrap node");
  EXPECT_EQ(explain_genconf(1,
                            "Unable to load configuration file. Invalid YAML in "
                            "genconf/config.yaml: bad, line 3, column 1\n",
                            ""),
            "Unable to load configuration file. Invalid YAML in genconf/config.yaml: bad, line 3, "
            "column 1");
  EXPECT_EQ(explain_genconf(1, "", "Traceback (most recent call last):\n  File x\nException\n"),
            "the installer died of a value in config.yaml that it cannot read: one without a "
            "value, or a number with a fraction");
  EXPECT_EQ(explain_genconf(1, "",
                            "Traceback (most recent call last):\nFileNotFoundError: [Errno 2] No "
                            "such file or directory: 'genconf/x'\n"),
            "the installer died of a file that config.yaml names and that is not in genconf: "
            "FileNotFoundError: [Errno 2] No such file or directory: 'genconf/x'");
  EXPECT_EQ(explain_genconf(2, "", "usage: dcos_generate_config.sh [-h]\nerror: unrecognized\n"),
            "the installer does not know an option: it is no DC/OS installer of 1.11 to 2.2");
  EXPECT_EQ(explain_genconf(1, "", "vmlab: there is no installer in /opt/vmlab/dcos\n"),
            "there is no installer in /opt/vmlab/dcos");
  EXPECT_EQ(explain_genconf(125, "",
                            "docker: Error response from daemon: Bind for 0.0.0.0:9000 failed: "
                            "port is already allocated.\n"),
            "a port of the bootstrap node is taken: releases up to 1.13 need its port 9000; exit "
            "code 125: docker: Error response from daemon: Bind for 0.0.0.0:9000 failed: port is "
            "already allocated.");
  EXPECT_EQ(explain_genconf(139, "", ""),
            "the installer failed with exit code 139, and nothing printed");
}

TEST(ExplainServe, SaysThatNoImageCanBeHad) {
  const std::string refused =
      "Error response from daemon: Get \"https://registry/v2/\": dial tcp: lookup registry: no "
      "such host\n";
  EXPECT_EQ(explain_serve(1, "", refused),
            "there is no nginx image on the bootstrap node, and none can be pulled: exit code 1: " +
                refused.substr(0, refused.size() - 1));
}

TEST(ExplainServe, NamesTheDockerThatIsTooOldForTodaysImages) {
  // Docker 1.13.1 of EL7, then the older image's registry out of reach; and Docker 19.03.3.
  EXPECT_EQ(explain_serve(1, "Using default tag: latest\n",
                          "Trying to pull repository docker.io/library/nginx ... \n"
                          "missing signature key\nmissing signature key\n"
                          "toomanyrequests: You have reached your pull rate limit.\n"),
            "this Docker cannot read the nginx images of today (OCI indexes), and the older one "
            "cannot be pulled; `image: debian-12` for the bootstrap node brings nginx with it: "
            "exit code 1: toomanyrequests: You have reached your pull rate limit.");
  EXPECT_NE(explain_serve(1, "",
                          "mediaType in manifest should be "
                          "'application/vnd.docker.distribution.manifest.v2+json' not "
                          "'application/vnd.oci.image.manifest.v1+json'\n")
                .find("this Docker cannot read"),
            std::string::npos);
  EXPECT_NE(explain_serve(1, "", "manifest for docker.io/nginx:latest not found\n")
                .find("none can be pulled: exit code 1: manifest for docker.io/nginx:latest"),
            std::string::npos);
}

TEST(ExplainPreflight, ListsTheFailedChecks) {
  const std::string out =
      "Checking memory: PASS (7950 MiB)\n"
      "Running preflight checks\n"
      "Checking if DC/OS is already installed: PASS (Not installed)\n"
      "FAIL Is SELinux disabled?\n"
      "Checking if ipset is installed and in PATH: FAIL \n"
      "Checking if port 80 (required by adminrouter) is in use: FAIL \n";
  EXPECT_EQ(explain_preflight(3, out, ""),
            "3 of 5 preflight checks failed\n"
            "- Is SELinux disabled?\n"
            "- ipset is installed and in PATH\n"
            "- port 80 (required by adminrouter) is in use");
}

TEST(ExplainPreflight, SaysWhatADeadDockerHides) {
  const std::string out = "Checking if Docker is running: FAIL \n";
  EXPECT_EQ(explain_preflight(1, out, "dcos_install.sh: line 321: $3: unbound variable\n"),
            "1 of 1 preflight checks failed\n"
            "- Docker is running\n"
            "- the rest: not checked, as the script died of it that Docker did not answer");
}

TEST(ExplainPreflight, LeavesOutTheMisreadVersionOfDocker) {
  const std::string out =
      "Checking docker version requirement (>= 1.6): FAIL (0.18.0)\n"
      "Checking the version of Docker itself: PASS (19.03.5; this release reads ...)\n"
      "Checking if port 2888 is in use: FAIL (by java; the release's own check misses it)\n";
  EXPECT_EQ(explain_preflight(1, out, ""),
            "1 of 3 preflight checks failed\n"
            "- port 2888 is in use: by java; the release's own check misses it");
}

TEST(ExplainInstall, TellsWhatKeepsANodeFromBeingInstalled) {
  EXPECT_EQ(explain_install(1, "vmlab: other role: master\n", ""),
            "the node is installed as master already; `vmlab reset NODE --then-up` makes it new");
  EXPECT_EQ(explain_install(1, "vmlab: other configuration: aa, now bb\n", ""),
            "the node was installed from another configuration or release (package list aa, now "
            "bb), and DC/OS cannot be changed in place; `vmlab reset NODE --then-up` makes it new");
  EXPECT_EQ(explain_install(1, "vmlab: half installed\n", ""),
            "an earlier installation was cut off where it cannot go on; `vmlab reset NODE "
            "--then-up` makes it new");
  EXPECT_EQ(explain_install(1, "vmlab: cannot fetch http://b:8080/dcos_install.sh\n",
                            "curl: (7) Failed to connect\n"),
            "cannot fetch http://b:8080/dcos_install.sh: exit code 1: curl: (7) Failed to connect");
  EXPECT_EQ(explain_install(1,
                            "Checking if xz is installed and in PATH: FAIL \nPreflight checks "
                            "failed. Exiting installation. Please consult product documentation\n",
                            ""),
            "1 of 1 preflight checks failed\n- xz is installed and in PATH");
  EXPECT_EQ(explain_install(1, "Setting and starting DC/OS\n",
                            "Job for dcos-setup.service failed.\n"
                            "curl: (22) The requested URL returned error: 404\n"),
            "dcos-setup failed; the end of its journal:\n"
            "- Job for dcos-setup.service failed.\n"
            "- curl: (22) The requested URL returned error: 404");
}

}  // namespace
}  // namespace vmlab
