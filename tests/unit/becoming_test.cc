// A node made from a template's memory: which nodes, and by what script.
#include "lab/becoming.h"

#include <gtest/gtest.h>

#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

const NodeKeys its_keys = {"-----BEGIN it's a key-----\n", "ssh-ed25519 HOST", "ssh-ed25519 LAB"};
const Becoming moment = {
    .boot_id = "0f0e0d0c-0000-4000-8000-000000000000",
    .random_hex = "00ff",
    .now = std::chrono::system_clock::time_point{std::chrono::milliseconds{1'795'000'000'042}}};

TEST(Becoming, ScriptMakesTheNodesOwnFilesAndEndsInTheImagesPart) {
  const auto lab = test::quickstart();
  test::expect_golden("lab/become-agent-1.sh",
                      become_script(lab, lab.node("agent-1"), its_keys, moment));
}

TEST(Becoming, NodesShareNoMachineIdAndKeepTheirOwn) {
  const auto lab = test::quickstart();
  const auto id = machine_id(lab.node("master-1"));
  EXPECT_EQ(id.size(), 32U);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(id, machine_id(lab.node("master-2")));
  EXPECT_EQ(id, machine_id(test::quickstart().node("master-1")));
}

TEST(Becoming, PlainLabHasNoTimeServerAndNoMounts) {
  const auto lab = test::resolve_sample(
      "name: p\nimage: debian-12\nnodes: {box: {role: plain, memory: 8GiB, disk: 20GiB}}\n");
  const auto script = become_script(lab, lab.nodes.front(), its_keys, moment);
  EXPECT_EQ(script.find("chrony"), std::string::npos);
  EXPECT_EQ(script.find("fstab"), std::string::npos);
}

// A fork's Docker started below the disk that was not mounted at a later boot.
TEST(Becoming, DockerWaitsForTheDiskOfItsDirectory) {
  const auto lab = test::resolve_sample(
      "name: p\nimage: debian-12\nnodes: {box: {role: plain, memory: 8GiB, disk: 20GiB, "
      "disks: [{mount: /var/lib/docker, size: 10GiB}]}}\n");
  const auto script = become_script(lab, lab.nodes.front(), its_keys, moment);
  const auto made = script.find("mkdir -p /etc/systemd/system/docker.service.d\n");
  ASSERT_NE(made, std::string::npos) << script;
  EXPECT_NE(script.find("RequiresMountsFor=/var/lib/docker", made), std::string::npos) << script;
}

TEST(Becoming, TemplateCarriesOutFragmentsAndIsNobody) {
  const auto lab = test::quickstart();
  const auto seed = template_documents(lab.node("agent-1"));
  test::expect_golden("lab/template-user-data.yaml", seed.user_data);
  EXPECT_EQ(seed.meta_data, "instance-id: vmlab-template\nlocal-hostname: template\n");
  // What differs between nodes is not in it.
  EXPECT_EQ(seed.user_data, template_documents(lab.node("bootstrap")).user_data);
  EXPECT_EQ(seed.user_data.find("agent-1"), std::string::npos);
}

TEST(Becoming, DocumentOfTheUsersMayAskForAnything) {
  auto lab = test::quickstart();
  auto node = lab.node("agent-1");
  EXPECT_EQ(own_documents(node), "");
  node.cloud_init.push_back({"./mine.yaml", "#cloud-config\nruncmd: [[uuidgen]]\n"});
  EXPECT_EQ(own_documents(node), "it has a cloud-config of its own: ./mine.yaml");
}

}  // namespace
}  // namespace vmlab
