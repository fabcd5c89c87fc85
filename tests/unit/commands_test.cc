// Commands from their invocation to exit code and words, in a world in memory.
#include "support/commands_fixture.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using Commands = test::CommandsFixture;
using Texts = std::vector<std::string>;

/// What was said of places in the file: `LINE:COLUMN: error: …` each.
Texts problems_in(const std::string& file, const std::string& said) {
  Texts found;
  for (const auto& line : lines(said)) {
    if (line.starts_with(file + ":")) found.push_back(line.substr(file.size() + 1));
  }
  return found;
}

TEST_F(Commands, ALabFromNothingToNothing) {
  bring_up();
  EXPECT_TRUE(out_.empty()) << out_;
  EXPECT_NE(err_.find("lab 'small' is up: 2 nodes"), std::string::npos) << err_;
  EXPECT_EQ(run({"up", "small"}), ExitCode::done);
  EXPECT_NE(err_.find("nothing to do"), std::string::npos) << err_;
  EXPECT_EQ(run({"plan", "small", "--json"}), ExitCode::done);
  EXPECT_EQ(nlohmann::json::parse(out_)["steps"], nlohmann::json::array());
  EXPECT_EQ(run({"down", "small"}), ExitCode::done);
  EXPECT_TRUE(world_.domains_by_name.empty());
  EXPECT_EQ(run({"down", "small"}), ExitCode::done);
  EXPECT_NE(err_.find("nothing was there"), std::string::npos) << err_;
}

TEST_F(Commands, StatusNeedsNoNameWhenOneLabIsKnown) {
  EXPECT_EQ(run({"status"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("no lab is known"), std::string::npos) << err_;
  bring_up();
  EXPECT_EQ(run({"status"}), ExitCode::done);
  const auto table = out_;
  EXPECT_NE(table.find("box-1"), std::string::npos) << table;
  EXPECT_EQ(run({"status", "/topologies/small.yaml"}), ExitCode::done);
  EXPECT_EQ(out_, table);
  EXPECT_EQ(run({"status", "smal"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean 'small'?"), std::string::npos) << err_;
}

TEST_F(Commands, NamesThatWouldLeaveTheStateDirectoryAreRefused) {
  for (const std::string name : {"..", ".", "a b", "A", "x."}) {
    EXPECT_EQ(run({"down", name}), ExitCode::bad_input) << name;
  }
  EXPECT_TRUE(world_.effects().empty());
}

TEST_F(Commands, DownOfATypingErrorSaysSo) {
  bring_up();
  EXPECT_EQ(run({"down", "smalk"}), ExitCode::done);
  EXPECT_NE(err_.find("did you mean 'small'?"), std::string::npos) << err_;
  EXPECT_FALSE(world_.domains_by_name.empty());
}

TEST_F(Commands, AFileThatIsNotThereNamesTheOneBeside) {
  EXPECT_EQ(run({"up", "/topologies/smal.yaml"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean '/topologies/small.yaml'?"), std::string::npos) << err_;
  EXPECT_EQ(run({"plan", "/elsewhere/x.yaml"}), ExitCode::bad_input);
  EXPECT_EQ(err_.find("did you mean"), std::string::npos) << err_;
}

TEST_F(Commands, APatternThatMatchesNothingNamesTheNearest) {
  bring_up();
  EXPECT_EQ(run({"exec", "bxo-*", "--", "true"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean 'box-*'?"), std::string::npos) << err_;
  EXPECT_EQ(run({"exec", "bxo-1", "--", "true"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean 'box-1'?"), std::string::npos) << err_;
}

TEST_F(Commands, ValidateTellsAllProblemsOfAllFiles) {
  world_.files["/topologies/bad.yaml"] = "name: bad\nimage: tinny\nnodes: {a: {role: plain}}\n";
  EXPECT_EQ(run({"validate", "/topologies/bad.yaml", "/topologies/small.yaml", "/gone.yaml"}),
            ExitCode::bad_input);
  EXPECT_NE(err_.find("/topologies/bad.yaml:2:8: error:"), std::string::npos) << err_;
  EXPECT_NE(err_.find("did you mean 'tiny'?"), std::string::npos) << err_;
  EXPECT_NE(err_.find("/gone.yaml: error: no such file"), std::string::npos) << err_;
  EXPECT_NE(out_.find("/topologies/small.yaml: lab 'small', 2 nodes"), std::string::npos) << out_;
  EXPECT_TRUE(world_.effects().empty());
}

/// The sum of an installer takes seconds.
TEST_F(Commands, AStopEndsTheLookAtTheInstaller) {
  write_cluster();
  EXPECT_EQ(run({"validate", "/topologies/cluster.yaml"}), ExitCode::done) << err_;
  stop_.request_stop();
  EXPECT_EQ(run({"validate", "/topologies/cluster.yaml"}), ExitCode::interrupted);
}

TEST_F(Commands, ValidateReadsTheConfigurationOfDcos) {
  write_cluster();
  const auto with = [&](const std::string& config) {
    auto& text = world_.files["/topologies/cluster.yaml"] = test::cluster_topology;
    text.replace(text.find("practice}"), 9, "practice, config: {" + config + "}}");
  };
  with("oauth_enabled: maybe");
  EXPECT_EQ(run({"validate", "/topologies/cluster.yaml"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("/topologies/cluster.yaml:11:"), std::string::npos) << err_;
  EXPECT_NE(err_.find("must be true or false"), std::string::npos) << err_;
  with("something_else: 1");
  EXPECT_EQ(run({"validate", "/topologies/cluster.yaml"}), ExitCode::done) << err_;
  EXPECT_NE(err_.find("'something_else' is not known"), std::string::npos) << err_;
}

/// Topology, host, parameters of DC/OS and installer each had a round of their own.
TEST_F(Commands, EveryStageTellsItsProblemsInOneRound) {
  const std::string file = "/topologies/bad.yaml";
  world_.files[file] =
      "name: Bad_Lab\n"
      "image: tinny\n"
      "network: {cidr: 192.168.77.0/24}\n"
      "defaults: {memory: 4GB}\n"
      "nodes:\n"
      "  bootstrap: {role: bootstrap}\n"
      "  master: {role: master, count: 2}\n"
      "cloud_init: []\n"
      "install:\n"
      "  dcos:\n"
      "    release: {path: ./nothere.sh}\n"
      "    config: {bootstrap_url: 1, master_lst: [a]}\n";
  world_.host_routes = {parse_cidr("192.168.0.0/16").value()};
  Texts expected = {
      "1:7: error: bad lab name 'Bad_Lab'",
      "2:8: error: unknown image 'tinny'",
      "3:17: error: network 192.168.77.0/24 overlaps 192.168.0.0/16, which this host reaches "
      "already",
      "4:20: error: 'memory' must be a size like 8GiB or 512MiB, not '4GB'",
      "7:3: error: 2 masters: DC/OS wants 1, 3, 5, 7 or 9",
      "11:21: error: cannot find installer './nothere.sh'",
      "12:14: error: 'bootstrap_url' must begin with http://",
      "12:32: error: unknown DC/OS parameter 'master_lst'"};
  for (const std::string command : {"validate", "plan", "up"}) {
    EXPECT_EQ(run({command, file}), ExitCode::bad_input) << command;
    EXPECT_EQ(problems_in(file, err_), expected) << command << "\n" << err_;
  }
  // What the file itself says is told before what the host lacks.
  world_.libvirt_error = "cannot connect to libvirt";
  expected.erase(expected.begin() + 2);
  for (const std::string command : {"validate", "plan", "up"}) {
    EXPECT_EQ(run({command, file}), ExitCode::bad_input) << command;
    EXPECT_EQ(problems_in(file, err_), expected) << command << "\n" << err_;
  }
  EXPECT_TRUE(world_.effects().empty());
}

TEST_F(Commands, TheInstallersSumIsLookedAtBesideOtherProblemsAndWithoutLibvirt) {
  write_cluster();
  const std::string file = "/topologies/cluster.yaml";
  const auto validate = [&](const std::string& release, const std::string& memory) {
    auto& text = world_.files[file] = test::cluster_topology;
    text.replace(text.find("practice"), 8, release);
    text.replace(text.find("8GiB"), 4, memory);
    const auto code = run({"validate", file});
    EXPECT_EQ(code, problems_in(file, err_).empty() ? ExitCode::done : ExitCode::bad_input) << err_;
    return problems_in(file, err_);
  };
  const std::string path = "{path: /release/dcos_generate_config.sh";
  const auto other = path + ", sha256: " + std::string(64, 'a') + "}";
  for (const std::string libvirt : {"", "cannot connect to libvirt"}) {
    world_.libvirt_error = libvirt;
    EXPECT_EQ(validate(path + "}", "8GiB"), Texts{});
    const auto sum = validate(other, "8GiB");
    ASSERT_EQ(sum.size(), 1U);
    EXPECT_NE(sum[0].find("has SHA-256 "), std::string::npos) << sum[0];
    const auto both = validate(other, "4GiB");
    ASSERT_EQ(both.size(), 2U);
    EXPECT_EQ(both[1], sum[0]);
    EXPECT_EQ(validate("{path: /none}", "8GiB").size(), 1U);
    EXPECT_EQ(validate(path + ", sha256: abc}", "8GiB").size(), 1U) << "it is no sum to compare";
  }
}

TEST_F(Commands, TheNetworkOfALabWhoseNameIsWrongNowIsNoOtherLabs) {
  bring_up();
  auto& text = world_.files["/topologies/small.yaml"];
  text.replace(text.find("small"), 5, "Small");
  EXPECT_EQ(run({"validate", "/topologies/small.yaml"}), ExitCode::bad_input);
  EXPECT_EQ(problems_in("/topologies/small.yaml", err_), Texts{"1:7: error: bad lab name 'Small'"});
}

TEST_F(Commands, EverySubnetOfALibvirtNetworkIsTaken) {
  auto& two = world_.networks_by_name["two"];
  two.name = "two";
  two.cidrs = {parse_cidr("192.168.122.0/24").value(), parse_cidr("192.168.77.0/24").value()};
  world_.host_routes = two.cidrs;
  EXPECT_EQ(run({"validate", "/topologies/small.yaml"}), ExitCode::bad_input);
  EXPECT_EQ(problems_in("/topologies/small.yaml", err_),
            Texts{"3:17: error: network 192.168.77.0/24 overlaps 192.168.77.0/24 of libvirt "
                  "network 'two'"});
}

/// Nodes that passed in the first run are not asked again, and were not counted.
TEST_F(Commands, PreflightsThatPassedInAnEarlierRunCount) {
  write_cluster();
  serve("/topologies/cluster.yaml");
  world_.answer = [served = world_.answer](const std::string& node, const std::string& script) {
    if (node != "agent-1" || script.find("--preflight-only") == std::string::npos) {
      return served(node, script);
    }
    return std::optional(GuestResult{3, "Checking if port 53 is in use: FAIL\n", ""});
  };
  for (const auto* round : {"first", "second"}) {
    EXPECT_EQ(run({"up", "/topologies/cluster.yaml"}), ExitCode::failed) << round;
    EXPECT_NE(err_.find("5 of 6 nodes passed the preflight checks"), std::string::npos)
        << round << "\n"
        << err_;
  }
}

TEST_F(Commands, CheckpointsOfALabThatIsNamed) {
  bring_up();
  EXPECT_EQ(run({"checkpoint", "list", "small"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"checkpoint", "list", "smal"}), ExitCode::bad_input);
}

TEST_F(Commands, BadInputMakesNothing) {
  world_.files["/topologies/bad.yaml"] = "nodes: [";
  for (const std::string command : {"up", "plan", "status", "down"}) {
    EXPECT_EQ(run({command, "/topologies/bad.yaml"}), ExitCode::bad_input) << command;
    EXPECT_EQ(run({command, "/topologies/none.yaml"}), ExitCode::bad_input) << command;
  }
  EXPECT_TRUE(world_.effects().empty());
}

TEST_F(Commands, JsonEventsGoToStandardOutput) {
  serve();
  EXPECT_EQ(run({"up", "/topologies/small.yaml", "--log-format", "json"}), ExitCode::done);
  EXPECT_TRUE(err_.empty()) << err_;
  std::istringstream lines(out_);
  std::string last;
  for (std::string line; std::getline(lines, line);) {
    last = nlohmann::json::parse(line)["type"];
  }
  EXPECT_EQ(last, "ended");
}

TEST_F(Commands, ExecRunsOnEveryMatch) {
  bring_up();
  world_.answer = [](const std::string& node, const std::string& script) {
    std::optional<GuestResult> answer;
    if (script == "uptime -p") answer = GuestResult{node == "box-2" ? 4 : 0, "", ""};
    return answer;
  };
  EXPECT_EQ(run({"exec", "box-1", "--", "uptime", "-p"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"exec", "box-*", "--", "uptime", "-p"}), ExitCode::failed);
  EXPECT_NE(err_.find("exit 4"), std::string::npos) << err_;
  EXPECT_NE(err_.find("failed on 1 of 2 nodes"), std::string::npos) << err_;
  EXPECT_EQ(run({"exec", "bocks-1", "--", "x"}), ExitCode::bad_input);
}

TEST_F(Commands, EndpointsOfALabWithoutAProduct) {
  bring_up();
  EXPECT_EQ(run({"endpoints"}), ExitCode::failed);
  EXPECT_NE(err_.find("offers no endpoints"), std::string::npos) << err_;
}

TEST_F(Commands, SshToALabThatIsNotUp) {
  EXPECT_EQ(run({"ssh", "box-1", "--lab", "/topologies/small.yaml"}), ExitCode::failed);
  EXPECT_NE(err_.find("vmlab up /topologies/small.yaml"), std::string::npos) << err_;
  EXPECT_EQ(run({"ssh", "bax-1", "--lab", "/topologies/small.yaml"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("box-1"), std::string::npos) << err_;
}

TEST_F(Commands, ImagesAreBuiltListedAndPruned) {
  EXPECT_EQ(run({"image", "build", "tiny"}), ExitCode::done) << err_;
  EXPECT_EQ(run({"image", "build", "tiny"}), ExitCode::done);
  EXPECT_NE(err_.find("tiny: nothing to do"), std::string::npos) << err_;
  EXPECT_EQ(run({"image", "build", "tyni", "--quiet"}), ExitCode::bad_input);
  EXPECT_EQ(run({"image", "pull", "tiny"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("vmlab image build tiny"), std::string::npos) << err_;
  EXPECT_EQ(run({"image", "verify"}), ExitCode::done) << out_;
  EXPECT_EQ(run({"image", "prune"}), ExitCode::done);
  EXPECT_EQ(out_, "nothing to remove\n");
  EXPECT_EQ(run({"image", "list"}), ExitCode::done);
  EXPECT_NE(out_.find("tiny"), std::string::npos) << out_;
}

TEST_F(Commands, PruneNeverTakesWhatALabUses) {
  bring_up();
  const auto files_of = [this] { return world_.list("/state/images"); };
  const auto before = files_of();
  ASSERT_FALSE(before.empty());
  // The catalogue moves on: the lab's image is of an earlier version now.
  settings_.library.images["tiny"] += "kernel_arguments: [quiet]\n";
  world_.disk_files["/state/images/old.qcow2"] = {1, 1, "qcow2", ""};
  world_.files["/state/images/half.qcow2.part"] = "half";
  EXPECT_EQ(run({"image", "prune", "--dry-run", "--json"}), ExitCode::done);
  EXPECT_NE(out_.find("old.qcow2"), std::string::npos) << out_;
  EXPECT_EQ(files_of().size(), before.size() + 2);
  EXPECT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  const auto after = files_of();
  EXPECT_EQ(std::ranges::count(after, "old.qcow2"), 0);
  EXPECT_EQ(std::ranges::count(after, "half.qcow2.part"), 0);
  const auto used = std::ranges::find_if(
      before, [](const std::string& name) { return name.find("prepared") != std::string::npos; });
  ASSERT_NE(used, before.end());
  EXPECT_EQ(std::ranges::count(after, *used), 1) << "the lab's disks are made from it";
}

/// Checkpoints are inside the disks that are made from an image, running or not, known or not.
TEST_F(Commands, PruneKeepsWhatCheckpointsNeedUntilTheirLabIsGone) {
  bring_up();
  ASSERT_EQ(run({"checkpoint", "save", "mine"}), ExitCode::done) << err_;
  const auto backing = world_.disk_files.at("/state/labs/small/box-1.qcow2").backing_file;
  settings_.library.images.clear();
  world_.files.erase("/state/labs/small/topology");
  world_.stop_domain("small-box-1");
  world_.stop_domain("small-box-2");
  EXPECT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.disk_files.contains(backing)) << out_;
  ASSERT_TRUE(world_.domains_by_name.at("small-box-1").snapshots.contains("mine"));
  EXPECT_EQ(run({"gc"}), ExitCode::done) << err_;
  EXPECT_TRUE(world_.domains_by_name.empty());
  EXPECT_EQ(run({"image", "prune", "--all"}), ExitCode::done) << err_;
  EXPECT_FALSE(world_.disk_files.contains(backing)) << out_;
}

TEST_F(Commands, PruneWaitsForNobodyWhoIsAtWork) {
  world_.files["/state/locks/small.lock"] = "";
  const auto held = world_.lock("/state/locks/small.lock");
  EXPECT_EQ(run({"image", "prune"}), ExitCode::locked);
}

TEST_F(Commands, ANameThatIsNoLabsMayBeAFiles) {
  world_.files["topologies/tiny.yaml"] = test::small_topology;
  EXPECT_EQ(run({"up", "tiny"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("did you mean the file 'topologies/tiny.yaml'?"), std::string::npos) << err_;
  EXPECT_EQ(run({"up", "other"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("`vmlab up FILE` makes a lab"), std::string::npos) << err_;
}

}  // namespace
}  // namespace vmlab
