// Whole flows in a world in memory: up, up again, down, changes, and power cuts at every effect.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "lab/readiness.h"
#include "plan/plan.h"
#include "run/await.h"
#include "run/outlook.h"
#include "run/session.h"
#include "support/flow.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using test::cluster_yaml;
using test::FakeWorld;
using test::Flow;
using test::plain_yaml;

/// A line a step, with what it waits for: what `vmlab plan` is made of.
std::string text_of(const Plan& plan) {
  std::string text;
  for (const auto& step : plan.steps) {
    text += fmt::format("{}: {} ({})\n", step.id, step.title, step.why);
    for (const auto& id : step.after) text += "    after " + id + "\n";
  }
  for (const auto& note : plan.notes) text += "note: " + note + "\n";
  for (const auto& node : plan.unknown) text += "unknown: " + node + "\n";
  return text;
}

TEST_F(Flow, NothingBecomesARunningCluster) {
  const auto summary = run_up(lab(cluster_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(world_->domains_by_name.size(), 6U);
  auto ports = world_->ports();
  EXPECT_EQ(status(lab_, Ask::guests, settings_, ports, {}).phase, Phase::installed);
  EXPECT_EQ(reporter_.ends, 1);
}

TEST_F(Flow, StatusWithoutAskingTheGuestsSaysWhatTheyWouldSay) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  auto ports = world_->ports();
  const auto phases = [&](Ask ask) {
    std::map<std::string, Phase> found;
    for (const auto& node : status(lab_, ask, settings_, ports, {}).nodes) {
      EXPECT_EQ(node.reached, ask == Ask::guests) << node.name;
      found[node.name] = node.phase;
    }
    return found;
  };
  EXPECT_EQ(phases(Ask::host), phases(Ask::guests));
  // A node that is made anew has forgotten everything, and so has the history.
  world_->disk_files.erase("/state/labs/t/agent-1.qcow2");
  world_->guests.erase("/state/labs/t/agent-1.qcow2");
  world_->answer = {};  // it boots, and is never prepared
  (void)run_up(lab_);
  EXPECT_EQ(phases(Ask::host).at("agent-1"), Phase::booting);
  EXPECT_EQ(phases(Ask::host), phases(Ask::guests));
}

TEST_F(Flow, WarningsOfAPreflightThatPassesAreToldOnceForAllNodesThatSayThem) {
  lab(cluster_yaml);
  world_->answer = [served = world_->answer](const std::string& node, const std::string& script) {
    if (script.find("--preflight-only") == std::string::npos) return served(node, script);
    GuestResult checks;
    checks.out =
        "Checking systemd version requirement (>= 200): PASS (252)\n"
        "Checking if kernel module raid1 is loaded: WARNING Kernel module raid1 is not loaded. "
        "DC/OS Storage Service (DSS) depends on it.\n";
    if (node == "agent-1") checks.out += "Checking memory: WARNING (2000 MiB)\n";
    return std::optional(checks);
  };
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(reporter_.remarks,
            (std::vector<std::string>{
                "master-1, master-2, master-3, agent-1, public-1: preflight warns: Kernel module "
                "raid1 is not loaded. DC/OS Storage Service (DSS) depends on it.",
                "agent-1: preflight warns (memory): 2000 MiB"}));
  EXPECT_TRUE(run_up(lab_).steps.empty());
  EXPECT_TRUE(reporter_.remarks.empty()) << "what is done is not told again";
}

/// From the first look at a clock on, and as long as `still` says so.
void let_bootstrap_be(DomainState state, FakeWorld& world, std::function<bool()> still) {
  world.answer = [&world, state, still = std::move(still), served = world.answer](
                     const std::string& node, const std::string& script) {
    if (script.find("adjtimex") == std::string::npos) return served(node, script);
    auto& bootstrap = world.domains_by_name.at("t-bootstrap").info.state;
    const bool is = still();
    bootstrap = is ? state : DomainState::running;
    if (!is) return served(node, script);
    GuestResult clock;
    clock.out = "state=5 status=64 esterror=16000000\n";
    return std::optional(clock);
  };
}

std::string clock_failure(const RunSummary& summary) {
  for (const auto& step : summary.steps) {
    if (step.id.starts_with("gate/clock/") && step.result == StepResult::failed) {
      return step.message;
    }
  }
  return {};
}

/// A bootstrap that was killed for its memory let the others wait for its time until their limit.
TEST_F(Flow, WithoutTheBootstrapNoClockIsWaitedFor) {
  lab(cluster_yaml);
  let_bootstrap_be(DomainState::shut_off, *world_, [] { return true; });
  EXPECT_EQ(clock_failure(run_up(lab_)), "cannot reach node 'bootstrap': its domain is shut off");
}

/// The others' clocks were given up while the bootstrap's own checkpoint was saved.
TEST_F(Flow, ABootstrapThatIsPausedForAMomentIsWaitedFor) {
  lab(cluster_yaml);
  ASSERT_TRUE(run_up(lab_).ok());
  int looks = 0;
  let_bootstrap_be(DomainState::paused, *world_, [&looks] { return ++looks < 4; });
  auto ports = world_->ports();
  await(clock_gate(lab_, lab_.node("master-1")), lab_, settings_.paths, ports,
        StepProgress([](auto&&...) {}), {});
  EXPECT_GE(looks, 4);
}

TEST_F(Flow, ABootstrapThatStaysPausedIsNotWaitedFor) {
  lab(cluster_yaml);
  ASSERT_TRUE(run_up(lab_).ok());
  let_bootstrap_be(DomainState::paused, *world_, [] { return true; });
  auto ports = world_->ports();
  try {
    await(clock_gate(lab_, lab_.node("master-1")), lab_, settings_.paths, ports,
          StepProgress([](auto&&...) {}), {});
    FAIL() << "the clock is taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "cannot reach node 'bootstrap': its domain is paused");
  }
}

TEST_F(Flow, AgentsAreInstalledAfterTheQuorum) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  EXPECT_LT(place("gate/zookeeper-quorum"), place("dcos/install/agent-1"));
  EXPECT_LT(place("gate/exhibitor"), place("dcos/install/public-1"));
  EXPECT_LT(place("dcos/preflight/agent-1"), place("dcos/install/master-1"));
}

TEST_F(Flow, ASecondUpDoesNothing) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->cut_power_at(0, false);  // forgets the effects so far
  const auto again = run_up(lab_);
  EXPECT_TRUE(again.ok());
  EXPECT_TRUE(again.steps.empty());
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
}

TEST_F(Flow, DownLeavesNothing) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  ASSERT_TRUE(run_down().ok());
  forget_inputs();
  EXPECT_TRUE(world_->empty()) << world_->snapshot();
}

TEST_F(Flow, DownOfALabThatIsNotThereDoesNothing) {
  EXPECT_TRUE(run_down().ok());
  EXPECT_TRUE(world_->domains_by_name.empty());
}

TEST_F(Flow, OneMoreAgentChangesNoOtherNode) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  std::string more = cluster_yaml;
  more.replace(more.find("count: 1, disks"), 8, "count: 2");
  const auto summary = run_up(lab(more));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  for (const auto& step : summary.steps) {
    EXPECT_TRUE(step.id.ends_with("agent-2") || step.id == "dns" || step.id == "keys" ||
                step.id.starts_with("gate/") || step.id.ends_with("agent-2/mesos") ||
                step.id.find("disk-") == 0 || step.id == "checkpoint/installed")
        << step.id;
    EXPECT_FALSE(step.id.starts_with("dcos/install/master")) << step.id;
  }
  EXPECT_EQ(world_->domains_by_name.size(), 7U);
}

TEST_F(Flow, AfterAHostRebootNodesAreStartedAndNothingIsInstalledAgain) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->power_back();
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  for (const auto& step : summary.steps) {
    EXPECT_TRUE(step.id == "network" || step.id.starts_with("start/") ||
                step.id.starts_with("gate/"))
        << step.id;
  }
  for (const auto& node : lab_.nodes) {
    if (node.role == Role::bootstrap) continue;
    EXPECT_EQ(std::ranges::count(reporter_.order, "gate/poststart/" + node.name), 1) << node.name;
  }
}

// `up` said that the lab is up while the agent that it had started was not registered yet.
TEST_F(Flow, ANodeThatWasOffIsWaitedForUntilItServesAgain) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->domains_by_name.at("t-agent-1").info.state = DomainState::shut_off;
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(std::ranges::count(reporter_.order, "gate/registered/agent-1"), 1);
  EXPECT_EQ(std::ranges::count(reporter_.order, "gate/poststart/agent-1"), 1);
  EXPECT_EQ(std::ranges::count(reporter_.order, "gate/poststart/master-1"), 0);
  const auto again = run_up(lab_);
  EXPECT_TRUE(again.ok() && again.steps.empty()) << again.steps.size();
}

TEST_F(Flow, ALostOverlayIsMadeAnewAndOnlyThatNodeIsInstalledAgain) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->disk_files.erase("/state/labs/t/agent-1.qcow2");
  world_->guests.erase("/state/labs/t/agent-1.qcow2");
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_LT(place("stop/agent-1"), place("overlay/agent-1"));
  EXPECT_LT(place("overlay/agent-1"), place("dcos/install/agent-1"));
  EXPECT_EQ(std::ranges::count(reporter_.order, "dcos/install/master-1"), 0);
}

TEST_F(Flow, ANodeUndefinedByHandIsDefinedAgainWithItsDisk) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->domains_by_name.erase("t-master-2");
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(std::ranges::count(reporter_.order, "overlay/master-2"), 0);
  EXPECT_EQ(std::ranges::count(reporter_.order, "domain/master-2"), 1);
}

TEST_F(Flow, AFailedCloudInitNamesTheModuleAndLetsTheOthersGoOn) {
  world_->cloud_init_error = "('locale', ProcessExecutionError(\"boom\"))";
  const auto summary = run_up(lab(plain_yaml));
  EXPECT_FALSE(summary.ok());
  EXPECT_NE(failure(summary).find("module locale"), std::string::npos) << failure(summary);
  EXPECT_EQ(world_->domains_by_name.size(), 2U) << "the nodes are kept for a look";
}

TEST_F(Flow, ABootstrapThatDiesWhileNodesDownloadIsTheCauseThatIsToldAndStartsAgain) {
  const auto& wanted = lab(cluster_yaml);
  const auto cluster = world_->answer;
  world_->answer = [&](const std::string& node,
                       const std::string& script) -> std::optional<GuestResult> {
    if (script.find("bash dcos_install.sh") == std::string::npos) return cluster(node, script);
    world_->stop_domain("t-bootstrap");
    return GuestResult{1, "", "curl: (7) Failed to connect to 192.168.77.10 port 8080\n"};
  };
  const auto summary = run_up(wanted);
  const auto failed = std::ranges::find(summary.steps, StepResult::failed, &StepOutcome::result);
  ASSERT_NE(failed, summary.steps.end());
  EXPECT_NE(std::ranges::find(failed->trail,
                              "node 'bootstrap', which serves the installation files, is shut off"),
            failed->trail.end())
      << failed->message;
  EXPECT_EQ(failed->hint, "`vmlab up` again starts it and continues");
  world_->answer = cluster;
  const auto again = run_up(wanted);
  EXPECT_TRUE(again.ok()) << failure(again);
  // It answers by ssh before it serves.
  EXPECT_LT(place("gate/bootstrap"), place("dcos/install/master-1"));
}

TEST_F(Flow, CorrectedDocumentsMakeAnUnpreparedNodeAnew) {
  world_->cloud_init_error = "('runcmd', RuntimeError('no'))";
  ASSERT_FALSE(run_up(lab(plain_yaml)).ok());
  world_->cloud_init_error.clear();
  settings_.library.fragments["docker"] = "#cloud-config\nruncmd:\n  - [\"false\"]\n";
  const auto summary = run_up(lab(plain_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_LT(place("stop/box-1"), place("wipe/box-1"));
  EXPECT_LT(place("wipe/box-1"), place("overlay/box-1"));
}

TEST_F(Flow, AnotherConfigurationOfAnInstalledClusterIsRefused) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  std::string other = cluster_yaml;
  other.replace(other.find("cluster_name: T"), 15, "cluster_name: U");
  world_->cut_power_at(0, false);
  try {
    run_up(lab(other));
    FAIL() << "an installed cluster must not change under its nodes";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("another configuration"), std::string::npos) << error.what();
    EXPECT_EQ(error.hint(), "`vmlab up /t.yaml --replace` wipes the cluster and installs it anew");
  }
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
}

TEST_F(Flow, ADomainOfSomebodyElseIsLeftAloneAndNamed) {
  FakeWorld::FakeDomain other;
  other.info = {"t-box-1", "some-uuid", DomainState::running, std::nullopt};
  world_->domains_by_name["t-box-1"] = other;
  try {
    run_up(lab(plain_yaml));
    FAIL() << "the name is taken";
  } catch (const Error& error) {
    EXPECT_EQ(
        error.message(),
        "cannot define domain 't-box-1': the name is held by a domain that vmlab did not make");
  }
  EXPECT_EQ(world_->domains_by_name.at("t-box-1").info.uuid, "some-uuid");
  EXPECT_TRUE(world_->networks_by_name.empty());
}

TEST_F(Flow, ALockedLabIsRefused) {
  const auto held = world_->lock(settings_.paths.lock("t"));
  try {
    run_up(lab(plain_yaml));
    FAIL() << "the lab is locked";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::locked);
  }
}

TEST_F(Flow, AnInstallerWithAnotherSumIsBadInput) {
  std::string yaml = cluster_yaml;
  const std::string release =
      "release: {path: /release/dcos_generate_config.sh, sha256: " + std::string(64, 'a') + "}";
  yaml.replace(yaml.find("release: practice"), 17, release);
  EXPECT_THROW(lab(yaml), BadInput);
}

TEST_F(Flow, AGateThatNeverPassesEndsAtItsLimitAndSaysWhatWasMissing) {
  const auto& wanted = lab(plain_yaml);
  world_->answer = [](const std::string&, const std::string& script) -> std::optional<GuestResult> {
    if (script.find("result.json") != std::string::npos) return GuestResult{0, "none\n", ""};
    return std::nullopt;
  };
  const auto summary = run_up(wanted);
  EXPECT_NE(failure(summary).find("not within 15 min"), std::string::npos) << failure(summary);
  EXPECT_NE(failure(summary).find("has not started"), std::string::npos);
}

TEST_F(Flow, TwoLabsLiveSideBySide) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  std::string other = plain_yaml;
  other.replace(other.find("name: t"), 7, "name: u");
  other.replace(other.find("192.168.77.0"), 12, "192.168.78.0");
  ASSERT_TRUE(run_up(lab(other)).ok());
  EXPECT_EQ(world_->domains_by_name.size(), 4U);
  ASSERT_TRUE(run_down().ok());
  EXPECT_EQ(world_->domains_by_name.size(), 2U) << "the other lab stays";
  EXPECT_EQ(world_->networks_by_name.count("u"), 1U);
}

TEST_F(Flow, TwoLabsMustNotShareANetwork) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  std::string other = plain_yaml;
  other.replace(other.find("name: t"), 7, "name: u");
  EXPECT_THROW(lab(other), BadInput);
}

TEST_F(Flow, ThePlanFromNothingReadsLikeThis) {
  const auto& wanted = lab(cluster_yaml);
  auto ports = world_->ports();
  test::expect_golden("plan/cluster-from-nothing.txt",
                      text_of(look_ahead(wanted, settings_, ports, {}).plan));
}

TEST_F(Flow, ThePlanAfterAHostRebootReadsLikeThis) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->power_back();
  auto ports = world_->ports();
  test::expect_golden("plan/cluster-after-reboot.txt",
                      text_of(look_ahead(lab_, settings_, ports, {}).plan));
}

TEST_F(Flow, PlanningChangesNothing) {
  const auto& wanted = lab(cluster_yaml);
  auto ports = world_->ports();
  world_->cut_power_at(0, false);
  (void)look_ahead(wanted, settings_, ports, {});
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
}

/// The power is cut before and after every effect; the next `up` must reach the same end as an
/// undisturbed one.
TEST_F(Flow, PowerCutAnywhereInUpConverges) {
  const auto& wanted = lab(cluster_yaml);
  const auto moments = world_->moments_of([&] { ASSERT_TRUE(run_up(wanted).ok()); });
  ASSERT_GT(moments.size(), 40U);
  const auto end = world_->snapshot();
  expect_convergence_after_power_cuts(moments, end,
                                      [this]() -> const Lab& { return lab(cluster_yaml); });
}

TEST_F(Flow, PowerCutAnywhereInDownConverges) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  const auto moments = world_->moments_of([&] { ASSERT_TRUE(run_down().ok()); });
  ASSERT_GT(moments.size(), 4U);
  for (const auto& moment : moments) {
    world_->cut_power_in(moment);
    ASSERT_TRUE(run_down().ok()) << moment.when;
    EXPECT_TRUE(world_->domains_by_name.empty()) << moment.when;
    EXPECT_TRUE(world_->networks_by_name.empty()) << moment.when;
    EXPECT_TRUE(std::ranges::none_of(world_->files, [](const auto& file) {
      return file.first.starts_with("/state/labs/");
    })) << moment.when;
  }
}

}  // namespace
}  // namespace vmlab
