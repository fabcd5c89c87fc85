#include "dcos/api.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "dcos/ports.h"
#include "dcos/units.h"
#include "support/dcos_lab.h"

namespace vmlab {
namespace {

TEST(MesosApi, ReadsStateWithAgentsAndFrameworks) {
  const auto state = parse_mesos_state(R"({
    "id": "13c1ba1f", "hostname": "10.1.1.51", "version": "1.5.0", "cluster": "lab",
    "slaves": [{"id": "9928-S0", "hostname": "10.1.1.13", "pid": "slave(1)@10.1.1.13:5051",
                "active": true, "attributes": {"public_ip": "true"}}],
    "frameworks": [{"id": "F1", "name": "marathon", "hostname": "10.1.1.50", "active": true,
                    "tasks": [{}, {}], "resources": {"cpus": 0.5, "mem": 32.0, "disk": 0}}]})");
  ASSERT_TRUE(state);
  EXPECT_EQ(state->hostname, "10.1.1.51");
  EXPECT_EQ(state->agents,
            (std::vector<MesosAgent>{{"9928-S0", "10.1.1.13", "10.1.1.13", true, true}}));
  EXPECT_EQ(
      state->frameworks,
      (std::vector<MesosFramework>{{"F1", "marathon", "10.1.1.50", true, 2, 0.5, 32.0, 0.0}}));
}

TEST(MesosApi, WhatIsNoAnswerIsNone) {
  for (const char* body : {"", "<html>", "[]", "null", "{}", R"({"slaves": 3})"}) {
    EXPECT_FALSE(parse_mesos_agents(body)) << body;
    EXPECT_FALSE(parse_mesos_state(body)) << body;
  }
  EXPECT_FALSE(parse_metrics("[1]"));
  EXPECT_FALSE(parse_exhibitor_status("{}"));
  EXPECT_FALSE(parse_exhibitor_status("[3]"));
  EXPECT_FALSE(parse_marathon_info("{}"));
  EXPECT_FALSE(parse_dcos_version(R"({"version": 3})"));
  EXPECT_FALSE(parse_check_report("Segmentation fault"));
  EXPECT_FALSE(parse_unhealthy_units("{}"));
}

TEST(MesosApi, ReadsAgentsWithOddFields) {
  const auto agents = parse_mesos_agents(R"({"slaves": [7, {"pid": "odd", "attributes": []}]})");
  ASSERT_TRUE(agents);
  EXPECT_EQ(*agents, (std::vector<MesosAgent>{{"", "", "", false, false}}));
}

TEST(NetApi, ReadsAddressesByWhichTheOutsideReachesNodes) {
  const auto known = parse_public_addresses(
      R"([{"updated":"2020-01-01","public_ips":["203.0.113.7","203.0.113.8"],
           "private_ip":"10.0.0.5","hostname":"a"},
          {"private_ip":"10.0.0.6","public_ips":[]}, {"private_ip":"10.0.0.7"}])");
  ASSERT_TRUE(known);
  EXPECT_EQ(*known, (PublicAddresses{{"10.0.0.5", {"203.0.113.7", "203.0.113.8"}}}));
  for (const char* body : {"", "<html>", "{}", "[7]"}) {
    EXPECT_FALSE(parse_public_addresses(body)) << body;
  }
}

TEST(ZookeeperApi, ReadsModeAndMntr) {
  EXPECT_EQ(zookeeper_mode("Zookeeper version: 3.4.10\r\nMode: follower\r\n"), "follower");
  EXPECT_FALSE(zookeeper_mode("This ZooKeeper instance is not currently serving requests\n"));
  EXPECT_FALSE(zookeeper_mode("Mode:\n"));
  const auto values = parse_mntr("zk_version\t3.4.10\nzk_server_state\tleader\nzk_followers\t2\n");
  EXPECT_EQ(values.at("zk_server_state"), "leader");
  EXPECT_EQ(values.at("zk_followers"), "2");
}

TEST(ExhibitorApi, ReadsTheView) {
  EXPECT_EQ(parse_exhibitor_status(
                R"([{"code":3,"description":"serving","hostname":"10.0.6.70","isLeader":false}])"),
            (std::vector<ExhibitorServer>{{3, "serving", "10.0.6.70", false}}));
}

TEST(MarathonApi, ReadsInfo) {
  const auto info = parse_marathon_info(
      R"({"name":"marathon","version":"1.6.392","elected":true,"leader":"10.1.1.50:8080",
          "frameworkId":"9928-0001","marathon_config":{}})");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->leader, "10.1.1.50:8080");
  EXPECT_EQ(info->framework_id, "9928-0001");
  EXPECT_TRUE(info->elected);
}

TEST(ChecksApi, ReadsReportAfterNoise) {
  const auto report = parse_check_report(
      "time=\"x\" level=warning\n{\"status\":3,\"checks\":{\"clock\":{\"output\":\"slow\","
      "\"status\":3}}}\n");
  ASSERT_TRUE(report);
  EXPECT_EQ(report->status, 3);
  ASSERT_EQ(report->checks.size(), 1U);
  EXPECT_EQ(report->checks[0].output, "slow");
}

TEST(DiagnosticsApi, NamesUnhealthyUnits) {
  EXPECT_EQ(parse_unhealthy_units(R"({"units":[{"id":"dcos-net.service","health":1},
                                               {"id":"dcos-marathon.service","health":0}]})"),
            std::vector<std::string>{"dcos-net.service"});
}

TEST(Endpoints, AreWhatAUserOpens) {
  std::string text;
  for (const auto& endpoint : endpoints(test::dcos_lab(1, 1, 0))) {
    text += endpoint.node + " " + endpoint.name + " " + endpoint.url + "\n";
  }
  EXPECT_EQ(text,
            "bootstrap installation files http://192.168.90.2:8080/\n"
            "master-1 dashboard http://192.168.90.11/\n"
            "master-1 Exhibitor http://192.168.90.11:8181/exhibitor/v1/ui/index.html\n"
            "master-1 Mesos http://192.168.90.11:5050/\n"
            "master-1 Marathon http://192.168.90.11:8080/v2/info\n"
            "agent-1 Mesos agent http://192.168.90.21:5051/state\n");
  auto lab = test::dcos_lab();
  lab.dcos.reset();
  EXPECT_TRUE(endpoints(lab).empty());
}

TEST(Units, AreInTheOrderInWhichTheyNeedOneAnother) {
  const auto master = troubleshooting_units(Role::master);
  EXPECT_EQ(master.front(), "dcos-download");
  const auto at = [&](const char* unit) {
    return std::ranges::find(master, unit) - master.begin();
  };
  EXPECT_LT(at("dcos-exhibitor"), at("dcos-mesos-master"));
  EXPECT_LT(at("dcos-mesos-master"), at("dcos-mesos-dns"));
  EXPECT_LT(at("dcos-mesos-dns"), at("dcos-marathon"));
  EXPECT_LT(at("dcos-marathon"), at("dcos-adminrouter"));
  const auto agent = troubleshooting_units(Role::public_agent);
  EXPECT_NE(std::ranges::find(agent, "dcos-mesos-slave-public"), agent.end());
  EXPECT_TRUE(troubleshooting_units(Role::plain).empty());
}

}  // namespace
}  // namespace vmlab
