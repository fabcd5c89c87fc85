// endpoints, nodes and services of a cluster in memory.
#include "support/commands_fixture.h"
#include "support/golden.h"

namespace vmlab {
namespace {

class ClusterCommands : public test::CommandsFixture {
 protected:
  ClusterCommands() { write_cluster(); }
  void bring_cluster_up() { bring_up("/topologies/cluster.yaml"); }
};

TEST_F(ClusterCommands, NodesAndServicesAsTheirOwnCommandLinePrintsThem) {
  bring_cluster_up();
  EXPECT_EQ(run({"nodes"}), ExitCode::done) << err_;
  auto all = out_;
  EXPECT_EQ(run({"nodes", "--json"}), ExitCode::done) << err_;
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 6U);
  EXPECT_EQ(run({"services"}), ExitCode::done) << err_;
  all += "\n" + out_;
  EXPECT_EQ(out_.find("gone"), std::string::npos) << out_;
  EXPECT_EQ(run({"services", "--all"}), ExitCode::done) << err_;
  all += "\n" + out_;
  EXPECT_EQ(run({"services", "--json"}), ExitCode::done) << err_;
  EXPECT_EQ(nlohmann::json::parse(out_)[0]["tasks"], 2);
  test::expect_golden("cli/cluster.txt", all);
}

TEST_F(ClusterCommands, WithoutALeaderEachMasterSaysWhy) {
  bring_cluster_up();
  world_.domains_by_name.at("cluster-master-1").info.state = DomainState::shut_off;
  EXPECT_EQ(run({"nodes"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot find the leading master of lab 'cluster': cannot reach node "
                      "'master-1': its domain is shut off"),
            std::string::npos)
      << err_;
  EXPECT_NE(err_.find(":5050/master/state: it does not lead"), std::string::npos) << err_;
}

TEST_F(ClusterCommands, MastersAreTheTopologysWhereMesosDnsIsSilent) {
  bring_cluster_up();
  const auto answer = world_.answer_http;
  world_.answer_http = [answer](const std::string& url) -> std::optional<HttpReply> {
    if (url.find(":8123") != std::string::npos) {
      return HttpReply{.reached = false, .status = 0, .body = {}, .error = "Connection refused"};
    }
    return answer(url);
  };
  EXPECT_EQ(run({"nodes", "--json"}), ExitCode::done);
  EXPECT_EQ(nlohmann::json::parse(out_).size(), 6U);
  EXPECT_NE(err_.find("Mesos-DNS does not tell the masters"), std::string::npos) << err_;
}

TEST_F(ClusterCommands, APlainLabHasNoCluster) {
  bring_up();
  EXPECT_EQ(run({"nodes"}), ExitCode::failed);
  EXPECT_NE(err_.find("lab 'small' has no cluster"), std::string::npos) << err_;
}

TEST_F(ClusterCommands, AnEndpointOfANodeThatIsDownSaysSo) {
  bring_cluster_up();
  world_.domains_by_name.at("cluster-public-1").info.state = DomainState::shut_off;
  EXPECT_EQ(run({"endpoints", "--json"}), ExitCode::failed);
  bool found = false;
  const auto record = nlohmann::json::parse(out_);
  for (const auto& endpoint : record["endpoints"]) {
    if (endpoint["node"] != "public-1") continue;
    found = true;
    EXPECT_FALSE(endpoint["up"]);
    EXPECT_EQ(endpoint["error"], "cannot reach node 'public-1': its domain is shut off");
  }
  EXPECT_TRUE(found);
}

TEST_F(ClusterCommands, LogsOfAllComponentsNameTheRolesUnits) {
  bring_cluster_up();
  std::map<std::string, std::string> asked;
  world_.answer = [&](const std::string& node, const std::string& script) {
    std::optional<GuestResult> answer;
    if (script.find("systemctl") != std::string::npos) {
      answer = GuestResult{0,
                           "Id=dcos-net.service\nLoadState=loaded\nActiveState=active\n"
                           "SubState=running\nResult=success\n",
                           ""};
    } else if (script.find("journalctl") != std::string::npos) {
      asked[node] = script;
      answer = GuestResult{0, "", ""};
    }
    return answer;
  };
  EXPECT_EQ(run({"logs", "--components"}), ExitCode::done) << err_;
  EXPECT_NE(err_.find("dcos-net  active (running)"), std::string::npos) << err_;
  EXPECT_EQ(asked.size(), 7U);
  EXPECT_NE(asked["master-2"].find("--unit=dcos-setup --unit=dcos-exhibitor --unit=dcos-net"),
            std::string::npos)
      << asked["master-2"];
  EXPECT_NE(asked["public-1"].find("--unit=dcos-mesos-slave-public"), std::string::npos);
}

}  // namespace
}  // namespace vmlab
