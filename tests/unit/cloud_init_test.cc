#include "lab/cloud_init.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "lab/yaml_tree.h"
#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using test::expect_golden;

const NodeKeys keys{
    "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
    "ssh-ed25519 HOST", "ssh-ed25519 LAB vmlab"};

nlohmann::ordered_json read(const std::string& text) {
  std::vector<Diagnostic> problems;
  const auto tree = read_yaml(text, "seed", problems);
  EXPECT_TRUE(problems.empty() && tree);
  return yaml_to_json(*tree);
}

TEST(CloudInit, SeedOfAMaster) {
  const auto lab = test::quickstart();
  const auto seed = seed_documents(lab, lab.node("master-1"), keys);
  expect_golden("lab/master-1-user-data.yaml", seed.user_data);
  expect_golden("lab/master-1-meta-data.yaml", seed.meta_data);
  expect_golden("lab/master-1-network-config.yaml", seed.network_config);
}

TEST(CloudInit, BootstrapServesTheTimeAndTheOthersFollowIt) {
  const auto lab = test::quickstart();
  const auto chrony = [&](const std::string& name) {
    const auto data = read(seed_documents(lab, lab.node(name), keys).user_data);
    for (const auto& file : data.at("write_files")) {
      if (file.at("path") == "/etc/chrony/conf.d/vmlab.conf") {
        return file.at("content").get<std::string>();
      }
    }
    return std::string();
  };
  EXPECT_EQ(chrony("bootstrap"),
            "local stratum 10\nallow 192.168.100.0/24\nmakestep 0.1 -1\nrtcsync\n");
  EXPECT_EQ(chrony("agent-1"),
            "server 192.168.100.10 iburst minpoll 4 maxpoll 4\nmakestep 0.1 -1\nrtcsync\n");
}

TEST(CloudInit, PlainLabKeepsTheDistributionsTimeSources) {
  const auto lab = test::resolve_sample(test::project_file("topologies/plain.yaml"));
  const auto seed = seed_documents(lab, lab.nodes.front(), keys);
  EXPECT_EQ(seed.user_data.find("chrony/conf.d"), std::string::npos);
}

TEST(CloudInit, DisksAreMountedBeforeDockerParentsFirst) {
  const auto lab = test::resolve_sample(R"(
name: disks
image: debian-12
nodes:
  n:
    role: plain
    disks: [{mount: /var/lib/docker/volumes, size: 1GiB}, {mount: /var/lib/docker, size: 1GiB}]
)");
  const auto data = read(seed_documents(lab, lab.nodes.front(), keys).user_data);
  const auto& mounts = data.at("mounts");
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(mounts[0][1], "/var/lib/docker");
  EXPECT_EQ(mounts[1][1], "/var/lib/docker/volumes");
  EXPECT_EQ(mounts[0][0], "/dev/disk/by-label/" + lab.nodes.front().disks[0].label);
  EXPECT_NE(mounts[0][3].get<std::string>().find("x-systemd.before=docker.service"),
            std::string::npos);
}

// systemd 219 of EL7 ignores x-systemd.before in fstab: Docker started on the directory below.
TEST(CloudInit, DockerRequiresTheDisksOfItsDirectory) {
  const auto drop_in = [](const std::string& disks) {
    const auto lab = test::resolve_sample(
        "name: disks\nimage: debian-12\nnodes:\n  n: {role: plain, disks: [" + disks + "]}\n");
    const auto data = read(seed_documents(lab, lab.nodes.front(), keys).user_data);
    for (const auto& file : data.at("write_files")) {
      if (file.at("path") == "/etc/systemd/system/docker.service.d/vmlab-mounts.conf") {
        return file.at("content").get<std::string>();
      }
    }
    return std::string();
  };
  EXPECT_EQ(drop_in("{mount: /var/lib/docker, size: 1GiB}, {mount: /var/lib/mesos, size: 1GiB}"),
            "[Unit]\nRequiresMountsFor=/var/lib/docker\n");
  EXPECT_EQ(drop_in("{mount: /var/lib/docker/volumes, size: 1GiB}, "
                    "{mount: /var/lib/docker, size: 1GiB}"),
            "[Unit]\nRequiresMountsFor=/var/lib/docker /var/lib/docker/volumes\n");
  EXPECT_EQ(drop_in("{mount: /var/lib/mesos, size: 1GiB}"), "");
  EXPECT_EQ(drop_in("{mount: /var/lib/docker-data, size: 1GiB}"), "");
}

TEST(CloudInit, ListsAreAppendedMapsMergedAndTheLastScalarWins) {
  auto lab = test::quickstart();
  auto node = lab.node("master-1");
  node.cloud_init = {
      {"a", "#cloud-config\nruncmd: [[one]]\nswap: {filename: /swap, size: 1}\ntimezone: UTC\n"},
      {"b",
       "#cloud-config\nruncmd: [[two]]\nswap: {size: 2}\ntimezone: Europe/Berlin\n"
       "users: [{name: joe}]\nbootcmd:\n"}};
  const auto data = read(seed_documents(lab, node, keys).user_data);
  EXPECT_EQ(data.at("runcmd").dump(), R"([["one"],["two"]])");
  EXPECT_EQ(data.at("swap").dump(), R"({"filename":"/swap","size":2})");
  EXPECT_EQ(data.at("timezone"), "Europe/Berlin");
  ASSERT_EQ(data.at("users").size(), 2U);
  EXPECT_EQ(data.at("users")[0].at("name"), "root");
}

TEST(CloudInit, KeepsTheTypesOfTheUsersScalars) {
  auto lab = test::quickstart();
  auto node = lab.node("master-1");
  node.cloud_init = {{"a",
                      "#cloud-config\nx: [yes, 'yes', 0644, '0644', 1.5, \"1.5\", null, 'null', "
                      "\"a\\tb\", \"\", '- x', \"#no\", \"two\\n  lines\", \"n\"]\n"}};
  const auto data = read(seed_documents(lab, node, keys).user_data);
  EXPECT_EQ(data.at("x").dump(), R"([true,"yes",420,"0644",1.5,"1.5",null,"null","a\tb","",)"
                                 R"("- x","#no","two\n  lines","n"])");
}

TEST(CloudInit, HashFollowsEverythingButTheKeys) {
  auto lab = test::quickstart();
  auto node = lab.node("master-1");
  const auto hash = [](const Lab& of, const Node& its) { return SeedHashes(of).of(its); };
  const auto before = hash(lab, node);
  EXPECT_EQ(before, hash(lab, node));
  node.cloud_init.back().text += "# more\n";
  EXPECT_NE(before, hash(lab, node));
  EXPECT_NE(before, hash(lab, lab.node("master-2")));
  SeedHashes both(lab);  // what one hash reads for another does not change it
  EXPECT_NE(both.of(lab.node("master-1")), both.of(node));
  EXPECT_EQ(both.of(lab.node("master-1")), before);
  auto moved = test::quickstart();
  moved.nodes.front().address.value += 100;  // the bootstrap, whose time the master takes
  EXPECT_NE(before, hash(moved, moved.node("master-1")));
}

TEST(CloudInit, RefusesAFragmentThatIsNoYaml) {
  auto lab = test::quickstart();
  auto node = lab.node("master-1");
  node.cloud_init = {{"bad", "#cloud-config\na: [\n"}};
  EXPECT_THROW(seed_documents(lab, node, keys), BadInput);
}

}  // namespace
}  // namespace vmlab
