#include "lab/network_xml.h"

#include <gtest/gtest.h>

#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

TEST(NetworkXml, DescribesANetworkWithTheNamesOfAllNodes) {
  test::expect_golden("lab/network.xml", network_xml(test::quickstart()).xml);
}

TEST(NetworkXml, HashLeavesOutTheHosts) {
  auto lab = test::quickstart();
  const auto before = network_xml(lab);
  lab.nodes.pop_back();
  const auto after = network_xml(lab);
  EXPECT_EQ(before.hash, after.hash);
  EXPECT_NE(before.xml, after.xml);
  lab.network.domain = "other.test";
  EXPECT_NE(before.hash, network_xml(lab).hash);
}

TEST(NetworkXml, DnsAnswersForBothNamesOfANode) {
  const auto hosts = dns_hosts(test::quickstart());
  ASSERT_EQ(hosts.size(), 6U);
  const std::vector<std::string> names = {"master-1.quickstart.test", "master-1"};
  EXPECT_EQ(hosts.at("192.168.100.11"), names);
}

}  // namespace
}  // namespace vmlab
