// Rules between the parts of a topology, and between it and what it names.
#include "lab/validate.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using test::problems_of;
using Problems = std::vector<std::string>;

/// One problem, or the list as one text.
std::string problem_of(const std::string& text, const ReadFile& read = {},
                       const FileExists& exists = {}) {
  const auto found = problems_of(text, read, exists);
  std::string all;
  for (const auto& problem : found) all += (all.empty() ? "" : "\n") + problem;
  return all;
}

std::string with(const std::string& extra) {
  return "name: lab\nimage: debian-12\n" + extra;
}

std::string cluster(const std::string& nodes, const std::string& dcos = "release: practice") {
  return with("nodes: {" + nodes + "}\ninstall: {dcos: {" + dcos + "}}\n");
}

const std::string boot_and_master = "b: {role: bootstrap}, m: {role: master}";

TEST(Validate, OneBootstrapWhereDcosIsInstalled) {
  EXPECT_EQ(problem_of(cluster("m: {role: master}")),
            "4:27: no bootstrap node: DC/OS is installed from one [add to nodes: bootstrap: {role: "
            "bootstrap}]");
  EXPECT_EQ(problem_of(cluster("a: {role: bootstrap}, b: {role: bootstrap}, m: {role: master}")),
            "3:31: more than one bootstrap node: 'a' and 'b'");
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain}}")), "");
}

TEST(Validate, OddNumberOfMastersUpToNine) {
  for (const auto* count : {"1", "3", "5", "7", "9"}) {
    EXPECT_EQ(problem_of(cluster(
                  "b: {role: bootstrap}, m: {role: master, count: " + std::string(count) + "}")),
              "");
  }
  for (const auto* count : {"2", "4", "6", "10", "11"}) {
    EXPECT_EQ(problem_of(cluster(
                  "b: {role: bootstrap}, m: {role: master, count: " + std::string(count) + "}")),
              "3:31: " + std::string(count) + " masters: DC/OS wants 1, 3, 5, 7 or 9");
  }
  EXPECT_EQ(problem_of(cluster("b: {role: bootstrap}")),
            "4:27: 0 masters: DC/OS wants 1, 3, 5, 7 or 9");
  EXPECT_EQ(problem_of(cluster("b: {role: bootstrap}, m: {role: master, count: 0}")),
            "4:27: 0 masters: DC/OS wants 1, 3, 5, 7 or 9");
}

TEST(Validate, MemoryOfAtLeastEightGibibytes) {
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain, memory: 8191MiB}}")),
            "3:34: memory of 8191 MiB is less than 8 GiB [allow_small_memory: true lets it pass]");
  EXPECT_EQ(
      problem_of(with("defaults: {memory: 4GiB}\nnodes: {a: {role: plain}, b: {role: plain}}")),
      "3:20: memory of 4 GiB is less than 8 GiB [allow_small_memory: true lets it pass]");
  EXPECT_EQ(problem_of(with("allow_small_memory: true\nnodes: {n: {role: plain, memory: 1GiB}}")),
            "");
  EXPECT_EQ(problem_of(with("allow_small_memory: true\nnodes: {n: {role: plain, memory: 64MiB}}")),
            "4:34: memory of 64 MiB is too little to boot");
}

TEST(Validate, DiskHoldsTheImage) {
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain, disk: 19GiB}}")),
            "3:32: disk of 19 GiB is smaller than the 20 GiB of image 'debian-12'");
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain, disk: 19GiB, image: rocky-9}}")), "");
}

TEST(Validate, Networks) {
  const auto network = [](const std::string& cidr) {
    return problem_of(with("network: {cidr: " + cidr + "}\nnodes: {n: {role: plain}}"));
  };
  const std::string help = " [write its first address and the prefix, e.g. 192.168.90.0/24]";
  EXPECT_EQ(network("192.168.90.0/24"), "");
  EXPECT_EQ(network("192.168.90.1/24"), "3:17: bad network '192.168.90.1/24'" + help);
  EXPECT_EQ(network("192.168.90.0/33"), "3:17: bad network '192.168.90.0/33'" + help);
  EXPECT_EQ(network("192.168.90.0"), "3:17: bad network '192.168.90.0'" + help);
  EXPECT_EQ(network("192.168.300.0/24"), "3:17: bad network '192.168.300.0/24'" + help);
  EXPECT_EQ(network("$(reboot)"), "3:17: bad network '$(reboot)'" + help);
  EXPECT_EQ(network("192.168.0.0/8"), "3:17: bad network '192.168.0.0/8'" + help);
  EXPECT_EQ(network("10.0.0.0/8"), "3:17: network 10.0.0.0/8 must have a prefix from 16 to 29");
  EXPECT_EQ(network("192.168.90.0/30"),
            "3:17: network 192.168.90.0/30 must have a prefix from 16 to 29");
  EXPECT_EQ(network("9.1.0.0/24"),
            "3:17: network 9.1.0.0/24 overlaps 9.0.0.0/8, used for DC/OS's overlay network [leave "
            "cidr out to have a free network chosen]");
  EXPECT_EQ(network("172.17.5.0/24"),
            "3:17: network 172.17.5.0/24 overlaps 172.17.0.0/16, used for Docker's bridge [leave "
            "cidr out to have a free network chosen]");
  for (const auto* cidr : {"11.2.0.0/16", "44.128.0.0/24", "172.29.1.0/24", "172.31.254.0/24",
                           "172.31.0.0/16", "198.51.100.0/24"}) {
    EXPECT_NE(network(cidr).find("overlaps"), std::string::npos) << cidr;
  }
}

TEST(Validate, Domains) {
  const auto domain = [](const std::string& text) {
    return problem_of(with("network: {domain: " + text + "}\nnodes: {n: {role: plain}}"));
  };
  EXPECT_EQ(domain("dcos.test"), "");
  for (const auto* bad : {"'a b'", "'<x>'", "a..b", "-a", "A.test", "'$(id)'", "''"}) {
    EXPECT_NE(domain(bad).find("bad domain"), std::string::npos) << bad;
  }
}

TEST(Validate, Addresses) {
  const auto addresses = [](const std::string& list) {
    return problem_of(
        with("network: {cidr: 192.168.90.0/24}\nnodes: {n: {role: plain, count: 2, "
             "addresses: " +
             list + "}}"));
  };
  EXPECT_EQ(addresses("[192.168.90.5, 192.168.90.6]"), "");
  EXPECT_EQ(addresses("[192.168.91.5]"),
            "4:48: 'n-1' cannot have address 192.168.91.5: it is not in the network "
            "192.168.90.0/24");
  EXPECT_EQ(addresses("[192.168.90.5, 192.168.90.5]"),
            "4:62: address 192.168.90.5 is used twice: by 'n-1' and 'n-2'");
  EXPECT_EQ(addresses("[192.168.90.1]"),
            "4:48: 'n-1' cannot have address 192.168.90.1: it is the gateway's");
  EXPECT_EQ(addresses("[192.168.90.0]"),
            "4:48: 'n-1' cannot have address 192.168.90.0: it is the network's own");
  EXPECT_EQ(addresses("[192.168.90.255]"),
            "4:48: 'n-1' cannot have address 192.168.90.255: it is the broadcast address");
  EXPECT_EQ(addresses("[192.168.90.256]"),
            "4:48: bad address '192.168.90.256' [write four numbers from 0 to 255, e.g. "
            "192.168.90.11]");
  EXPECT_EQ(addresses("[192.168.90.5, 192.168.90.6, 192.168.90.7]"),
            "4:76: more addresses than nodes: 3 for 2");
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain, address: 192.168.90.5}}")),
            "3:35: address 192.168.90.5 needs a network of the lab's own choice [add network: "
            "{cidr: …}]");
  EXPECT_EQ(problem_of(with("network: {cidr: 192.168.90.0/24}\nnodes: {n: {role: plain, count: 1, "
                            "address: 192.168.90.5}}")),
            "4:45: 'address' is for a group of one node without 'count' [write addresses: "
            "[192.168.90.5]]");
}

TEST(Validate, NamesHoldNothingThatShellOrXmlReads) {
  for (const auto* bad : {"'a;b'", "'<a>'", "'$(id)'", "A", "1a", "a-", "'a b'", "a_b", "ä", "''",
                          "'a\"b'", "\"a'b\"", "a.b", "abcdefghijklmnopqrstuvwxy"}) {
    const auto lab =
        problem_of("name: " + std::string(bad) + "\nimage: debian-12\nnodes: {n: {role: plain}}");
    EXPECT_NE(lab.find("1:7: bad lab name"), std::string::npos) << bad << lab;
    const auto node = problem_of(with("nodes: {" + std::string(bad) + ": {role: plain}}"));
    EXPECT_NE(node.find("3:9: bad node name"), std::string::npos) << bad << node;
  }
  EXPECT_NE(problem_of(with("nodes: {localhost: {role: plain}}")).find("bad node name"),
            std::string::npos);
}

TEST(Validate, NodeNamesAreUnique) {
  EXPECT_EQ(problem_of(with("nodes:\n  a: {role: plain, count: 2}\n  a-2: {role: plain}\n")),
            "5:3: node name 'a-2' is used twice [line 4 makes one too]");
}

TEST(Validate, MountPoints) {
  const auto mount = [](const std::string& path) {
    return problem_of(
        with("nodes: {n: {role: plain, disks: [{mount: " + path + ", size: 1GiB}]}}"));
  };
  for (const auto* good : {"/var/lib/mesos", "/var/lib/docker", "/var/lib/zookeeper", "/data",
                           "/home", "/mnt/a.b_c-d", "/optional"}) {
    EXPECT_EQ(mount(good), "") << good;
  }
  EXPECT_EQ(mount("/opt"),
            "3:42: cannot mount a disk at '/opt': DC/OS wants /opt on the root disk");
  EXPECT_EQ(mount("/opt/mesosphere"),
            "3:42: cannot mount a disk at '/opt/mesosphere': DC/OS wants /opt on the root disk");
  EXPECT_EQ(mount("data"), "3:42: cannot mount a disk at 'data': it is no absolute path");
  EXPECT_EQ(mount("/a b"),
            "3:42: cannot mount a disk at '/a b': only letters, digits, '.', '_', "
            "'-' and '/' are taken");
  for (const auto* system : {"/", "/boot", "/boot/efi", "/etc", "/usr/local", "/proc", "/var",
                             "/var/lib", "/run/x", "/dev/shm", "/tmp", "/root"}) {
    EXPECT_NE(mount(system).find("the system itself lives there"), std::string::npos) << system;
  }
  for (const auto* odd : {"/a/../b", "/a//b", "/a/", "/./a", "//a"}) {
    EXPECT_NE(mount(odd).find("write it without"), std::string::npos) << odd;
  }
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain, disks: [{mount: /d, size: 1GiB}, {mount: /d, "
                            "size: 2GiB}]}}")),
            "3:67: mount point '/d' is used twice");
}

TEST(Validate, ImagesAndFragmentsAreKnown) {
  EXPECT_EQ(problem_of("name: lab\nimage: debain-12\nnodes: {n: {role: plain}}"),
            "2:8: unknown image 'debain-12' [did you mean 'debian-12'?]");
  EXPECT_EQ(problem_of("name: lab\nimage: debain-12\nnodes: {n: {role: plain, image: rocky-9}}"),
            "2:8: unknown image 'debain-12' [did you mean 'debian-12'?]");
  EXPECT_EQ(problem_of(with("cloud_init: [dokcer, ntp]\nnodes: {n: {role: plain}}")),
            "3:14: unknown fragment 'dokcer' [did you mean 'docker'?]");
  EXPECT_EQ(problem_of(with("cloud_init: [ntp, ntp]\nnodes: {n: {role: plain}}")),
            "3:19: fragment 'ntp' is listed twice");
  EXPECT_EQ(problem_of(with("cloud_init: [./x.yaml]\nnodes: {n: {role: plain}}")),
            "3:14: cannot read cloud-config file './x.yaml' [looked for as x.yaml]");
}

TEST(Validate, TheUsersFragmentIsACloudConfig) {
  const auto fragment = [](const std::string& text) {
    return problem_of(with("cloud_init: [./x.yaml]\nnodes: {n: {role: plain, count: 3}}"),
                      [&](const std::string&) { return text; });
  };
  EXPECT_EQ(fragment("#cloud-config\nruncmd: [[id]]\n"), "");
  EXPECT_EQ(fragment("#cloud-config  \r\nruncmd: [[id]]\n"), "");
  EXPECT_EQ(fragment("#!/bin/sh\n"),
            "x.yaml:1:1: no cloud-config: its first line must be '#cloud-config'");
  EXPECT_EQ(fragment(""), "x.yaml:1:1: no cloud-config: its first line must be '#cloud-config'");
  EXPECT_EQ(fragment("#cloud-config\n- a\n"),
            "x.yaml:2:1: no cloud-config: it must be a map, not a list");
  EXPECT_EQ(fragment("#cloud-config\n"),
            "x.yaml:1:1: no cloud-config: it must be a map, not nothing");
  EXPECT_EQ(fragment("#cloud-config\na: 1\na: 2\n"),
            "x.yaml:3:1: duplicate key 'a' [line 2 has it already]");
  EXPECT_EQ(fragment("#cloud-config\nhostname: x\n"),
            "x.yaml:2:1: 'hostname' is set by vmlab itself [leave it out]");
  EXPECT_NE(fragment("#cloud-config\na: [\n").find("x.yaml:3:1: not YAML"), std::string::npos);
}

TEST(Validate, Releases) {
  const auto release = [](const std::string& text, bool there = true) {
    return problem_of(cluster(boot_and_master, "release: " + text), {},
                      [there](const std::string&) { return there; });
  };
  const std::string sum(64, 'a');
  EXPECT_EQ(release("{path: ./d.sh}"), "");
  EXPECT_EQ(release("{path: ./d.sh, sha256: " + sum + "}"), "");
  EXPECT_EQ(release("{url: 'https://example.org/d.sh', sha256: " + sum + "}"), "");
  EXPECT_EQ(release("{path: ./d.sh}", false),
            "4:34: cannot find installer './d.sh' [looked for as d.sh]");
  EXPECT_EQ(release("{path: ./d.sh, sha256: abc}"),
            "4:50: bad sha256 'abc' [it has 64 hex digits]");
  EXPECT_EQ(release("{url: 'https://example.org/d.sh'}"),
            "4:33: a release from a URL needs its sha256");
  EXPECT_EQ(release("{url: 'ftp://example.org/d', sha256: " + sum + "}"),
            "4:33: bad URL 'ftp://example.org/d' [write https://… or http://…]");
  EXPECT_EQ(release("{}"), "4:27: 'release' has neither a path nor a URL");
  EXPECT_EQ(release("{path: a, url: 'http://b', sha256: " + sum + "}"),
            "4:27: 'release' has both a path and a URL");
  EXPECT_EQ(
      release("practise"),
      "4:27: 'release' must be practice, {path, sha256} or {url, sha256}, not 'practise' [did "
      "you mean 'practice'?]");
  EXPECT_EQ(problem_of(cluster(boot_and_master, "config: {}")),
            "4:17: 'release' is missing in 'dcos'");
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain}}\ninstall: {}")),
            "4:10: 'dcos' is missing in 'install'");
}

TEST(Validate, PracticeReleaseHasToBeThere) {
  auto library = test::sample_library();
  library.practice_release.clear();
  EXPECT_THROW(load(cluster(boot_and_master), "lab.yaml", library, {}), BadInput);
}

TEST(Validate, IpDetectIsAScript) {
  const auto detect = [](const std::optional<std::string>& text) {
    return problem_of(cluster(boot_and_master, "release: practice, ip_detect: ./d"),
                      [&](const std::string&) { return text; });
  };
  EXPECT_EQ(detect("#!/bin/sh\n"), "");
  EXPECT_EQ(detect("echo 1\n"), "4:48: ip-detect script './d' is no script: it must begin with #!");
  EXPECT_EQ(detect(std::nullopt), "4:48: cannot read ip-detect script './d' [looked for as d]");
}

TEST(Validate, NodesAreThereAndNotTooMany) {
  EXPECT_EQ(problem_of(with("")), "1:1: 'nodes' is missing in 'topology'");
  EXPECT_EQ(problem_of(with("nodes: {}")), "3:8: the lab has no nodes");
  EXPECT_EQ(problem_of(with("nodes: {n: {role: plain, count: 0}}")), "3:8: the lab has no nodes");
  EXPECT_EQ(problem_of(with("nodes: [a]")),
            "3:8: 'nodes' must be a map of groups, not a list [write {master: {role: master, "
            "count: 3}}]");
  EXPECT_EQ(problem_of(with("nodes:\n  a: {role: plain, count: 2000}\n  b: {role: plain}")),
            "5:3: more than 2000 nodes");
}

TEST(Validate, OverridesNameNodesOfTheirGroup) {
  EXPECT_EQ(problem_of(with("nodes: {agent: {role: plain, count: 2, overrides: {agnet-2: {cpus: "
                            "1}}}}")),
            "3:52: this group has no node 'agnet-2' [did you mean 'agent-2'?]");
}

TEST(Validate, EveryProblemAtOnceInTheOrderOfTheFile) {
  const auto found = problems_of(R"(name: Bad
image: debain-12
network: {cidr: 10.0.0.0/33}
nodes:
  m: {role: master, count: 2, memory: 1GiB}
install: {dcos: {release: practise}}
)");
  ASSERT_EQ(found.size(), 7U);
  for (std::size_t i = 1; i < found.size(); ++i) EXPECT_LE(found[i - 1][0], found[i][0]);
}

}  // namespace
}  // namespace vmlab
