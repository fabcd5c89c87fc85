// The scripts run for real, in a directory that stands for the node: commands that would change a
// machine are stand-ins that note how they were called.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/text.h"
#include "dcos/explain.h"
#include "dcos/gates.h"
#include "dcos/scripts.h"
#include "lab/yaml_tree.h"
#include "support/dcos_lab.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;

struct Outcome {
  int status = 0;
  std::string out;
  std::string err;
};

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

class Rehearsal : public testing::Test {
 protected:
  void SetUp() override {
    auto pattern = (fs::path(testing::TempDir()) / "rehearsal-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    fs::create_directories(root_ / "bin");
    fs::create_directories(root_ / "served");
    write(root_ / "proc/meminfo", "MemTotal:        8148000 kB\nMemFree: 1 kB\n");
    write(root_ / "proc/mounts", "/dev/vda1 / ext4 rw 0 0\ntmpfs /tmp tmpfs rw,nosuid 0 0\n");
    for (const char* table : {"tcp", "tcp6", "udp", "udp6"}) {
      write(root_ / "proc/net" / table, "  sl  local_address rem_address   st\n");
    }
    // `curl … -o FILE URL`: from the directory that stands for the bootstrap node.
    stand_in("curl",
             "while [ $# -gt 1 ]; do [ \"$1\" != -o ] || file=$2; shift; done\n"
             "name=${1##*:8080/}\n"
             "[ -e \"$root/served/$name\" ] || { echo 'curl: (22) error: 404' >&2; exit 22; }\n"
             "cp \"$root/served/$name\" \"$file\"\n");
    stand_in(
        "systemctl",
        "case \"$1 $2 ${3:-}\" in\n"
        "  'is-active --quiet '*) [ -e \"$root/active/$3\" ] ;;\n"
        "  'is-enabled --quiet '*) [ -e \"$root/enabled/$3\" ] ;;\n"
        "  'start dcos-setup '*) exit \"$(cat \"$root/setup-status\" 2>/dev/null || echo 0)\" ;;\n"
        "esac\n");
    stand_in("docker",
             "case \"$1\" in info) echo false ;; version) cat \"$root/engine\" ;; esac\n");
    stand_in("modprobe", "");
    stand_in("sync", "");
    stand_in("ss", "");
    stand_in("journalctl", "echo 'dcos-download: no route'\n");
  }
  void TearDown() override { fs::remove_all(root_); }

  void stand_in(const std::string& name, const std::string& body) {
    const auto path = root_ / "bin" / name;
    write(path, "#!/bin/sh\nroot=" + root_.string() + "\necho \"" + name +
                    " $*\" >>\"$root/calls\"\n" + body);
    fs::permissions(path, fs::perms::owner_all);
  }

  /// A dcos_install.sh whose preflight prints `preflight` and ends with `failed`.
  void serve_installer(const std::string& preflight, int failed) {
    write(root_ / "served/dcos_install.sh",
          "echo \"install $*\" >>" + (root_ / "calls").string() +
              "\ncase \"$*\" in *preflight-only*)\n" + "cat <<'END'\n" + preflight + "END\nexit " +
              std::to_string(failed) + " ;; esac\n" + "exit \"$(cat " +
              (root_ / "install-status").string() + " 2>/dev/null || echo 0)\"\n");
    write(root_ / "served/cluster-package-list.latest", "abc123");
  }

  Outcome run(std::string script, const std::string& input = {}) {
    const auto replace = [&](const std::string& from, const std::string& to) {
      for (auto at = script.find(from); at != std::string::npos;
           at = script.find(from, at + to.size())) {
        script.replace(at, from.size(), to);
      }
    };
    const auto base = root_.string();
    replace("PATH=/usr/local/sbin:", "PATH=" + base + "/bin:/usr/local/sbin:");
    replace("/opt/", base + "/opt/");
    replace("/etc/mesosphere", base + "/etc/mesosphere");
    replace("/etc/systemd", base + "/etc/systemd");
    replace("/var/lib/vmlab", base + "/var/lib/vmlab");
    replace("/proc/", base + "/proc/");
    replace("/sys/fs/cgroup", base + "/cgroup");
    replace("/var/lib/docker", base + "/var/lib/docker");
    replace("/run/docker", base + "/run/docker");
    replace("/etc/docker", base + "/etc/docker");
    for (const auto& [from, to] : renamed_) replace(from, to);
    write(root_ / "input", input);
    const auto command = "/bin/sh -c " + shell_quote(script) + " <" + base + "/input >" + base +
                         "/out 2>" + base + "/err";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(root_ / "out"), read(root_ / "err")};
  }

  std::string calls() const { return read(root_ / "calls"); }
  bool exists(const std::string& path) const { return fs::exists(root_ / path); }
  fs::path directory() const { return root_ / "opt/vmlab/dcos"; }

  Outcome preflight(const std::string& node = "master-1") {
    const auto lab = test::dcos_lab();
    return run(preflight_script(lab, lab.node(node)),
               "#!/bin/sh\necho " + lab.node(node).address.text() + "\n");
  }
  Outcome install(const std::string& node = "master-1") {
    const auto lab = test::dcos_lab();
    return run(install_script(lab, lab.node(node)));
  }
  void half_install(const std::string& list = "abc123") {
    write(root_ / "opt/mesosphere/bin/x", "x");
    write(root_ / "etc/mesosphere/roles/master", "");
    write(root_ / "etc/mesosphere/setup-flags/cluster-package-list", list + "\n");
    write(root_ / "etc/systemd/system/dcos-setup.service", "x");
  }

  fs::path root_;
  std::map<std::string, std::string> renamed_;  // programs that this host may have, or not
};

TEST_F(Rehearsal, GenconfFilesAreWrittenWhole) {
  const auto outcome = run(genconf_files_script("#!/bin/sh\necho \"it's $HOME\"\n"), "a: \"b\"\n");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(read(directory() / "genconf/config.yaml"), "a: \"b\"\n");
  EXPECT_EQ(read(directory() / "genconf/ip-detect"), "#!/bin/sh\necho \"it's $HOME\"\n");
  EXPECT_EQ(fs::status(directory() / "genconf/config.yaml").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_NE(fs::status(directory() / "genconf/ip-detect").permissions() & fs::perms::owner_exec,
            fs::perms::none);
}

constexpr const char* installer =
    "case $1 in\n"
    "  --version) echo dcos-genconf.tar; echo '{\"variant\": \"\",'; echo ' \"version\": "
    "\"2.0.7\"}' ;;\n"
    "  --genconf) echo header >&2; [ ! -e refuse ] || exit 1; mkdir -p genconf/serve\n"
    "    echo new >genconf/serve/dcos_install.sh ;;\n"
    "esac\n";

TEST_F(Rehearsal, GenconfRemovesWhatIsStaleAndRecordsTheVersion) {
  write(directory() / "dcos_generate_config.sh", installer);
  write(directory() / "genconf/serve/old", "old");
  stand_in("docker", "[ \"$1\" != ps ] || echo deadbeef\n");
  const auto outcome = run(genconf_script());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "vmlab: release 2.0.7\n");
  EXPECT_FALSE(exists("opt/vmlab/dcos/genconf/serve/old"));
  EXPECT_EQ(read(directory() / "version"), "2.0.7\n");
  EXPECT_NE(calls().find("docker rm -f deadbeef\n"), std::string::npos) << calls();
}

TEST_F(Rehearsal, GenconfTakesTheVersionFromWhatIsServed) {
  write(directory() / "dcos_generate_config.sh",
        "[ \"$1\" = --genconf ] || exit 1\n"
        "folder=genconf/serve/packages/dcos-metadata\n"
        "mkdir -p etc $folder\n"
        "echo '{\"bootstrap-id\": \"b\", \"version\": \"1.11.2\"}' >etc/dcos-version.json\n"
        "tar -cJf $folder/dcos-metadata--setup_0.tar.xz ./etc\n"
        "echo new >genconf/serve/dcos_install.sh\n");
  const auto outcome = run(genconf_script());
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "vmlab: release 1.11.2\n");
  EXPECT_EQ(read(directory() / "version"), "1.11.2\n");
}

// Each refuses what the other has: nothing but --genconf may be asked of them.
TEST_F(Rehearsal, GenconfOfEveryGeneration) {
  struct Generation {
    const char* version;
    const char* genconf;   // what it prints
    const char* validate;  // what --validate-config comes to
  };
  const Generation generations[] = {
      {"1.11.2", "echo dcos-genconf.e871b90b-1.tar; echo 'Extracting image' >&2",
       "echo 'ssh_key_path: could not find ssh private key' >&2; exit 1"},
      {"1.13.9", "echo dcos-genconf.4c96dfc8-1.tar",
       "echo 'validate-config is deprecated' >&2; exit 0"},
      {"2.2.0",
       "echo 'Not bootstrapping the Exhibitor CA'; echo 'Generating Bash configuration files'",
       "echo 'usage: dcos_generate_config.sh [-h]' >&2; exit 2"}};
  for (const auto& [version, genconf, validate] : generations) {
    write(directory() / "dcos_generate_config.sh",
          std::string("case $1 in\n--genconf) ") + genconf +
              "; mkdir -p genconf/serve; echo new >genconf/serve/dcos_install.sh ;;\n--version) "
              "echo dcos-genconf.tar; echo '{\"variant\": \"\", \"version\": \"" +
              version + "\"}' ;;\n--validate-config) " + validate +
              " ;;\n*) echo usage: >&2; exit 2 ;;\nesac\n");
    const auto outcome = run(genconf_script());
    EXPECT_EQ(outcome.status, 0) << version << outcome.err;
    EXPECT_TRUE(outcome.out.ends_with(std::string("vmlab: release ") + version + "\n"))
        << outcome.out;
  }
}

TEST_F(Rehearsal, GenconfPassesTheInstallersRefusalOn) {
  write(directory() / "dcos_generate_config.sh", installer);
  write(directory() / "refuse", "");
  const auto outcome = run(genconf_script());
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.err, "header\n");
}

TEST_F(Rehearsal, GenconfWithoutAnInstallerSaysSo) {
  const auto outcome = run(genconf_script());
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(explain_genconf(outcome.status, outcome.out, outcome.err),
            "there is no installer in " + directory().string());
}

TEST_F(Rehearsal, NginxComesFromTheImageTheFileOrARegistry) {
  const auto images = [&](bool there) {
    stand_in("docker", there ? "" : "[ \"$1 $2\" != 'image inspect' ]\n");
    fs::remove(root_ / "calls");
    EXPECT_EQ(run(serve_script(8080)).status, 0);
    return calls();
  };
  EXPECT_EQ(images(true).find("load"), std::string::npos);
  EXPECT_NE(images(false).find("docker pull nginx\n"), std::string::npos);
  write(root_ / "var/lib/vmlab/images/nginx.tar", "tar");
  const auto loaded = images(false);
  EXPECT_NE(loaded.find("docker load -i "), std::string::npos);
  EXPECT_EQ(loaded.find("pull"), std::string::npos);
  EXPECT_NE(loaded.find("docker run -d --name vmlab-serve --restart always -p 8080:80 -v " +
                        (directory() / "genconf/serve").string()),
            std::string::npos);
}

// Docker 1.13 of EL7 cannot read what the registry calls `nginx` today.
TEST_F(Rehearsal, AnOldDockerGetsAnOldNginx) {
  const std::string refuses =
      "case $* in\n  'image inspect nginx') exit 1 ;;\n"
      "  'pull nginx') echo 'missing signature key' >&2; exit 1 ;;\n";
  stand_in("docker", refuses + "esac\n");
  auto outcome = run(serve_script(8080));
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(calls().find("docker pull nginx:1.18\ndocker tag nginx:1.18 nginx\n"),
            std::string::npos)
      << calls();
  stand_in("docker", refuses + "  pull*) echo 'no route to host' >&2; exit 1 ;;\nesac\n");
  outcome = run(serve_script(8080));
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(explain_serve(outcome.status, outcome.out, outcome.err).find("`image: debian-12`"),
            std::string::npos);
  // A registry that is not there now is no reason for an image that gets no mends any more.
  stand_in("docker", "case $* in\n  'image inspect nginx'|'pull nginx') exit 1 ;;\nesac\n");
  EXPECT_EQ(run(serve_script(8080)).status, 1);
  EXPECT_EQ(calls().find("nginx:1.18", calls().rfind("image inspect")), std::string::npos);
}

constexpr const char* clean =
    "Checking docker version requirement (>= 1.6): PASS (20.10.24)\n"
    "Checking if port 53 (required by dcos-net) is in use: PASS \n"
    "Checking if port 5050 (required by mesos-master) is in use: PASS \n";

TEST_F(Rehearsal, PreflightOfAGoodNode) {
  serve_installer(clean, 0);
  const auto outcome = preflight();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(outcome.out.find("Checking ip-detect: PASS (192.168.90.11)\n"), std::string::npos);
  EXPECT_NE(outcome.out.find("Checking if programs can run from /tmp: PASS\n"), std::string::npos);
  EXPECT_FALSE(exists("opt/vmlab/dcos/disable-preflight"));
}

TEST_F(Rehearsal, PreflightFindsThePortsThatTheReleaseMisses) {
  // 5050 is 13BA: the release looks for 13ba. An outgoing connection is no listener.
  write(root_ / "proc/net/tcp",
        "  sl  local_address rem_address   st\n"
        "   0: 00000000:13BA 00000000:0000 0A 0\n"
        "   1: 0100007F:0B48 0A0000FE:0016 01 0\n");
  write(root_ / "proc/net/udp6",
        "   7: 00000000000000000000000000000000:0035 00000000000000000000000000000000:0000 07 0\n");
  stand_in("ss", "echo 'tcp LISTEN 0 9 *:5050 *:* users:((\"java\",pid=7,fd=9))'\n");
  serve_installer(clean, 0);
  const auto outcome = preflight();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(explain_preflight(outcome.status, outcome.out, outcome.err),
            "2 of 11 preflight checks failed\n"
            "- port 53 is in use: by java; the release's own check misses it\n"
            "- port 5050 is in use: by java; the release's own check misses it");
}

// 1.11 knows port 61420 (EFEC), 2.1 and newer 64000 (FA00): the release says which it wants.
TEST_F(Rehearsal, PreflightLooksAtThePortsOfTheRelease) {
  write(root_ / "proc/net/tcp",
        "  sl  local_address rem_address   st\n   0: 00000000:EFEC 00000000:0000 0A 0\n");
  write(root_ / "proc/net/udp",
        "  sl  local_address rem_address   st\n   0: 00000000:FA00 00000000:0000 07 0\n");
  const auto failures = [&](const std::string& port) {
    serve_installer("Checking if port " + port + " (required by dcos-net) is in use: PASS \n", 0);
    const auto outcome = preflight("agent-1");
    EXPECT_EQ(outcome.status, 1);
    return explain_preflight(outcome.status, outcome.out, outcome.err);
  };
  EXPECT_TRUE(failures("61420").ends_with(
      "failed\n- port 61420 is in use: the release's own check misses it"));
  EXPECT_TRUE(failures("64000").ends_with(
      "failed\n- port 64000 is in use: the release's own check misses it"));
}

// EL7 has neither; debian-12 no ifconfig.
TEST_F(Rehearsal, PreflightMakesWhatTheReleaseWantsOfTheNode) {
  renamed_ = {{"ifconfig", "ifconfig-of-1-12"}};
  stand_in("getent", "[ -e \"$root/$1/$2\" ]\n");
  stand_in("groupadd", "mkdir -p \"$root/group\" && : >\"$root/group/$1\"\n");
  // Which of the two, depends on the host of this test.
  for (const char* manager : {"apt-get", "yum"}) {
    stand_in(manager,
             "case $* in *'install net-tools') cp \"$root/bin/sync\" "
             "\"$root/bin/ifconfig-of-1-12\" ;; esac\n");
  }
  serve_installer(clean, 0);
  EXPECT_EQ(preflight().status, 0);
  EXPECT_EQ(calls().find("groupadd"), std::string::npos) << "2.2 asks for neither";
  EXPECT_EQ(calls().find("net-tools"), std::string::npos);

  write(root_ / "served/dcos_install.sh",
        "failed=0\n"
        "say() { echo \"Checking if $1: $2\"; [ $2 = PASS ] || failed=$((failed + 1)); }\n"
        "getent group nogroup && is=PASS || is=FAIL\nsay \"group 'nogroup' exists\" $is\n"
        "command -v ifconfig-of-1-12 >&2 && is=PASS || is=FAIL\n"
        "say 'ifconfig is installed and in PATH' $is\nexit $failed\n");
  auto outcome = preflight();
  EXPECT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_NE(calls().find("groupadd nogroup\n"), std::string::npos) << calls();
  EXPECT_NE(calls().find("install net-tools\n"), std::string::npos) << calls();
  fs::remove(root_ / "calls");
  EXPECT_EQ(preflight().status, 0);
  EXPECT_EQ(calls().find("groupadd"), std::string::npos) << "they are there now";
  EXPECT_EQ(calls().find("net-tools"), std::string::npos);

  fs::remove_all(root_ / "group");
  fs::remove(root_ / "bin/ifconfig-of-1-12");
  stand_in("groupadd", "echo 'groupadd: cannot lock /etc/group' >&2; exit 10\n");
  for (const char* manager : {"apt-get", "yum"}) stand_in(manager, "echo 'no mirror'; exit 1\n");
  outcome = preflight();
  EXPECT_EQ(outcome.status, 2);
  const auto why = explain_preflight(outcome.status, outcome.out, outcome.err);
  EXPECT_NE(why.find("- group 'nogroup' can be made: groupadd: cannot lock /etc/group\n"),
            std::string::npos)
      << why;
  EXPECT_NE(why.find("- net-tools can be installed: no mirror\n"), std::string::npos) << why;
}

TEST_F(Rehearsal, PreflightSeesThroughTheMisreadVersionOfDocker) {
  serve_installer("Checking docker version requirement (>= 1.6): FAIL (1.1.5+ds1)\n", 1);
  write(root_ / "engine", "20.10.24+dfsg1\n");
  auto outcome = preflight();
  EXPECT_EQ(outcome.status, 0) << outcome.out;
  EXPECT_TRUE(exists("opt/vmlab/dcos/disable-preflight"));
  outcome = install();
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NE(calls().find("install --disable-preflight master\n"), std::string::npos) << calls();
  EXPECT_NE(outcome.out.find("misreads the version of Docker"), std::string::npos);

  // A Docker that really is too old stays refused, and so does a node with another failure.
  write(root_ / "engine", "1.5.0\n");
  EXPECT_EQ(preflight().status, 1);
  EXPECT_FALSE(exists("opt/vmlab/dcos/disable-preflight"));
  write(root_ / "engine", "20.10.24\n");
  serve_installer(
      "Checking docker version requirement (>= 1.6): FAIL (0.18.0)\n"
      "Checking if xz is installed and in PATH: FAIL \n",
      2);
  outcome = preflight();
  EXPECT_EQ(outcome.status, 2);
  EXPECT_FALSE(exists("opt/vmlab/dcos/disable-preflight"));
}

TEST_F(Rehearsal, PreflightChecksIpDetect) {
  serve_installer(clean, 0);
  const auto lab = test::dcos_lab();
  const auto with = [&](const std::string& script) {
    const auto outcome = run(preflight_script(lab, lab.node("agent-1")), script);
    EXPECT_EQ(outcome.status, 1) << outcome.out;
    return explain_preflight(outcome.status, outcome.out, outcome.err);
  };
  EXPECT_NE(with("#!/bin/sh\necho 10.0.0.1\n")
                .find("- ip-detect: it prints '10.0.0.1', not this node's address 192.168.90.21"),
            std::string::npos);
  EXPECT_NE(with("#!/bin/sh\necho oops >&2\necho 192.168.90.21\n")
                .find("- ip-detect: it writes to standard error: oops"),
            std::string::npos);
  EXPECT_NE(with("#!/bin/sh\nexit 3\n").find("- ip-detect: exit code 3"), std::string::npos);
}

TEST_F(Rehearsal, PreflightChecksWhatTheReleaseDoesNot) {
  serve_installer(clean, 0);
  write(root_ / "proc/mounts", "tmpfs /tmp tmpfs rw,noexec,nosuid 0 0\n");
  write(root_ / "proc/meminfo", "MemTotal: 2048000 kB\n");
  write(root_ / "active/firewalld", "");
  write(root_ / "cgroup/cgroup.controllers", "cpu\n");
  const auto outcome = preflight();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(explain_preflight(outcome.status, outcome.out, outcome.err),
            "2 of 9 preflight checks failed\n"
            "- programs can run from /tmp: mounted noexec; ZooKeeper needs it\n"
            "- firewalld is off: it is running; systemctl disable --now firewalld");
  EXPECT_NE(outcome.out.find("Checking memory: WARNING (2000 MiB"), std::string::npos);
  EXPECT_NE(outcome.out.find("Checking the version of control groups: WARNING"), std::string::npos);
}

TEST_F(Rehearsal, PreflightWithoutTheBootstrapNodeSaysSo) {
  const auto outcome = preflight();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(
      explain_preflight(outcome.status, outcome.out, outcome.err)
          .find("- http://192.168.90.2:8080/dcos_install.sh can be fetched: curl: (22) error: "
                "404"),
      std::string::npos);
}

TEST_F(Rehearsal, PreflightTakesANodeThatIsInstalledFromThisConfiguration) {
  serve_installer("Checking if DC/OS is already installed: FAIL (Currently installed)\n", 1);
  half_install();
  EXPECT_EQ(preflight().status, 0);
  half_install("another");
  const auto outcome = preflight();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_NE(explain_preflight(outcome.status, outcome.out, outcome.err).find("`vmlab reset "),
            std::string::npos);
}

TEST_F(Rehearsal, InstallOfAFreshNode) {
  serve_installer(clean, 0);
  const auto outcome = install("public-1");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(calls().substr(calls().find("install ")), "install slave_public\n");
  write(root_ / "install-status", "7");
  EXPECT_EQ(install("public-1").status, 7);
}

TEST_F(Rehearsal, InstallRecognisesItsOwnFinishedWork) {
  serve_installer(clean, 0);
  half_install();
  write(root_ / "active/dcos.target", "");
  const auto outcome = install();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out, "vmlab: installed already\n");
  EXPECT_EQ(calls().find("install master"), std::string::npos);
}

TEST_F(Rehearsal, InstallGoesOnWhereItWasCutOff) {
  serve_installer(clean, 0);
  half_install();
  auto outcome = install();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_NE(calls().find("systemctl enable dcos-setup\nsystemctl start dcos-setup\n"),
            std::string::npos)
      << calls();
  write(root_ / "setup-status", "1");
  outcome = install();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(explain_install(outcome.status, outcome.out, outcome.err),
            "dcos-setup failed; the end of its journal:\n- dcos-download: no route");
}

TEST_F(Rehearsal, InstallRefusesWhatItCannotMend) {
  serve_installer(clean, 0);
  half_install("another");
  auto outcome = install();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "vmlab: other configuration: another, now abc123\n");
  half_install();
  outcome = install("agent-1");
  EXPECT_EQ(outcome.out, "vmlab: other role: master\n");
  fs::remove(root_ / "etc/systemd/system/dcos-setup.service");
  outcome = install();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "vmlab: half installed\n");
}

// 1.11 has only dcos-diagnostics; of 1.12 and newer that knows no `check`.
TEST_F(Rehearsal, ChecksAreAskedOfTheToolThatTheReleaseHas) {
  const auto lab = test::dcos_lab();
  const auto gate = poststart_gate(lab, lab.node("agent-1"));
  const auto script = std::get<GuestProbe>(gate.probes.at(0)).script;
  EXPECT_EQ(run(script).out, "none\n");
  const auto put = [&](const char* name, const char* text) {
    const auto path = root_ / "opt/mesosphere/bin" / name;
    write(path, std::string("#!/bin/sh\n") + text);
    fs::permissions(path, fs::perms::owner_all);
  };
  put("dcos-diagnostics", "echo diagnostics $*\n");
  EXPECT_EQ(run(script).out, "diagnostics check node-poststart\n");
  put("dcos-check-runner", "echo runner $*\n");
  put("dcos-shell", "echo shell\nexec \"$@\"\n");
  EXPECT_EQ(run(script).out, "shell\nrunner check node-poststart\n");
}

// On EL7 cloud-init mounts the disk of /var/lib/docker late, over what Docker has begun to use.
TEST_F(Rehearsal, TheDockerFragmentStartsDockerOnItsDisk) {
  std::vector<Diagnostic> problems;
  const auto fragment =
      read_yaml(test::project_library().fragments.at("docker"), "docker", problems);
  ASSERT_TRUE(fragment && problems.empty());
  const auto script = "PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin\n" +
                      yaml_to_json(*fragment).at("runcmd").at(0).get<std::string>();
  stand_in("dockerd", "");
  stand_in("systemctl",
           "case $* in\n"
           "  'is-active -q docker.socket') exit 1 ;;\n"
           "  'is-active -q docker.service') [ -e \"$root/run/docker.pid\" ] ;;\n"
           "  'stop docker.service') rm \"$root/run/docker.pid\" ;;\n"
           "  'start docker.service') mkdir -p \"$root/run\" \"$root/var/lib/docker/containers\"\n"
           "    : >\"$root/run/docker.pid\" ;;\n"
           "esac\n");
  write(root_ / "etc/docker/daemon.json", R"({"storage-driver": "overlay2"})");
  fs::create_directories(root_ / "var/lib/docker");
  write(root_ / "run/docker.pid", "7");
  EXPECT_EQ(run(script).status, 0);
  EXPECT_NE(calls().find("systemctl stop docker.service\n"), std::string::npos) << calls();
  EXPECT_NE(calls().find("systemctl start docker.service\n"), std::string::npos) << calls();
  fs::remove(root_ / "calls");
  EXPECT_EQ(run(script).status, 0);
  EXPECT_EQ(calls().find("stop"), std::string::npos) << "it lies on its disk";
  EXPECT_EQ(calls().find("start"), std::string::npos);
}

TEST_F(Rehearsal, ASecondRunWaitsForTheFirst) {
  serve_installer(clean, 0);
  fs::create_directories(directory());
  // Somebody else holds the lock until the stand-in for `flock` without -n lets go of it.
  stand_in("flock", "[ \"$1\" != -n ]\n");
  const auto outcome = install();
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(calls().substr(0, calls().find("curl")), "flock -n 9\nflock 9\n");
  EXPECT_EQ(outcome.out.substr(0, outcome.out.find('\n')),
            "waiting for what an earlier run left running on this node");
}

}  // namespace
}  // namespace vmlab
