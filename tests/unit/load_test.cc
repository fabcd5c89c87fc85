// What a topology file says when it is right, and what is said of it when it is not YAML or has
// the wrong keys and types. Rules between its parts: validate_test.cc.
#include "lab/load.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using test::load_sample;
using test::problems_of;
using Problems = std::vector<std::string>;

std::string with(const std::string& extra) {
  return "name: lab\nimage: debian-12\nnodes:\n  n: {role: plain}\n" + extra;
}

std::vector<std::string> names_of(const Lab& lab) {
  std::vector<std::string> names;
  for (const auto& node : lab.nodes) names.push_back(node.name);
  return names;
}

TEST(Load, ReadsTheQuickstart) {
  const auto lab =
      load(test::project_file("topologies/quickstart.yaml"), "q.yaml", test::sample_library(), {});
  EXPECT_EQ(lab.name, "quickstart");
  EXPECT_EQ(lab.file, "q.yaml");
  EXPECT_EQ(lab.network.domain, "quickstart.test");
  EXPECT_EQ(lab.network.cidr.prefix, 0);
  const Problems names = {"bootstrap", "master-1", "master-2", "master-3", "agent-1", "public-1"};
  EXPECT_EQ(names_of(lab), names);
  const auto& master = lab.node("master-2");
  EXPECT_EQ(master.role, Role::master);
  EXPECT_EQ(master.group, "master");
  EXPECT_EQ(master.memory_mib, 8192U);
  EXPECT_EQ(master.disk_mib, 20U * 1024);
  EXPECT_EQ(master.image, "debian-12");
  ASSERT_EQ(master.cloud_init.size(), 4U);
  EXPECT_EQ(master.cloud_init[0].name, "docker");
  EXPECT_EQ(master.cloud_init[3].name, "selinux-permissive");
  ASSERT_TRUE(lab.dcos);
  EXPECT_TRUE(lab.dcos->release.practice);
  EXPECT_EQ(lab.dcos->release.path, test::sample_library().practice_release);
  EXPECT_EQ(lab.dcos->config.dump(),
            R"({"cluster_name":"Quickstart","oauth_enabled":false,"telemetry_enabled":false})");
  EXPECT_EQ(lab.dcos->config_marks.at("oauth_enabled").line, 15);
}

TEST(Load, EveryTopologyOfTheProjectLoads) {
  for (const auto* name : {"quickstart", "dcos", "plain"}) {
    const auto file = std::string("topologies/") + name + ".yaml";
    const auto lab = load(test::project_file(file), file, test::sample_library(), {});
    EXPECT_EQ(lab.name, name);
  }
}

TEST(Load, SortsByRoleThenGroupThenNumber) {
  const auto lab = load_sample(R"(
name: lab
image: debian-12
nodes:
  z: {role: agent, count: 1}
  b: {role: agent, count: 11}
  boot: {role: bootstrap}
)");
  const Problems names = {"boot", "b-1", "b-2", "b-3",  "b-4",  "b-5", "b-6",
                          "b-7",  "b-8", "b-9", "b-10", "b-11", "z-1"};
  EXPECT_EQ(names_of(lab), names);
}

TEST(Load, OverridesBeatGroupsAndGroupsBeatDefaults) {
  const auto lab = load_sample(R"(
name: lab
image: debian-12
network: {cidr: 192.168.90.0/24}
defaults: {cpus: 3, memory: 9GiB, disk: 30GiB}
nodes:
  a:
    role: plain
    count: 3
    memory: 10GiB
    addresses: [192.168.90.7]
    disks: [{mount: /data, size: 1GiB}]
    overrides:
      a-2: {memory: 11GiB, image: rocky-9, cloud_init: [ntp], address: 192.168.90.9, disks: []}
      a-3: {cpus: 4, disk: 31GiB}
)");
  EXPECT_EQ(lab.nodes[0].cpus, 3U);
  EXPECT_EQ(lab.nodes[0].memory_mib, 10U * 1024);
  EXPECT_EQ(lab.nodes[0].disk_mib, 30U * 1024);
  EXPECT_EQ(lab.nodes[0].address.text(), "192.168.90.7");
  ASSERT_EQ(lab.nodes[0].disks.size(), 1U);
  EXPECT_EQ(lab.nodes[0].disks[0].mount, "/data");
  EXPECT_EQ(lab.nodes[1].memory_mib, 11U * 1024);
  EXPECT_EQ(lab.nodes[1].image, "rocky-9");
  EXPECT_EQ(lab.nodes[1].address.text(), "192.168.90.9");
  EXPECT_TRUE(lab.nodes[1].disks.empty());
  ASSERT_EQ(lab.nodes[1].cloud_init.size(), 1U);
  EXPECT_EQ(lab.nodes[2].cpus, 4U);
  EXPECT_EQ(lab.nodes[2].disk_mib, 31U * 1024);
  EXPECT_EQ(lab.images.size(), 2U);
}

TEST(Load, NodesAreForkedWhereThatPaysUnlessTheFileSaysOtherwise) {
  EXPECT_EQ(load_sample(with("")).boot, Boot::automatic);
  EXPECT_EQ(load_sample(with("boot: auto\n")).boot, Boot::automatic);
  EXPECT_EQ(load_sample(with("boot: fork\n")).boot, Boot::fork);
  EXPECT_EQ(load_sample(with("boot: cold\n")).boot, Boot::cold);
}

TEST(Load, TakesOnlyTheImagesThatNodesUse) {
  const auto lab =
      load_sample("name: l\nimage: debian-12\nnodes: {n: {role: plain, image: rocky-9}}");
  ASSERT_EQ(lab.images.size(), 1U);
  EXPECT_TRUE(lab.images.contains("rocky-9"));
}

TEST(Load, ReadsFilesBesideTheTopology) {
  std::vector<std::string> asked;
  const auto read = [&](const std::string& path) -> std::optional<std::string> {
    asked.push_back(path);
    if (path.ends_with("detect")) return "#!/bin/sh\n";
    if (path.ends_with("own.yaml")) return "family: debian\ndisk: 1GiB\nbuild: {suite: sid}\n";
    return "#cloud-config\nruncmd: []\n";
  };
  const auto lab = load(R"(
name: lab
image: ../images/own.yaml
cloud_init: [ntp, ./x.yaml, /etc/y.yml]
nodes: {b: {role: bootstrap}, m: {role: master}}
install: {dcos: {release: {path: ./dcos.sh}, ip_detect: detect}}
)",
                        "labs/lab.yaml", test::sample_library(), read, {}, "/home/me/labs");
  EXPECT_EQ(lab.nodes[0].cloud_init[1].name, "./x.yaml");
  EXPECT_EQ(lab.images.at("../images/own.yaml").name, "own");
  EXPECT_EQ(lab.dcos->release.path, "/home/me/labs/dcos.sh");
  EXPECT_EQ(lab.dcos->ip_detect, "#!/bin/sh\n");
  EXPECT_NE(std::ranges::find(asked, "/home/me/images/own.yaml"), asked.end());
  EXPECT_NE(std::ranges::find(asked, "/home/me/labs/x.yaml"), asked.end());
  EXPECT_NE(std::ranges::find(asked, "/etc/y.yml"), asked.end());
}

TEST(Load, KeepsTheTypesOfTheConfiguration) {
  const auto lab = load_sample(R"(
name: lab
image: debian-12
nodes: {b: {role: bootstrap}, m: {role: master}}
install:
  dcos:
    release: practice
    config: {a: yes, b: 'yes', c: 12, d: 1.5, e: [1, two], f: {g: null}, h: "12"}
)");
  EXPECT_EQ(lab.dcos->config.dump(),
            R"({"a":true,"b":"yes","c":12,"d":1.5,"e":[1,"two"],"f":{"g":null},"h":"12"})");
}

TEST(Load, AnAliasStandsForItsValue) {
  const auto lab = load_sample(
      "name: l\nimage: debian-12\nnodes:\n  a: &a {role: plain, memory: 9GiB}\n  b: *a\n");
  EXPECT_EQ(lab.node("b").memory_mib, 9U * 1024);
}

TEST(BadTopology, NotYaml) {
  EXPECT_EQ(problems_of("name: [a\nnodes: }\n").size(), 1U);
  EXPECT_EQ(problems_of("name: [a\nnodes: }\n")[0].substr(0, 15), "2:6: not YAML: ");
  const Problems tab = {"2:6: not YAML: illegal map value [indent with blanks, not with tabs]"};
  EXPECT_EQ(problems_of("network:\n\tcidr: x\n"), tab);
}

TEST(BadTopology, Empty) {
  const Problems empty = {"1:1: the file is empty [topologies/quickstart.yaml is an example]"};
  EXPECT_EQ(problems_of(""), empty);
  EXPECT_EQ(problems_of("# only a comment\n"), empty);
  EXPECT_EQ(problems_of("---\n"), empty);
  EXPECT_EQ(problems_of("~\n"), empty);
}

TEST(BadTopology, NoMap) {
  const Problems text = {
      "1:1: 'topology' must be a map, not 'hello' [known keys: name, image, network, defaults, "
      "nodes, cloud_init, install, accelerator, boot, allow_small_memory]"};
  EXPECT_EQ(problems_of("hello\n"), text);
}

TEST(BadTopology, TwoDocuments) {
  const Problems found = problems_of(with("---\nname: other\n"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_NE(found[0].find("a second document begins here"), std::string::npos) << found[0];
}

TEST(BadTopology, Noise) {
  std::string noise(10'000'000, '\0');
  std::uint32_t state = 1;
  for (auto& c : noise) {
    state = state * 1664525 + 1013904223;
    c = static_cast<char>(state >> 24);
  }
  const auto start = std::chrono::steady_clock::now();
  const Problems too_large = {"1:1: the file is too large: 9 MiB, at most 1 MiB are read"};
  EXPECT_EQ(problems_of(noise), too_large);
  const auto binary = problems_of(noise.substr(0, 500'000));
  ASSERT_EQ(binary.size(), 1U);
  EXPECT_NE(binary[0].find("not a text file"), std::string::npos);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(BadTopology, DeepNesting) {
  std::string maps;
  for (int i = 0; i < 20'000; ++i) maps += "{a: ";
  std::string dashes;
  for (int i = 0; i < 20'000; ++i) dashes += "- ";
  std::string steps;
  for (int i = 0; i < 1'000; ++i) steps += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  const auto start = std::chrono::steady_clock::now();
  for (const auto& text : {std::string(50'000, '['), std::string(50'000, '{'), maps, dashes, steps,
                           std::string("name: ") + std::string(50'000, '[')}) {
    const auto found = problems_of(text);
    ASSERT_FALSE(found.empty());
    EXPECT_NE(found[0].find("nested deeper than 40 levels"), std::string::npos) << found[0];
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(3));
}

TEST(BadTopology, AliasesThatGrow) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto name = std::to_string(i);
    const auto one = "*a" + std::to_string(i - 1);
    bomb += "a" + name + ": &a" + name + " [";
    for (int j = 0; j < 9; ++j) bomb += one + ", ";
    bomb += one + "]\n";
  }
  const auto found = problems_of(bomb);
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].find("more than 200000 values"), std::string::npos) << found[0];
  const auto self = problems_of("a: &a [*a]\n");
  ASSERT_FALSE(self.empty());
  EXPECT_NE(self[0].find("alias"), std::string::npos) << self[0];
}

TEST(BadTopology, UnknownKeysEverywhere) {
  const auto found = problems_of(R"(
nmae: lab
name: lab
image: debian-12
network: {cidrr: 192.168.90.0/24}
defaults: {memroy: 8GiB}
nodes:
  bootstrap: {role: bootstrap, cpu: 2, zzzzzzzzzz: 1}
  m: {role: master, count: 1, overrides: {m-1: {cpuz: 1}}, disks: [{mont: /d, mount: /d, size: 1GiB}]}
install:
  dcoss: {}
  dcos: {release: {path: x, sha: y}, konfig: {}}
)");
  const Problems expected = {"2:1: unknown key 'nmae' in 'topology' [did you mean 'name'?]",
                             "5:11: unknown key 'cidrr' in 'network' [did you mean 'cidr'?]",
                             "6:12: unknown key 'memroy' in 'defaults' [did you mean 'memory'?]",
                             "8:32: unknown key 'cpu' in 'nodes.bootstrap' [did you mean 'cpus'?]",
                             "8:40: unknown key 'zzzzzzzzzz' in 'nodes.bootstrap' [known: role, "
                             "count, cpus, memory, disk, "
                             "disks, image, address, addresses, cloud_init, overrides]",
                             "9:49: unknown key 'cpuz' in 'overrides.m-1' [did you mean 'cpus'?]",
                             "9:69: unknown key 'mont' in 'disk' [did you mean 'mount'?]",
                             "11:3: unknown key 'dcoss' in 'install' [did you mean 'dcos'?]",
                             "12:29: unknown key 'sha' in 'release' [did you mean 'sha256'?]",
                             "12:38: unknown key 'konfig' in 'dcos' [did you mean 'config'?]"};
  EXPECT_EQ(found, expected);
}

TEST(BadTopology, DuplicateKeysAtAnyDepth) {
  const auto found = problems_of(R"(name: lab
name: other
image: debian-12
nodes:
  n: {role: plain, role: master}
  n: {role: plain}
)");
  const Problems expected = {"2:1: duplicate key 'name' [line 1 has it already]",
                             "5:20: duplicate key 'role' [line 5 has it already]",
                             "6:3: duplicate key 'n' [line 5 has it already]",
                             "6:3: node name 'n' is used twice [line 5 makes one too]"};
  EXPECT_EQ(found, expected);
}

TEST(BadTopology, WrongTypes) {
  const auto found = problems_of(R"(
name: [lab]
image: {a: b}
network: 192.168.90.0/24
defaults: [2]
allow_small_memory: maybe
accelerator: kmv
cloud_init: docker
nodes:
  a: plain
  b: {role: mastr, count: three, cpus: -1, memory: 8, disk: big, disks: {mount: /d}}
  c: {role: plain, count: 1.5, cpus: "2", disks: [/d, {mount: /d}], overrides: [c]}
  d:
  e: {role: }
boot: frok
)");
  const Problems expected = {
      "2:7: 'name' must be text, not a list",
      "3:8: 'image' must be text, not a map",
      "4:10: 'network' must be a map, not '192.168.90.0/24' [known keys: cidr, domain]",
      "5:11: 'defaults' must be a map, not a list [known keys: cpus, memory, disk]",
      "6:21: 'allow_small_memory' must be true or false, not 'maybe'",
      "7:14: unknown accelerator 'kmv' [did you mean 'kvm'?]",
      "8:13: 'cloud_init' must be a list, not 'docker' [write [docker]]",
      "10:3: no image for 'a' [name one at the top of the file: image: debian-12]",
      "10:6: 'nodes.a' must be a map, not 'plain' [known keys: role, count, cpus, memory, disk, "
      "disks, image, address, addresses, cloud_init, overrides]",
      "11:3: no image for 'b' [name one at the top of the file: image: debian-12]",
      "11:13: unknown role 'mastr' of 'b' [did you mean 'master'?]",
      "11:27: 'count' must be a whole number from 0 to 2000, not 'three'",
      "11:40: 'cpus' must be a whole number from 1 to 255, not '-1'",
      "11:52: 'memory' must be a size like 8GiB or 512MiB, not '8' [add a unit: 8GiB]",
      "11:61: 'disk' must be a size like 8GiB or 512MiB, not 'big'",
      "11:73: 'disks' must be a list, not a map [write [{mount: /var/lib/mesos, size: 40GiB}]]",
      "12:3: no image for 'c' [name one at the top of the file: image: debian-12]",
      "12:27: 'count' must be a whole number from 0 to 2000, not '1.5'",
      "12:38: 'cpus' must be a whole number from 1 to 255, not '2'",
      "12:51: 'disk' must be a map, not '/d' [known keys: mount, size]",
      "12:55: 'size' is missing in 'disk'",
      "12:80: 'overrides' must be a map of node names, not a list [write {agent-2: {memory: "
      "16GiB}}]",
      "13:3: node group 'd' has no value [write {role: …}]",
      "14:3: no image for 'e' [name one at the top of the file: image: debian-12]",
      "14:7: 'role' has no value",
      "15:7: unknown boot 'frok' [did you mean 'fork'?]"};
  EXPECT_EQ(found, expected);
}

TEST(BadTopology, ASizeInAnotherUnitIsShownAsItIsWritten) {
  const auto help = [](const std::string& size) {
    const auto found = problems_of("name: lab\nimage: debian-12\ndefaults: {memory: '" + size +
                                   "'}\nnodes: {n: {role: plain}}\n");
    if (found.size() != 1) return std::to_string(found.size()) + " problems";
    const auto at = found.front().find('[');
    return at == std::string::npos ? std::string() : found.front().substr(at);
  };
  EXPECT_EQ(help("16GB"), "[write 16GiB]");
  EXPECT_EQ(help("16 gib"), "[write 16GiB]");
  EXPECT_EQ(help("9000mb"), "[write 9000MiB]");
  EXPECT_EQ(help("1tb"), "[write 1TiB]");
  EXPECT_EQ(help("16g"), "[write 16GiB]");
  EXPECT_EQ(help("16"), "[add a unit: 16GiB]");
  for (const auto* size : {"16KB", "1.5GB", "GB", "big", "0", "99999999999999999999GB", "16GBit"}) {
    EXPECT_EQ(help(size), "") << size;
  }
}

TEST(BadTopology, ManyProblemsAreCutNotCounted) {
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += "x: 1\n";
  const auto found = problems_of(text);
  ASSERT_LE(found.size(), 101U);
  EXPECT_NE(found.back().find("too many problems"), std::string::npos) << found.back();
}

TEST(BadTopology, CutsWhatItRepeats) {
  const auto found = problems_of(with(std::string(5'000, 'k') + ": 1\n"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_LT(found[0].size(), 400U);
}

}  // namespace
}  // namespace vmlab
