#include "lab/identity.h"

#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "support/lab_samples.h"

namespace vmlab {
namespace {

TEST(Identity, IsTheSameForTheSameNames) {
  // Fixed for ever: another value would give every existing node another identity.
  EXPECT_EQ(node_uuid("dcos", "master-1"), "ed010efc-9574-534d-a041-d9a5b665729f");
  EXPECT_EQ(node_mac("dcos", "master-1"), "52:54:00:7b:16:40");
  EXPECT_EQ(network_uuid("dcos"), "cf9341dc-38d2-5b80-bb40-ad8f218afb2f");
  EXPECT_EQ(bridge_name("dcos"), "vl-a6a1297d94");
  EXPECT_EQ(disk_label("/var/lib/mesos"), "mesos_7db526");
}

TEST(Identity, DiffersBetweenLabsAndNodes) {
  EXPECT_NE(node_uuid("a", "b-c"), node_uuid("a-b", "c"));
  EXPECT_NE(node_mac("a", "b-c"), node_mac("a-b", "c"));
  EXPECT_NE(node_uuid("dcos", "x"), network_uuid("dcos"));
  EXPECT_NE(bridge_name("averyveryverylongname-1"), bridge_name("averyveryverylongname-2"));
}

TEST(Identity, HasTheFormsThatLibvirtAndTheKernelTake) {
  const std::regex uuid("[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  EXPECT_TRUE(std::regex_match(node_uuid("dcos", "master-1"), uuid));
  EXPECT_TRUE(std::regex_match(node_mac("dcos", "m"), std::regex("52:54:00(:[0-9a-f]{2}){3}")));
  EXPECT_LE(bridge_name("abcdefghijklmnopqrstuvwx").size(), 15U);
  EXPECT_EQ(domain_name("dcos", "master-1"), "dcos-master-1");
}

TEST(Identity, DiskLabelsAreShortAndDistinct) {
  for (const auto* mount :
       {"/var/lib/mesos", "/srv/mesos", "/data/averyveryverylongname", "/x.y-z"}) {
    const auto label = disk_label(mount);
    EXPECT_LE(label.size(), 16U) << label;
    EXPECT_TRUE(std::regex_match(label, std::regex("[A-Za-z0-9]*_[0-9a-f]{6}"))) << label;
  }
  EXPECT_NE(disk_label("/var/lib/mesos"), disk_label("/srv/mesos"));
}

TEST(Identity, MacsAreUniqueInALargeLab) {
  const auto lab =
      test::resolve_sample("name: big\nimage: debian-12\nnodes: {n: {role: plain, count: 2000}}\n");
  std::set<std::string> macs;
  for (const auto& node : lab.nodes) macs.insert(node.mac);
  EXPECT_EQ(macs.size(), 2000U);
  EXPECT_FALSE(macs.contains(network_mac("big")));
}

TEST(Identity, SameMacIsGivenOnce) {
  Lab lab;
  lab.name = "lab";
  lab.nodes.resize(2);
  lab.nodes[0].name = lab.nodes[1].name = "twin";
  assign_identities(lab);
  EXPECT_EQ(lab.nodes[0].mac, node_mac("lab", "twin"));
  EXPECT_EQ(lab.nodes[1].mac, node_mac("lab", "twin", 1));
}

}  // namespace
}  // namespace vmlab
