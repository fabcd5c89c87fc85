// Changes to a lab: --set, counts, --prune, protect, gc.
#include "support/commands_fixture.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

class Changing : public test::CommandsFixture {
 protected:
  std::vector<std::string> domains() const {
    std::vector<std::string> names;
    for (const auto& [name, domain] : world_.domains_by_name) names.push_back(name);
    return names;
  }
};

using Texts = std::vector<std::string>;

TEST_F(Changing, SetChangesTheTopologyAndIsRemembered) {
  bring_up();
  EXPECT_EQ(run({"up", "small", "--set", "box.count=3"}), ExitCode::done) << err_;
  EXPECT_EQ(domains(), (Texts{"small-box-1", "small-box-2", "small-box-3"}));
  EXPECT_EQ(run({"status", "--json"}), ExitCode::done);
  EXPECT_EQ(nlohmann::json::parse(out_)["nodes"].size(), 3U);
  EXPECT_EQ(run({"up", "small", "--set", "box.count=4"}), ExitCode::done) << err_;
  EXPECT_EQ(domains().size(), 4U);
  EXPECT_EQ(world_.files.at("/state/labs/small/topology"), "/topologies/small.yaml\nbox.count=4\n");
}

TEST_F(Changing, WhatTheTopologyNoLongerHasGoesOnlyWithPrune) {
  bring_up();
  world_.files["/topologies/small.yaml"] = test::small_topology;
  auto& text = world_.files["/topologies/small.yaml"];
  text.replace(text.find("count: 2"), 8, "count: 1");
  EXPECT_EQ(run({"up", "small"}), ExitCode::done) << err_;
  EXPECT_EQ(domains().size(), 2U);
  EXPECT_NE(err_.find("`vmlab up --prune` removes it"), std::string::npos) << err_;
  EXPECT_EQ(run({"status"}), ExitCode::done);
  EXPECT_NE(out_.find("node 'box-2' is no longer in the topology"), std::string::npos) << out_;
  EXPECT_EQ(run({"up", "small", "--prune"}), ExitCode::done) << err_;
  EXPECT_EQ(domains(), Texts{"small-box-1"});
  for (const auto& [path, content] : world_.files) {
    EXPECT_EQ(path.find("box-2"), std::string::npos) << path;
  }
  for (const auto& [path, disk] : world_.disk_files) {
    EXPECT_EQ(path.find("box-2"), std::string::npos) << path;
  }
  EXPECT_EQ(run({"up", "small", "--prune"}), ExitCode::done) << err_;
  EXPECT_NE(err_.find("nothing to do"), std::string::npos) << err_;
}

// Whoever took the file of another lab with the same name, and went back, had nodes that vmlab did
// not trust for ever: known_hosts had lost them.
TEST_F(Changing, ANodeThatComesBackIntoTheTopologyIsTrustedAgain) {
  bring_up();
  const auto& known_hosts = world_.files.at("/state/labs/small/known_hosts");
  const auto before = known_hosts;
  auto& text = world_.files["/topologies/small.yaml"];
  const auto own = text;
  text.replace(text.find("  box:"), 6, "  other:");
  EXPECT_EQ(run({"up", "small"}), ExitCode::done) << err_;
  EXPECT_EQ(domains().size(), 4U);
  text = own;
  EXPECT_EQ(run({"up", "small", "--prune"}), ExitCode::done) << err_;
  EXPECT_EQ(err_.find("SECURITY"), std::string::npos) << err_;
  EXPECT_EQ(domains().size(), 2U);
  EXPECT_EQ(known_hosts, before);
}

TEST_F(Changing, APinThatWasLostIsMadeFromTheNodesKey) {
  bring_up();
  auto& known_hosts = world_.files.at("/state/labs/small/known_hosts");
  const auto before = known_hosts;
  known_hosts = "somebody,else ssh-ed25519 AAAA\n";
  EXPECT_EQ(run({"up", "small"}), ExitCode::done) << err_;
  EXPECT_EQ(known_hosts, before);
}

TEST_F(Changing, NodesThatAreLeftAsTheyAreAreNamedTogether) {
  bring_up();
  EXPECT_EQ(run({"up", "small", "--set", "box.count=0", "--set", "nodes.other={role: plain}"}),
            ExitCode::done)
      << err_;
  EXPECT_NE(err_.find("box-1, box-2 are no longer in the topology; they are left as they are "
                      "(`vmlab up --prune` removes them)"),
            std::string::npos)
      << err_;
}

/// A file that was copied, and its name forgotten, took a lab over without a word.
TEST_F(Changing, ALabThatIsGoingToFollowAnotherFileIsToldOnce) {
  bring_up();
  const std::string file = "/topologies/other.yaml";
  world_.files[file] = test::small_topology;
  const std::string note =
      "lab 'small' was made from '/topologies/small.yaml'; it follows '" + file + "' from now on";
  EXPECT_EQ(run({"plan", file}), ExitCode::done) << err_;
  EXPECT_NE(out_.find(note), std::string::npos) << out_;
  EXPECT_EQ(run({"up", file}), ExitCode::done) << err_;
  EXPECT_NE(err_.find(note), std::string::npos) << err_;
  EXPECT_EQ(run({"up", file}), ExitCode::done) << err_;
  EXPECT_EQ(err_.find("was made from"), std::string::npos) << err_;
  // A file that was moved is the same one.
  world_.files["/topologies/moved.yaml"] = world_.files[file];
  world_.files.erase(file);
  EXPECT_EQ(run({"up", "/topologies/moved.yaml"}), ExitCode::done) << err_;
  EXPECT_EQ(err_.find("was made from"), std::string::npos) << err_;
}

TEST_F(Changing, MoreMastersAreAnotherClusterAndWantReplace) {
  write_cluster();
  bring_up("/topologies/cluster.yaml");
  const auto before = world_.snapshot();
  EXPECT_EQ(run({"up", "cluster", "--masters", "5"}), ExitCode::failed);
  EXPECT_NE(err_.find("master-1, master-2, master-3, agent-1, agent-2, public-1 must be wiped"),
            std::string::npos)
      << err_;
  EXPECT_NE(err_.find("`vmlab up /topologies/cluster.yaml --masters 5 --replace`"),
            std::string::npos)
      << err_;
  EXPECT_EQ(world_.snapshot(), before);
  ASSERT_EQ(run({"plan", "cluster", "--masters", "5"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("public-1 must be wiped: they were installed with another configuration"),
            std::string::npos)
      << out_;
  EXPECT_NE(out_.find("only `vmlab up --replace` does it"), std::string::npos) << out_;
  EXPECT_EQ(world_.snapshot(), before);
}

TEST_F(Changing, AnAgentOfWhichMesosCannotBeToldSaysWhatHelps) {
  write_cluster();
  bring_up("/topologies/cluster.yaml");
  world_.answer_http = [](const std::string& url) -> std::optional<HttpReply> {
    if (!url.ends_with(":5050/master/slaves")) return std::nullopt;
    return HttpReply{.reached = false, .status = 0, .body = {}, .error = "connection refused"};
  };
  EXPECT_EQ(run({"reset", "agent-1"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot mark agent 'agent-1' gone: Mesos cannot be asked for its agents: "
                      "master-3: connection refused"),
            std::string::npos)
      << err_;
  EXPECT_NE(err_.find("hint: `vmlab reset agent-1 --force` leaves it"), std::string::npos) << err_;
  EXPECT_EQ(run({"up", "cluster", "--agents", "1", "--prune"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot mark agent 'agent-2' gone"), std::string::npos) << err_;
  EXPECT_NE(err_.find("hint: `vmlab endpoints` shows which"), std::string::npos) << err_;
  EXPECT_TRUE(world_.domains_by_name.contains("cluster-agent-2"));
}

TEST_F(Changing, ACheckpointNamesTheNodeThatWasPrunedSince) {
  bring_up();
  ASSERT_EQ(run({"checkpoint", "save", "mine"}), ExitCode::done) << err_;
  ASSERT_EQ(run({"up", "small", "--prune", "--set", "box.count=1"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"checkpoint", "list"}), ExitCode::done);
  EXPECT_NE(out_.find("node box-2 is gone"), std::string::npos) << out_;
  world_.cut_power_at(0, false);
  EXPECT_EQ(run({"checkpoint", "restore", "mine"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot restore checkpoint 'mine': node box-2 is gone"), std::string::npos)
      << err_;
  EXPECT_EQ(world_.effects(), std::vector<std::string>{});
  EXPECT_EQ(run({"checkpoint", "restore", "installed"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"checkpoint", "delete", "mine"}), ExitCode::done) << err_;
  EXPECT_FALSE(world_.domains_by_name.at("small-box-1").snapshots.contains("mine"));
}

TEST_F(Changing, PowerCutAnywhereInPruneConverges) {
  bring_up();
  const auto prune = [&] { return run({"up", "small", "--prune", "--set", "box.count=1"}); };
  const auto moments = world_.moments_of([&] { ASSERT_EQ(prune(), ExitCode::done) << err_; });
  ASSERT_GT(moments.size(), 6U);
  const auto end = world_.snapshot();
  for (const auto& moment : moments) {
    world_.cut_power_in(moment);
    ASSERT_EQ(prune(), ExitCode::done) << err_;
    ASSERT_EQ(world_.snapshot(), end) << moment.when;
  }
}

TEST_F(Changing, MistakesInChangesAreNamed) {
  for (const auto& [set, what] :
       std::vector<std::pair<std::string, std::string>>{{"bx.count=3", "did you mean 'box'?"},
                                                        {"box.count", "is no KEY=VALUE"},
                                                        {"box..count=3", "is no KEY=VALUE"},
                                                        {"=3", "is no KEY=VALUE"},
                                                        {"box.cuont=3", "did you mean 'count'?"},
                                                        {"box.count=-1", "count"},
                                                        {"box.count=[", "--set box.count=["},
                                                        {"name.x=3", "'name' is no map"}}) {
    EXPECT_EQ(run({"plan", "/topologies/small.yaml", "--set", set}), ExitCode::bad_input) << set;
    EXPECT_NE(err_.find(what), std::string::npos) << set << "\n" << err_;
  }
  EXPECT_EQ(run({"plan", "/topologies/small.yaml", "--masters", "3"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("no groups have the role master"), std::string::npos) << err_;
}

TEST_F(Changing, CountsGoToTheGroupOfTheRole) {
  write_cluster();
  settings_.overrides = {"@master.count=1", "@agent.count=4", "defaults.memory=9GiB"};
  const auto lab = load_lab("/topologies/cluster.yaml", settings_, ports_);
  EXPECT_EQ(lab.with_role(Role::master).size(), 1U);
  EXPECT_EQ(lab.with_role(Role::agent).size(), 4U);
  EXPECT_EQ(lab.nodes.front().memory_mib, 9U * 1024);
}

// lint failed over a network that vmlab itself had chosen.
TEST_F(Changing, TheNetworkThatIsChosenIsNoneThatDcosIsGiven) {
  write_cluster();
  settings_.overrides = {"install.dcos.config.dcos_ucr_default_bridge_subnet=192.168.100.0/23",
                         "install.dcos.config.dcos_l4lb_min_named_ip=192.168.102.0",
                         "install.dcos.config.dcos_l4lb_max_named_ip=192.168.102.9"};
  auto& text = world_.files.at("/topologies/cluster.yaml");
  const auto at = text.find("cidr: ");
  ASSERT_NE(at, std::string::npos) << text;
  text.erase(at, text.find(' ', at + 6) - at);
  const auto lab = load_lab("/topologies/cluster.yaml", settings_, ports_);
  EXPECT_EQ(lab.network.cidr, parse_cidr("192.168.103.0/24"));
}

TEST_F(Changing, HowNodesBootIsTheCommandLinesBeforeTheTopologys) {
  world_.files["/topologies/small.yaml"] += "boot: cold\n";
  EXPECT_EQ(load_lab("/topologies/small.yaml", settings_, ports_).boot, Boot::cold);
  settings_.boot = Boot::automatic;
  EXPECT_EQ(load_lab("/topologies/small.yaml", settings_, ports_).boot, Boot::automatic);
}

TEST_F(Changing, ResetGoesBackToACheckpointUnlessItIsToldHowToBoot) {
  bring_up();
  const auto reverts = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"reset", "box-1", "--log-format", "plain"};
    words.insert(words.end(), options.begin(), options.end());
    EXPECT_EQ(run(words), ExitCode::done) << err_;
    return err_.find("revert box-1 to its checkpoint") != std::string::npos;
  };
  EXPECT_TRUE(reverts({}));
  EXPECT_TRUE(reverts({"--boot", "auto"}));
  EXPECT_FALSE(reverts({"--boot", "cold"}));
  EXPECT_NE(err_.find("create overlay for box-1"), std::string::npos) << err_;
  EXPECT_FALSE(reverts({"--cold"}));
  EXPECT_TRUE(reverts({}));
}

TEST_F(Changing, AProtectedLabStays) {
  bring_up();
  EXPECT_EQ(run({"protect", "smal"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean 'small'?"), std::string::npos) << err_;
  EXPECT_EQ(run({"protect"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"down", "small"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot touch lab 'small': it is protected"), std::string::npos) << err_;
  EXPECT_NE(err_.find("vmlab protect small --off"), std::string::npos) << err_;
  EXPECT_EQ(domains().size(), 2U);
  EXPECT_EQ(run({"status"}), ExitCode::done);
  EXPECT_NE(out_.find("protected"), std::string::npos) << out_;
  EXPECT_EQ(run({"protect", "--off"}), ExitCode::done);
  EXPECT_EQ(run({"down", "small"}), ExitCode::done) << err_;
  EXPECT_TRUE(domains().empty());
}

/// So did `up --prune` remove its nodes.
TEST_F(Changing, AProtectedLabIsNotPruned) {
  bring_up();
  ASSERT_EQ(run({"protect", "small"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"up", "small", "--prune", "--set", "box.count=1"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot touch lab 'small': it is protected"), std::string::npos) << err_;
  EXPECT_EQ(domains().size(), 2U);
  EXPECT_EQ(run({"up", "small", "--set", "box.count=1"}), ExitCode::done) << err_;
}

/// `up --replace` wiped the cluster of a protected lab.
TEST_F(Changing, AProtectedClusterIsNotReplaced) {
  write_cluster();
  bring_up("/topologies/cluster.yaml");
  ASSERT_EQ(run({"protect"}), ExitCode::done) << err_;
  settings_.replace = true;
  EXPECT_EQ(run({"up", "cluster"}), ExitCode::done) << "nothing is wiped\n" << err_;
  const auto before = world_.snapshot();
  const std::string other = "install.dcos.config.cluster_name=other";
  EXPECT_EQ(run({"up", "cluster", "--set", other}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot touch lab 'cluster': it is protected"), std::string::npos) << err_;
  EXPECT_EQ(world_.snapshot(), before);
  ASSERT_EQ(run({"protect", "--off"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"up", "cluster", "--set", other}), ExitCode::done) << err_;
}

TEST_F(Changing, GcTakesWhatNoLabOwnsAndNothingElse) {
  bring_up();
  EXPECT_EQ(run({"gc", "--dry-run"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing is left over\n");
  // Somebody's, and one of another state directory.
  world_.domains_by_name["theirs"].info = {"theirs", "u", DomainState::running, std::nullopt};
  auto& far = world_.domains_by_name["far-a"].info;
  far = {"far-a", "v", DomainState::running, Label{"far", "a", "h"}};
  far.shape.files = {"/elsewhere/labs/far/a.qcow2"};
  EXPECT_EQ(run({"gc", "--dry-run", "--json"}), ExitCode::done);
  EXPECT_EQ(nlohmann::json::parse(out_)["leftovers"].size(), 0U);
  world_.files.erase("/state/labs/small/topology");
  EXPECT_EQ(run({"gc", "--dry-run"}), ExitCode::done);
  EXPECT_NE(out_.find("small-box-2"), std::string::npos) << out_;
  EXPECT_EQ(domains().size(), 4U);
  EXPECT_EQ(run({"gc"}), ExitCode::done) << err_;
  EXPECT_EQ(domains(), (Texts{"far-a", "theirs"}));
  EXPECT_TRUE(world_.networks_by_name.empty());
  EXPECT_EQ(run({"gc"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing is left over\n");
}

/// It was taken only while its lab's lock was there, which the end of every run removes.
TEST_F(Changing, GcTakesANetworkWhoseLabHasNothingElse) {
  bring_up();
  world_.domains_by_name.clear();
  world_.remove("/state/labs/small");
  EXPECT_EQ(run({"gc", "--dry-run"}), ExitCode::done);
  EXPECT_EQ(out_, "LAB    KIND     NAME\nsmall  network  small\n");
  EXPECT_EQ(world_.networks_by_name.size(), 1U);
  EXPECT_EQ(run({"gc"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.networks_by_name.empty());
}

TEST_F(Changing, GcLeavesTheNetworkOfAnotherStateDirectory) {
  bring_up();
  world_.domains_by_name.clear();
  auto& owner = world_.networks_by_name.at("small").label->state_directory;
  EXPECT_EQ(owner, "/state");
  owner = "/elsewhere";
  world_.files.erase("/state/labs/small/topology");
  EXPECT_EQ(run({"gc"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing is left over\n") << "`down` would take the network too";
  world_.remove("/state/labs/small");
  EXPECT_EQ(run({"gc"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing is left over\n");
  // Of old, networks did not tell.
  world_.networks_by_name.at("small").label->state_directory.clear();
  EXPECT_EQ(run({"gc"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing is left over\n");
  EXPECT_EQ(world_.networks_by_name.size(), 1U);
  world_.files["/state/labs/small/console/box-1.log"] = "";
  EXPECT_EQ(run({"gc"}), ExitCode::done);
  EXPECT_TRUE(world_.networks_by_name.empty()) << out_;
}

TEST_F(Changing, GcTellsAProgramOfNoRemovalThatFailed) {
  bring_up();
  world_.files.erase("/state/labs/small/topology");
  world_.hinder = [](const std::string& effect) {
    if (effect == "remove domain small-box-1") throw Error("cannot remove it: busy");
  };
  EXPECT_EQ(run({"gc", "--json"}), ExitCode::failed);
  EXPECT_EQ(out_.find("\"removed\""), std::string::npos) << out_;
  world_.hinder = {};
  EXPECT_EQ(run({"gc", "--json"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("\"removed\": true"), std::string::npos) << out_;
}

TEST_F(Changing, GcTakesReleasesThatNoLabInstallsFrom) {
  world_.files["/topologies/fetched.yaml"] =
      "name: fetched\n"
      "image: tiny\n"
      "nodes: {bootstrap: {role: bootstrap}, master: {role: master}, agent: {role: agent}}\n"
      "defaults: {memory: 8GiB}\n"
      "cloud_init: []\n"
      "install: {dcos: {release: {url: 'https://example.org/dcos.sh', sha256: \"" +
      std::string(64, 'a') + "\"}}}\n";
  const auto used = "/state/releases/" + std::string(16, 'a') + ".sh";
  const std::string unused = "/state/releases/bbbbbbbbbbbbbbbb.sh";
  world_.files["/state/labs/fetched/topology"] = "/topologies/fetched.yaml\n";
  world_.files[used] = world_.files[used + ".part"] = "installer";
  world_.files[unused] = world_.files[unused + ".part"] = "installer";
  EXPECT_EQ(run({"gc", "--dry-run", "--json"}), ExitCode::done) << err_;
  EXPECT_EQ(nlohmann::json::parse(out_)["releases"], (Texts{unused, unused + ".part"})) << out_;
  EXPECT_TRUE(world_.files.contains(unused));
  // What a lab whose file is gone installs from, nobody knows.
  world_.files["/state/labs/lost/topology"] = "/topologies/lost.yaml\n";
  EXPECT_EQ(run({"gc"}), ExitCode::done) << err_;
  EXPECT_NE(err_.find("all releases are kept: the topology of lab 'lost' cannot be read"),
            std::string::npos)
      << err_;
  EXPECT_TRUE(world_.files.contains(unused));
  world_.files.erase("/state/labs/lost/topology");
  EXPECT_EQ(run({"gc"}), ExitCode::done) << err_;
  EXPECT_FALSE(world_.files.contains(unused));
  EXPECT_FALSE(world_.files.contains(unused + ".part"));
  EXPECT_TRUE(world_.files.contains(used));
  EXPECT_TRUE(world_.files.contains(used + ".part"));
}

}  // namespace
}  // namespace vmlab
