#include "lab/address.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

TEST(Address, ReadsAndWritesDottedQuads) {
  for (const auto* text : {"0.0.0.0", "192.168.90.11", "255.255.255.255", "10.0.0.1"}) {
    const auto address = parse_ipv4(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
  EXPECT_EQ(parse_ipv4("1.2.3.4")->value, 0x01020304U);
}

TEST(Address, RefusesEverythingElse) {
  for (const auto* text :
       {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-1", "1.2.3.04", "1.2.3.4 ", " 1.2.3.4",
        "1..3.4", "a.b.c.d", "1.2.3.4x", "1.2.3.+4", "1.2.3.1000", "::1", "0x1.2.3.4"}) {
    EXPECT_FALSE(parse_ipv4(text)) << text;
  }
}

TEST(Address, ReadsNetworks) {
  const auto cidr = parse_cidr("192.168.90.0/24");
  ASSERT_TRUE(cidr);
  EXPECT_EQ(cidr->text(), "192.168.90.0/24");
  EXPECT_EQ(cidr->first().text(), "192.168.90.0");
  EXPECT_EQ(cidr->last().text(), "192.168.90.255");
  EXPECT_EQ(cidr->netmask(), 0xffffff00U);
  EXPECT_EQ(parse_cidr("0.0.0.0/0")->last().text(), "255.255.255.255");
  EXPECT_EQ(parse_cidr("1.2.3.4/32")->last().text(), "1.2.3.4");
}

TEST(Address, RefusesNetworksWithHostBitsOrBadPrefix) {
  for (const auto* text : {"192.168.90.1/24", "192.168.90.0/33", "192.168.90.0", "/24",
                           "192.168.90.0/", "192.168.90.0/024", "192.168.90.0/24/1", "1.2.3.4/0"}) {
    EXPECT_FALSE(parse_cidr(text)) << text;
  }
}

TEST(Address, ContainsAndOverlaps) {
  const auto lab = parse_cidr("192.168.90.0/24").value();
  EXPECT_TRUE(lab.contains(parse_ipv4("192.168.90.0").value()));
  EXPECT_TRUE(lab.contains(parse_ipv4("192.168.90.255").value()));
  EXPECT_FALSE(lab.contains(parse_ipv4("192.168.91.0").value()));
  for (const auto* other :
       {"192.168.90.0/24", "192.168.90.128/25", "192.168.0.0/16", "0.0.0.0/0"}) {
    EXPECT_TRUE(lab.overlaps(parse_cidr(other).value())) << other;
    EXPECT_TRUE(parse_cidr(other)->overlaps(lab)) << other;
  }
  EXPECT_FALSE(lab.overlaps(parse_cidr("192.168.91.0/24").value()));
  EXPECT_FALSE(lab.overlaps(parse_cidr("192.168.88.0/23").value()));
}

}  // namespace
}  // namespace vmlab
