#include "lab/network_xml.h"

#include <gtest/gtest.h>

#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

TEST(NetworkXml, DescribesANetworkWithTheNamesOfAllNodes) {
  test::expect_golden("lab/network.xml", network_xml(test::quickstart(), "/var/lib/vmlab").xml);
}

TEST(NetworkXml, HashLeavesOutTheHosts) {
  auto lab = test::quickstart();
  const auto before = network_xml(lab, "/state");
  lab.nodes.pop_back();
  const auto after = network_xml(lab, "/state");
  EXPECT_EQ(before.hash, after.hash);
  EXPECT_NE(before.xml, after.xml);
  lab.network.domain = "other.test";
  EXPECT_NE(before.hash, network_xml(lab, "/state").hash);
}

/// The network of a lab that stands may not change, and those of old tell no state directory.
TEST(NetworkXml, HashLeavesOutTheStateDirectory) {
  const auto lab = test::quickstart();
  EXPECT_EQ(network_xml(lab, "/a").hash, network_xml(lab, "/b").hash);
  EXPECT_NE(network_xml(lab, "/a").xml, network_xml(lab, "/b").xml);
}

TEST(NetworkXml, DnsAnswersForBothNamesOfANode) {
  const auto hosts = dns_hosts(test::quickstart());
  ASSERT_EQ(hosts.size(), 6U);
  const std::vector<std::string> names = {"master-1.quickstart.test", "master-1"};
  EXPECT_EQ(hosts.at("192.168.100.11"), names);
}

}  // namespace
}  // namespace vmlab
