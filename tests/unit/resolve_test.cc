// Networks and addresses: chosen where the file names none, kept where there are some.
#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "base/error.h"
#include "lab/load.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using test::load_sample;

std::string lab_text(const std::string& nodes, const std::string& network = {}) {
  return "name: lab\nimage: debian-12\n" +
         (network.empty() ? "" : "network: {cidr: " + network + "}\n") + "nodes:\n" + nodes;
}

Cidr cidr(const char* text) {
  return parse_cidr(text).value();
}

std::map<std::string, std::string> addresses(const Lab& lab) {
  std::map<std::string, std::string> found;
  for (const auto& node : lab.nodes) found[node.name] = node.address.text();
  return found;
}

std::map<std::string, std::string> addresses(const std::string& nodes, const HostView& host = {},
                                             const std::string& network = "192.168.90.0/24") {
  return addresses(resolve(load_sample(lab_text(nodes, network)), host));
}

std::string problem_of(const std::string& network, const HostView& host) {
  try {
    resolve(load_sample(lab_text("  n: {role: plain}\n", network)), host);
  } catch (const BadInput& bad) {
    return bad.what();
  }
  return {};
}

TEST(Resolve, ChoosesAFreeNetwork) {
  const auto lab = load_sample(lab_text("  n: {role: plain}\n"));
  EXPECT_EQ(resolve(lab, {}).network.cidr, cidr("192.168.100.0/24"));
  HostView host;
  host.routes = {cidr("192.168.100.0/24")};
  host.other_networks = {{"default", cidr("192.168.101.0/24")}};
  EXPECT_EQ(resolve(lab, host).network.cidr, cidr("192.168.102.0/24"));
  EXPECT_EQ(resolve(lab, host).network.gateway.text(), "192.168.102.1");
  host.routes = {cidr("192.168.0.0/16")};
  EXPECT_EQ(resolve(lab, host).network.cidr, cidr("10.64.0.0/24"));
  host.routes = {cidr("192.168.0.0/16"), cidr("10.0.0.0/8")};
  EXPECT_THROW(resolve(lab, host), Error);
}

TEST(Resolve, ChoosesNoNetworkThatTheInstallationIsGiven) {
  const auto lab = load_sample(lab_text("  n: {role: plain}\n"));
  HostView host;
  // A network, and a range that ends and begins in the middle of others.
  host.inner_ranges = {{cidr("192.168.100.0/24").first(), cidr("192.168.100.0/24").last()},
                       {*parse_ipv4("192.168.101.200"), *parse_ipv4("192.168.102.3")}};
  EXPECT_EQ(resolve(lab, host).network.cidr, cidr("192.168.103.0/24"));
  host.own_network = cidr("192.168.100.0/24");
  EXPECT_EQ(resolve(lab, host).network.cidr, cidr("192.168.100.0/24")) << "lint says the rest";
}

TEST(Resolve, ChoosesALargerNetworkForMoreNodes) {
  const auto large = [](int count) {
    const auto nodes = "  a: {role: agent, count: " + std::to_string(count) + "}\n";
    return resolve(load_sample(lab_text(nodes)), {});
  };
  EXPECT_EQ(large(130).network.cidr.prefix, 24);
  EXPECT_EQ(large(131).network.cidr.prefix, 23);
  EXPECT_EQ(large(1000).network.cidr.prefix, 21);
}

TEST(Resolve, KeepsTheNetworkThatTheLabHas) {
  HostView host;
  host.own_network = cidr("192.168.105.0/24");
  host.routes = {cidr("192.168.105.0/24")};
  const auto lab = resolve(load_sample(lab_text("  n: {role: plain}\n")), host);
  EXPECT_EQ(lab.network.cidr, cidr("192.168.105.0/24"));
  EXPECT_EQ(problem_of("192.168.105.0/24", host), "");
}

TEST(Resolve, RefusesANetworkThatIsTaken) {
  HostView host;
  host.routes = {cidr("10.0.0.0/8"), cidr("192.168.122.0/24")};
  host.other_networks = {{"default", cidr("192.168.122.0/24")}};
  EXPECT_EQ(problem_of("192.168.90.0/24", host), "");
  EXPECT_EQ(problem_of("10.1.0.0/24", host),
            "lab.yaml:3:17: network 10.1.0.0/24 overlaps 10.0.0.0/8, which this host reaches "
            "already");
  EXPECT_EQ(problem_of("192.168.122.0/24", host),
            "lab.yaml:3:17: network 192.168.122.0/24 overlaps 192.168.122.0/24 of libvirt network "
            "'default'");
}

TEST(Resolve, RefusesANetworkThatIsTooSmall) {
  EXPECT_NE(problem_of("192.168.90.0/29", {}), "-");
  try {
    resolve(load_sample(lab_text("  n: {role: plain, count: 6}\n", "192.168.90.0/29")), {});
    FAIL();
  } catch (const BadInput& bad) {
    EXPECT_STREQ(bad.what(),
                 "lab.yaml:3:17: network 192.168.90.0/29 has room for 5 nodes, not for 6");
  }
  const auto full = addresses("  n: {role: plain, count: 5}\n", {}, "192.168.90.0/29");
  EXPECT_EQ(full.at("n-1"), "192.168.90.2");
  EXPECT_EQ(full.at("n-5"), "192.168.90.6");
}

TEST(Resolve, DerivesAddressesByRole) {
  const auto found = addresses(
      "  b: {role: bootstrap}\n  m: {role: master, count: 3}\n  a: {role: agent, count: 2}\n"
      "  p: {role: public_agent, count: 1}\n  x: {role: plain}\n");
  const std::map<std::string, std::string> expected = {
      {"b", "192.168.90.10"},    {"m-1", "192.168.90.11"}, {"m-2", "192.168.90.12"},
      {"m-3", "192.168.90.13"},  {"a-1", "192.168.90.21"}, {"a-2", "192.168.90.22"},
      {"p-1", "192.168.90.151"}, {"x", "192.168.90.191"}};
  EXPECT_EQ(found, expected);
}

TEST(Resolve, AddingNodesMovesNoOther) {
  const std::string small =
      "  m: {role: master, count: 1}\n  a: {role: agent, count: 2}\n  p: {role: public_agent}\n";
  const std::string grown =
      "  m: {role: master, count: 3}\n  a: {role: agent, count: 40}\n  p: {role: public_agent}\n"
      "  gpu: {role: agent, count: 20}\n  x: {role: plain, count: 5}\n  ssd: {role: agent, count: "
      "10}\n";
  const auto before = addresses(small);
  const auto after = addresses(grown);
  for (const auto& [name, address] : before) EXPECT_EQ(after.at(name), address) << name;
  std::set<std::string> distinct;
  for (const auto& [name, address] : after) distinct.insert(address);
  EXPECT_EQ(distinct.size(), after.size());
}

TEST(Resolve, KeepsTheAddressesThatNodesHave) {
  HostView host;
  host.own_hosts = {{"a-1", parse_ipv4("192.168.90.77").value()},
                    {"a-2", parse_ipv4("192.168.91.1").value()},    // of another network
                    {"gone", parse_ipv4("192.168.90.22").value()},  // no node of the lab now
                    {"a-3", parse_ipv4("192.168.90.1").value()}};   // the gateway's
  const auto found =
      addresses("  first: {role: agent, count: 1}\n  a: {role: agent, count: 3}\n", host);
  EXPECT_EQ(found.at("a-1"), "192.168.90.77");
  EXPECT_NE(found.at("a-2"), "192.168.91.1");
  EXPECT_NE(found.at("a-3"), "192.168.90.1");
}

TEST(Resolve, FixedAddressesComeFirst) {
  HostView host;
  host.own_hosts = {{"a-2", parse_ipv4("192.168.90.21").value()}};
  const auto found =
      addresses("  a: {role: agent, count: 3, addresses: [192.168.90.22, 192.168.90.21]}\n", host);
  EXPECT_EQ(found.at("a-1"), "192.168.90.22");
  EXPECT_EQ(found.at("a-2"), "192.168.90.21");
  EXPECT_EQ(found.at("a-3"), "192.168.90.23");
}

TEST(Resolve, AThousandNodesInNoTime) {
  const auto seconds = [](int count) {
    const auto text = lab_text(
        "  b: {role: bootstrap}\n  m: {role: master, count: 3}\n  a: {role: "
        "agent, count: " +
        std::to_string(count) + "}\n");
    const auto start = std::chrono::steady_clock::now();
    const auto lab = resolve(load_sample(text), {});
    EXPECT_EQ(lab.nodes.size(), static_cast<std::size_t>(count) + 4);
    std::set<Ipv4> distinct;
    for (const auto& node : lab.nodes) distinct.insert(node.address);
    EXPECT_EQ(distinct.size(), lab.nodes.size());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  EXPECT_LT(seconds(1000), 1.0);  // far less in a release; sanitizers and loaded machines included
}

}  // namespace
}  // namespace vmlab
