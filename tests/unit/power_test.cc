// start, stop and restart in the order that a cluster bears.
#include <algorithm>

#include "base/text.h"
#include "support/commands_fixture.h"

namespace vmlab {
namespace {

class Powering : public test::CommandsFixture {
 protected:
  Powering() {
    write_cluster();
    bring_up("/topologies/cluster.yaml");
  }

  /// What the words did to domains, `stop master-1`, in this order.
  std::vector<std::string> done(const std::vector<std::string>& words) {
    world_.cut_power_at(0, false);
    EXPECT_EQ(run(words), ExitCode::done) << err_;
    std::vector<std::string> found;
    for (const auto& effect : world_.effects()) {
      const auto at = effect.find(" domain cluster-");
      if (at != std::string::npos)
        found.push_back(effect.substr(0, at) + " " + effect.substr(at + 16));
    }
    return found;
  }

  static std::size_t place(const std::vector<std::string>& all, const std::string& what) {
    const auto found = std::ranges::find(all, what);
    EXPECT_NE(found, all.end()) << what << " is not in: " << join(all, ", ");
    return static_cast<std::size_t>(found - all.begin());
  }

  std::ptrdiff_t running() const {
    return std::ranges::count_if(world_.domains_by_name, [](const auto& entry) {
      return entry.second.info.state == DomainState::running;
    });
  }
};

TEST_F(Powering, AgentsStopBeforeMastersAndMastersStartBeforeAgents) {
  const auto stopped = done({"stop"});
  EXPECT_EQ(stopped.size(), 7U);
  EXPECT_EQ(running(), 0);
  for (const std::string master : {"master-1", "master-2", "master-3"}) {
    EXPECT_LT(place(stopped, "stop agent-2"), place(stopped, "stop " + master));
    EXPECT_LT(place(stopped, "stop " + master), place(stopped, "stop bootstrap"));
  }
  EXPECT_TRUE(done({"stop"}).empty()) << "twice is once";
  const auto started = done({"start"});
  EXPECT_EQ(started.size(), 7U);
  EXPECT_EQ(running(), 7);
  EXPECT_LT(place(started, "start bootstrap"), place(started, "start master-2"));
  EXPECT_LT(place(started, "start master-3"), place(started, "start public-1"));
  EXPECT_TRUE(done({"start"}).empty());
}

TEST_F(Powering, TheQuorumIsKept) {
  EXPECT_EQ(run({"stop", "master-1", "master-2"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot stop 2 of 3 masters: 1 would be left running, 2 must serve"),
            std::string::npos)
      << err_;
  EXPECT_EQ(running(), 7);
  EXPECT_EQ(done({"stop", "master-1"}), std::vector<std::string>{"stop master-1"});
  EXPECT_EQ(run({"stop", "master-2"}), ExitCode::failed) << "one is down already";
  EXPECT_EQ(done({"stop", "master-2", "--force"}), std::vector<std::string>{"stop master-2"});
}

TEST_F(Powering, MastersRestartOneAfterAnother) {
  EXPECT_EQ(done({"restart", "master-3", "master-1", "master-2"}),
            (std::vector<std::string>{"stop master-1", "start master-1", "stop master-2",
                                      "start master-2", "stop master-3", "start master-3"}));
  const auto all = done({"restart"});
  EXPECT_EQ(all.size(), 14U);
  EXPECT_LT(place(all, "start master-3"), place(all, "stop agent-1"));
}

TEST_F(Powering, NoMasterRestartsWhenTheOthersAreNoQuorum) {
  ASSERT_EQ(done({"stop", "master-3"}), std::vector<std::string>{"stop master-3"});
  world_.cut_power_at(0, false);
  EXPECT_EQ(run({"restart", "master-1"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot reach node 'master-3': its domain is shut off"), std::string::npos)
      << err_;
  EXPECT_EQ(running(), 6);
  // The one that is down is no part of the quorum and comes first.
  const auto all = done({"restart"});
  EXPECT_LT(place(all, "start master-3"), place(all, "stop master-1"));
  EXPECT_EQ(running(), 7);
  done({"stop", "master-3"});
  EXPECT_EQ(done({"restart", "master-1", "--force"}),
            (std::vector<std::string>{"stop master-1", "start master-1"}));
}

TEST_F(Powering, WhatIsStartedServesWhenItEnds) {
  ASSERT_EQ(run({"restart"}), ExitCode::done) << err_;
  for (const std::string gate :
       {"installation files served by the bootstrap node", "Admin Router on master-2",
        "Marathon with a leader", "registration of agent-1 with Mesos",
        "the leading master to know all agents"}) {
    EXPECT_NE(err_.find("finished  wait for " + gate), std::string::npos) << gate << "\n" << err_;
  }
  ASSERT_EQ(run({"restart", "agent-1"}), ExitCode::done) << err_;
  EXPECT_NE(err_.find("registration of agent-1"), std::string::npos) << err_;
  EXPECT_EQ(err_.find("Marathon"), std::string::npos) << err_;
  // With a node that stays down there is nothing to wait for.
  ASSERT_EQ(run({"stop", "agent-1", "agent-2"}), ExitCode::done) << err_;
  ASSERT_EQ(run({"start", "agent-1"}), ExitCode::done) << err_;
  EXPECT_EQ(err_.find("registration"), std::string::npos) << err_;
  ASSERT_EQ(run({"start"}), ExitCode::done) << err_;
  EXPECT_NE(err_.find("registration of agent-2"), std::string::npos) << err_;
}

TEST_F(Powering, UnknownNodesAreNamed) {
  EXPECT_EQ(run({"stop", "mastr-1"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean 'master-1'?"), std::string::npos) << err_;
  world_.domains_by_name.erase("cluster-agent-1");
  EXPECT_EQ(run({"start", "agent-1"}), ExitCode::failed);
  EXPECT_NE(err_.find("it has no domain"), std::string::npos) << err_;
}

TEST_F(Powering, PowerCutAnywhereInRestartConverges) {
  const auto moments =
      world_.moments_of([&] { ASSERT_EQ(run({"restart"}), ExitCode::done) << err_; });
  ASSERT_GT(moments.size(), 14U);
  for (const auto& moment : moments) {
    world_.cut_power_in(moment);
    ASSERT_EQ(run({"up", "cluster"}), ExitCode::done) << err_;
    ASSERT_EQ(running(), 7) << moment.when;
  }
}

TEST_F(Powering, AnAgentThatIsPrunedIsMarkedGoneFirst) {
  std::vector<std::string> posts;
  world_.answer_post = [&](const std::string& url, const std::string& body) {
    posts.push_back(url + " " + body);
    return HttpReply{.reached = true, .status = 200, .body = {}, .error = {}};
  };
  // It keeps its name, by which it is found, until it goes.
  ASSERT_EQ(run({"up", "cluster", "--agents", "1"}), ExitCode::done) << err_;
  EXPECT_NE(err_.find("agent-2 is no longer in the topology"), std::string::npos) << err_;
  EXPECT_EQ(running(), 7);
  EXPECT_EQ(world_.networks_by_name.at("cluster").hosts.size(), 7U);
  world_.cut_power_at(0, false);
  ASSERT_EQ(run({"up", "cluster", "--prune"}), ExitCode::done) << err_;
  EXPECT_EQ(world_.networks_by_name.at("cluster").hosts.size(), 6U);
  EXPECT_EQ(running(), 6);
  ASSERT_EQ(posts.size(), 1U);
  EXPECT_NE(posts.front().find("S-agent-2"), std::string::npos) << posts.front();
  const auto effects = world_.effects();
  const auto at = [&](const std::string& start) {
    const auto found = std::ranges::find_if(
        effects, [&](const std::string& effect) { return effect.starts_with(start); });
    EXPECT_NE(found, effects.end()) << start;
    return found - effects.begin();
  };
  EXPECT_LT(at("post to"), at("stop domain cluster-agent-2"));
  EXPECT_LT(at("post to"), at("set hosts of"));
}

}  // namespace
}  // namespace vmlab
