#include "dcos/gates.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/digest.h"
#include "support/dcos_lab.h"

namespace vmlab {
namespace {

using Kind = Verdict::Kind;

ProbeResult http(std::string node, std::string body, int status = 200) {
  return {std::move(node), true, status, std::move(body), {}};
}
ProbeResult guest(std::string node, std::string out, int code = 0, std::string err = {}) {
  return {std::move(node), true, code, std::move(out), std::move(err)};
}
ProbeResult dead(std::string node, std::string why = "connection refused") {
  return {std::move(node), false, 0, {}, std::move(why)};
}
std::string srvr(const std::string& mode) {
  return "Zookeeper version: 3.4.14\nLatency min/avg/max: 0/0/0\nMode: " + mode +
         "\nNode count: 4\n";
}

TEST(BootstrapGate, WantsTheWholeScriptFromTheHost) {
  const std::string script = "#!/bin/bash\necho install\n";
  const auto sum = guest("bootstrap", sha256_hex(script) + "  genconf/serve/dcos_install.sh\n");
  EXPECT_EQ(judge_bootstrap({sum, http("bootstrap", script)}, {}),
            Verdict::pass("dcos_install.sh is served whole, 25 bytes"));
  EXPECT_EQ(
      judge_bootstrap({sum, http("bootstrap", script.substr(0, 9))}, {}),
      Verdict::not_yet("nginx on bootstrap serves another dcos_install.sh than genconf made"));
  EXPECT_EQ(judge_bootstrap({sum, http("bootstrap", "gone", 404)}, {}),
            Verdict::not_yet("nginx on bootstrap answers with status 404"));
  EXPECT_EQ(judge_bootstrap({sum, dead("bootstrap")}, {}),
            Verdict::not_yet("nginx on bootstrap does not answer: connection refused"));
  EXPECT_EQ(
      judge_bootstrap({guest("bootstrap", "", 1, "No such file"), dead("bootstrap")}, {}).kind,
      Kind::failed);
}

TEST(ZookeeperMode, IsAnyModeOfAnEnsemble) {
  EXPECT_EQ(judge_zookeeper_mode({guest("master-1", srvr("follower"))}, {"3"}),
            Verdict::pass("ZooKeeper on master-1 is follower"));
  EXPECT_EQ(judge_zookeeper_mode({guest("master-1", srvr("standalone"))}, {"3"}),
            Verdict::not_yet("ZooKeeper on master-1 is standalone still"));
  EXPECT_EQ(judge_zookeeper_mode({guest("master-1", srvr("standalone"))}, {"1"}).kind, Kind::pass);
  EXPECT_EQ(judge_zookeeper_mode(
                {guest("master-1", "This ZooKeeper instance is not currently serving requests\n")},
                {"3"}),
            Verdict::not_yet("ZooKeeper on master-1 runs, but has no quorum yet"));
  EXPECT_EQ(judge_zookeeper_mode({guest("master-1", "", 1, "bash: connect: refused")}, {"3"}),
            Verdict::not_yet("ZooKeeper on master-1 does not answer yet"));
  EXPECT_EQ(judge_zookeeper_mode({dead("master-1")}, {"3"}).kind, Kind::not_yet);
}

TEST(ZookeeperQuorum, IsOneLeaderAndTheRestFollowers) {
  const auto judge = [](std::vector<std::string> modes) {
    Results results;
    for (std::size_t i = 0; i < modes.size(); ++i) {
      results.push_back(guest(fmt::format("master-{}", i + 1), srvr(modes[i])));
    }
    return judge_zookeeper_quorum(results, {std::to_string(modes.size())});
  };
  EXPECT_EQ(judge({"follower", "leader", "follower"}),
            Verdict::pass("master-2 leads, 2 followers"));
  EXPECT_EQ(judge({"follower", "follower", "follower"}),
            Verdict::not_yet("1 leader and 2 followers are wanted, but follower: master-1, "
                             "master-2, master-3"));
  EXPECT_EQ(judge({"leader", "leader", "follower"}).kind, Kind::not_yet);
  EXPECT_EQ(judge({"standalone"}).kind, Kind::pass);
  EXPECT_EQ(judge({"standalone", "standalone", "standalone"}).kind, Kind::not_yet);
  EXPECT_EQ(judge_zookeeper_quorum({guest("master-1", srvr("leader")), dead("master-2", "timeout"),
                                    guest("master-3", srvr("follower"))},
                                   {"3"}),
            Verdict::not_yet("ssh on master-2 does not answer: timeout"));
}

std::string view(std::vector<std::pair<std::string, int>> servers, std::size_t leader) {
  std::string body;
  static const std::vector<std::string> words = {"latent", "down", "not serving", "serving"};
  for (std::size_t i = 0; i < servers.size(); ++i) {
    body += fmt::format(R"({}{{"code":{},"description":"{}","hostname":"{}","isLeader":{}}})",
                        i == 0 ? "" : ",", servers[i].second,
                        words.at(static_cast<std::size_t>(servers[i].second)), servers[i].first,
                        i == leader);
  }
  return "[" + body + "]";
}

TEST(Exhibitor, WantsEveryMasterServingInTheViewOfEach) {
  const Expected masters = {"10.0.0.1", "10.0.0.2", "10.0.0.3"};
  const auto whole = view({{"10.0.0.3", 3}, {"10.0.0.1", 3}, {"10.0.0.2", 3}}, 1);
  EXPECT_EQ(judge_exhibitor({http("master-1", whole), http("master-2", whole)}, masters),
            Verdict::pass("all 3 masters serve, seen from each of them"));
  const auto judge = [&](const std::string& second) {
    return judge_exhibitor({http("master-1", whole), http("master-2", second)}, masters);
  };
  EXPECT_EQ(judge("[]"), Verdict::not_yet("Exhibitor on master-2 does not see 10.0.0.1 yet"));
  EXPECT_EQ(judge(view({{"10.0.0.3", 3}, {"10.0.0.1", 1}, {"10.0.0.2", 3}}, 0)),
            Verdict::not_yet("Exhibitor on master-2 sees 10.0.0.1 down"));
  EXPECT_EQ(judge(view({{"10.0.0.1", 3}, {"10.0.0.2", 3}, {"10.0.0.3", 3}}, 9)),
            Verdict::not_yet("Exhibitor on master-2 sees 0 leaders, not 1"));
  EXPECT_EQ(judge(view({{"10.0.0.1", 3}, {"10.0.0.2", 3}, {"10.0.0.3", 3}, {"10.0.0.9", 3}}, 0)),
            Verdict::not_yet("Exhibitor on master-2 sees 4 servers, not 3"));
  EXPECT_EQ(judge("<html>").kind, Kind::not_yet);
  EXPECT_EQ(judge_exhibitor({http("master-1", "", 503)}, masters),
            Verdict::not_yet("Exhibitor on master-1 answers with status 503"));
}

TEST(MesosMasters, WantsAllRegistrarsAndOneLeader) {
  const std::string leader = R"({"registrar/log/recovered":1.0,"master/elected":1.0})";
  const std::string other = R"({"registrar/log/recovered":1.0,"master/elected":0.0})";
  const std::string young = R"({"registrar/log/recovered":0.0,"master/elected":0.0})";
  const auto judge = [](const std::string& a, const std::string& b) {
    return judge_mesos_masters({http("master-1", a), http("master-2", b)}, {});
  };
  EXPECT_EQ(judge(other, leader), Verdict::pass("Mesos is led by master-2"));
  EXPECT_EQ(judge(other, other), Verdict::not_yet("no Mesos master is elected yet"));
  EXPECT_EQ(judge(leader, leader).kind, Kind::not_yet);
  EXPECT_EQ(judge(leader, young),
            Verdict::not_yet("the registrar of the Mesos master on master-2 has not recovered"));
  EXPECT_EQ(judge(leader, "{}").kind, Kind::not_yet);
  EXPECT_EQ(judge(leader, "starting").kind, Kind::not_yet);
}

TEST(Marathon, WantsALeader) {
  EXPECT_EQ(
      judge_marathon({http("master-1", R"({"name":"marathon","leader":"10.1.1.50:8080"})")}, {}),
      Verdict::pass("Marathon is led by 10.1.1.50:8080"));
  EXPECT_EQ(judge_marathon({http("master-1", R"({"name":"marathon","leader":null})")}, {}),
            Verdict::not_yet("Marathon on master-1 has no leader yet"));
}

TEST(AdminRouter, WantsTheVersionFile) {
  EXPECT_EQ(
      judge_admin_router({http("master-1", R"({"version":"1.11.2","bootstrap-id":"x"})")}, {}),
      Verdict::pass("Admin Router on master-1 serves DC/OS 1.11.2"));
  EXPECT_EQ(judge_admin_router({http("master-1", "Bad Gateway", 502)}, {}),
            Verdict::not_yet("Admin Router on master-1 answers with status 502"));
  EXPECT_EQ(judge_admin_router({http("master-1", "<html>hello")}, {}).kind, Kind::not_yet);
}

TEST(Registered, IsTheAgentsOwnMetric) {
  EXPECT_EQ(judge_registered({http("agent-1", R"({"slave/registered":1.0})")}, {}),
            Verdict::pass("agent-1 is registered"));
  EXPECT_EQ(judge_registered({http("agent-1", R"({"slave/registered":0.0})")}, {}),
            Verdict::not_yet("agent-1 runs, but is not registered yet"));
  EXPECT_EQ(judge_registered({http("agent-1", R"({"slave/uptime_secs":3})")}, {}).kind,
            Kind::not_yet);
  EXPECT_EQ(judge_registered({http("agent-1", "oops")}, {}).kind, Kind::not_yet);
}

std::string slave(const std::string& address, bool active, const std::string& attributes) {
  return fmt::format(
      R"({{"id":"S","hostname":"{0}","pid":"slave(1)@{0}:5051","active":{1},"attributes":{2}}})",
      address, active, attributes);
}

TEST(Agents, AreExactlyTheExpectedOnes) {
  const Expected expect = {"10.0.0.21 agent-1 private", "10.0.0.31 public-1 public"};
  const auto one = slave("10.0.0.21", true, "{}");
  const auto two = slave("10.0.0.31", true, R"({"public_ip":"true"})");
  const auto judge = [&](const std::string& slaves) {
    return judge_agents(
        {http("master-1", "", 307), http("master-2", R"({"slaves":[)" + slaves + "]}")}, expect);
  };
  EXPECT_EQ(judge(one + "," + two), Verdict::pass("2 agents registered"));
  EXPECT_EQ(judge(one), Verdict::not_yet("not known to the leading master: public-1"));
  EXPECT_EQ(judge(one + "," + slave("10.0.0.31", false, "{}")).kind, Kind::not_yet)
      << "one that was registered and is gone does not count";
  EXPECT_EQ(judge(one + "," + slave("10.0.0.31", true, "{}")),
            Verdict::failed("public-1 is registered as a private agent"));
  EXPECT_EQ(judge(one + "," + two + "," + slave("10.0.0.99", true, "{}")),
            Verdict::not_yet("an agent that is not of this lab is registered: 10.0.0.99 "
                             "(10.0.0.99)"));
  EXPECT_EQ(judge_agents({dead("master-1"), dead("master-2")}, expect),
            Verdict::not_yet("Mesos master on master-2 does not answer: connection refused"));
}

TEST(Poststart, BelievesTheJsonAndNotTheExitCode) {
  EXPECT_EQ(judge_poststart({guest("agent-1", R"({"status":0,"checks":{"xz":{"output":"",)"
                                              R"("status":0}}})")},
                            {}),
            Verdict::pass("1 checks on agent-1 pass"));
  EXPECT_EQ(
      judge_poststart({guest("agent-1", R"({"error":"One or more requested checks could not be )"
                                        R"(executed.","checks":["clock_sync: timed out"]})")},
                      {}),
      Verdict::not_yet("the checks on agent-1 cannot run: One or more requested checks could "
                       "not be executed.; clock_sync: timed out"));
  EXPECT_EQ(judge_poststart({guest("agent-1",
                                   R"({"status":2,"checks":{"ip":{"output":"no","status":2},)"
                                   R"("xz":{"output":"","status":0}}})",
                                   2)},
                            {}),
            Verdict::not_yet("checks on agent-1 fail: ip (no)"));
  EXPECT_EQ(judge_poststart({guest("agent-1", "none\n")}, {}).kind, Kind::pass);
  EXPECT_EQ(judge_poststart({guest("agent-1", "", 127, "not found")}, {}),
            Verdict::not_yet("the checks on agent-1 end with code 127: not found"));
}

TEST(Gates, AskWhatTheyJudge) {
  const auto lab = test::dcos_lab();
  const auto exhibitor = exhibitor_gate(lab);
  ASSERT_EQ(exhibitor.probes.size(), 3U);
  EXPECT_EQ(std::get<HttpProbe>(exhibitor.probes[0]).url,
            "http://192.168.90.11:8181/exhibitor/v1/cluster/status");
  EXPECT_EQ(exhibitor.expect, (Expected{"192.168.90.11", "192.168.90.12", "192.168.90.13"}));
  EXPECT_EQ(std::get<HttpProbe>(admin_router_gate(lab, lab.node("master-2")).probes[0]).url,
            "http://192.168.90.12/dcos-metadata/dcos-version.json");
  EXPECT_EQ(agents_gate(lab).expect,
            (Expected{"192.168.90.21 agent-1 private", "192.168.90.31 public-1 public"}));
  // One sample between two deaths of a unit that restarts for ever proves nothing.
  for (const auto& gate : {zookeeper_quorum_gate(lab), exhibitor, mesos_masters_gate(lab),
                           marathon_gate(lab), agents_gate(lab)}) {
    EXPECT_EQ(gate.in_a_row, 2U) << gate.id;
  }
}

}  // namespace
}  // namespace vmlab
