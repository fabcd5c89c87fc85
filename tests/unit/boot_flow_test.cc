// Nodes that hang in their boot, in a world in memory: started once more, and by whom they are not.
#include <gtest/gtest.h>

#include <algorithm>

#include "run/outlook.h"
#include "run/power.h"
#include "support/flow.h"

namespace vmlab {
namespace {

using test::plain_yaml;

// Time is what nodes wait: with one, nothing is said between its start and the wait for it.
constexpr auto box_yaml = R"(name: t
image: debian-12
network: {cidr: 192.168.77.0/24, domain: t.test}
nodes:
  box: {role: plain, count: 1}
)";

constexpr auto first_line = "[    1.000000] Run /sbin/init as init process";

class BootFlow : public test::Flow {
 protected:
  BootFlow() { world_->boots["box-1"]; }

  void hang(int times) { world_->boots.at("box-1").hangs = times; }
  void never_answer() { world_->ssh_after = std::chrono::hours{10}; }
  std::ptrdiff_t count(const std::string& effect) const {
    return std::ranges::count(world_->effects(), effect);
  }
  std::ptrdiff_t starts() const { return count("start domain t-box-1"); }
  std::ptrdiff_t stops() const { return count("stop domain t-box-1"); }
  static std::string remark(const std::string& console) {
    return "box-1 hangs in its boot (its console " + console + ") and is started again";
  }
  std::string& console() { return world_->files["/state/labs/t/console/box-1.log"]; }

  RunSummary power(Power what) {
    auto ports = world_->ports();
    reporter_ = {};
    world_->cut_power_at(0, false);  // forgets the effects so far
    return change_power(lab_, what, {.nodes = {"box-1"}}, settings_, ports, reporter_, {});
  }
  std::optional<GuestBoot> watched(const Plan& plan) {
    const auto step = std::ranges::find(plan.steps, "gate/ssh/box-1", &PlannedStep::id);
    EXPECT_NE(step, plan.steps.end());
    return step == plan.steps.end() ? std::nullopt : std::get<AwaitGate>(step->step).gate.boot;
  }
};

TEST_F(BootFlow, ANodeThatHangsOnceIsStartedAgainAndThatIsTold) {
  hang(1);
  const auto summary = run_up(lab(box_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(reporter_.remarks,
            std::vector<std::string>{remark("ends with '" + std::string(first_line) + "'")});
  EXPECT_EQ(starts(), 2);
  EXPECT_EQ(stops(), 1);
  EXPECT_TRUE(run_up(lab_).steps.empty());
}

/// QEMU of Debian 12 crashed in its translator while six nodes booted: `up` failed on one of them.
TEST_F(BootFlow, ANodeThatEndsInItsBootIsStartedAgainOnce) {
  world_->boots.at("box-1").ends = 1;
  const auto summary = run_up(lab(box_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(reporter_.remarks,
            std::vector<std::string>{
                "box-1 ended in its boot (its console is silent) and is started again"});
  EXPECT_EQ(starts(), 2);
}

TEST_F(BootFlow, OneThatEndsTwiceFails) {
  world_->boots.at("box-1").ends = 2;
  EXPECT_EQ(failure(run_up(lab(box_yaml))),
            "gate/ssh/box-1: cannot reach node 'box-1': its domain is shut off (crashed)");
  EXPECT_EQ(starts(), 2);
}

TEST_F(BootFlow, TheOthersAreNotTouched) {
  hang(1);
  const auto summary = run_up(lab(plain_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(starts(), 2);
  EXPECT_EQ(count("start domain t-box-2"), 1);
}

TEST_F(BootFlow, OneThatHangsTwiceFailsAndSaysWhatItsConsoleSaidLast) {
  hang(2);
  const auto failed = run_up(lab(box_yaml));
  EXPECT_EQ(failure(failed),
            "gate/ssh/box-1: cannot pass 'ssh on box-1': not within 15 min 00 s: No route to host; "
            "its console ends with '" +
                std::string(first_line) + "'");
  EXPECT_EQ(starts(), 2) << "once a gate";
  // It runs, and was never prepared: the next `up` need not wait for its limit to find it hung.
  world_->cut_power_at(0, false);
  const auto again = run_up(lab_);
  EXPECT_TRUE(again.ok()) << failure(again);
  EXPECT_EQ(reporter_.remarks.size(), 1U);
  EXPECT_EQ(stops(), 1);
}

TEST_F(BootFlow, ASlowOneWhoseConsoleGoesOnIsLeftAlone) {
  world_->ssh_after = std::chrono::minutes{14};
  world_->cloud_init_after = std::chrono::minutes{15};
  world_->boots.at("box-1").login_after = std::chrono::minutes{13};
  const auto summary = run_up(lab(box_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(reporter_.remarks, std::vector<std::string>{});
  EXPECT_EQ(stops(), 0);
}

TEST_F(BootFlow, OneThatAsksForALoginHasBootedAndIsLeftAlone) {
  never_answer();
  const auto summary = run_up(lab(box_yaml));
  EXPECT_NE(failure(summary).find("not within 15 min 00 s: Connection refused; its console ends "
                                  "with 'box-1 login:"),
            std::string::npos)
      << failure(summary);
  EXPECT_NE(failure(summary).find("cloud-init: done'"), std::string::npos) << failure(summary);
  EXPECT_EQ(starts(), 1);
  EXPECT_EQ(stops(), 0);
}

TEST_F(BootFlow, AfterTheHangTheNodeHasAllOfTheGatesTimeAgain) {
  hang(1);
  world_->ssh_after = std::chrono::minutes{13};
  world_->cloud_init_after = std::chrono::minutes{14};
  const auto summary = run_up(lab(box_yaml));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(reporter_.remarks.size(), 1U);
}

TEST_F(BootFlow, OneThatWasReachedHasBootedWhateverItsConsoleSays) {
  world_->boots.at("box-1").first.clear();
  (void)lab(box_yaml);
  lab_.images.at("debian-12").kernel_arguments = {"console=ttyS0"};
  world_->answer = [](const std::string&, const std::string& script) -> std::optional<GuestResult> {
    if (script == ":") return GuestResult{1, "", ""};
    return std::nullopt;
  };
  EXPECT_EQ(failure(run_up(lab_)),
            "gate/ssh/box-1: cannot pass 'ssh on box-1': not within 15 min 00 s: a login on box-1 "
            "ends with code 1");
  EXPECT_EQ(stops(), 0);
}

TEST_F(BootFlow, AnEmptyConsoleIsAHangOnlyWhereTheImageHasOne) {
  hang(1);
  world_->boots.at("box-1").first.clear();
  const auto mute = run_up(lab(box_yaml));
  EXPECT_NE(failure(mute).find("No route to host; its console is silent"), std::string::npos)
      << failure(mute);
  EXPECT_EQ(stops(), 0);
  lab_.images.at("debian-12").kernel_arguments = {"console=ttyS0"};
  const auto again = run_up(lab_);
  EXPECT_TRUE(again.ok()) << failure(again);
  EXPECT_EQ(reporter_.remarks, std::vector<std::string>{remark("is silent")});
}

TEST_F(BootFlow, ARunningNodeThatWasPreparedIsNotRebooted) {
  ASSERT_TRUE(run_up(lab(box_yaml)).ok());
  world_->cut_power_at(0, false);
  console() = "nothing that looks like a prompt\n";
  world_->domains_by_name.at("t-box-1").hangs = true;
  const auto summary = run_up(lab_);
  EXPECT_NE(failure(summary).find("No route to host"), std::string::npos) << failure(summary);
  EXPECT_EQ(stops(), 0);
  EXPECT_EQ(reporter_.remarks, std::vector<std::string>{});
}

TEST_F(BootFlow, AStartedNodeThatHangsIsStartedAgainWhateverEarlierBootsSaid) {
  ASSERT_TRUE(run_up(lab(box_yaml)).ok());
  ASSERT_NE(console().find("login:"), std::string::npos);
  ASSERT_TRUE(power(Power::stop).ok());
  hang(1);
  const auto summary = power(Power::start);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(reporter_.remarks.size(), 1U);
  EXPECT_EQ(starts(), 2);
  hang(1);
  ASSERT_TRUE(power(Power::restart).ok());
  EXPECT_EQ(reporter_.remarks.size(), 1U);
  EXPECT_EQ(starts(), 2);
}

TEST_F(BootFlow, AColdResetHealsAHangToo) {
  ASSERT_TRUE(run_up(lab(box_yaml)).ok());
  hang(1);
  auto ports = world_->ports();
  reporter_ = {};
  const auto summary =
      reset(lab_, {.nodes = {"box-1"}, .cold = true}, settings_, ports, reporter_, {});
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(reporter_.remarks.size(), 1U);
}

TEST_F(BootFlow, OnlyABootIsWatched) {
  auto ports = world_->ports();
  const auto plan = [&] { return look_ahead(lab_, settings_, ports, {}).plan; };
  (void)lab(plain_yaml);
  EXPECT_TRUE(watched(plan()));
  for (auto& [name, image] : lab_.images) image.forkable = true;
  EXPECT_FALSE(watched(plan())) << "a fork goes on from memory";
  ASSERT_TRUE(run_up(lab(box_yaml)).ok());
  world_->domains_by_name.at("t-box-1").info.state = DomainState::paused;
  EXPECT_FALSE(watched(plan())) << "it goes on where it was";
  world_->domains_by_name.at("t-box-1").info.state = DomainState::shut_off;
  EXPECT_TRUE(watched(plan()).value_or(GuestBoot{}).begins);
}

TEST_F(BootFlow, ARunningNodeIsWatchedIfItMayNeverHaveBooted) {
  ASSERT_TRUE(run_up(lab(box_yaml)).ok());
  auto ports = world_->ports();
  auto observed = observe_disks(lab_, settings_, ports);  // nobody answers
  EXPECT_FALSE(watched(plan_restore(lab_, observed, settings_.paths, "installed")));
  EXPECT_FALSE(watched(plan_up(lab_, observed, settings_.paths))) << "it was prepared";
  auto& seen = observed.nodes.at("box-1");
  seen.snapshots.clear();
  const auto boot = watched(plan_up(lab_, observed, settings_.paths));
  ASSERT_TRUE(boot);
  EXPECT_FALSE(boot->begins);
  seen.template_image = "/state/images/some.qcow2";
  EXPECT_FALSE(watched(plan_up(lab_, observed, settings_.paths))) << "it was forked";
}

TEST_F(BootFlow, PowerCutOrKillAnywhereBesideAHangConverges) {
  hang(1);
  const auto& wanted = lab(box_yaml);
  const auto moments = world_->moments_of([&] { ASSERT_TRUE(run_up(wanted).ok()); });
  ASSERT_EQ(reporter_.remarks.size(), 1U);
  const auto end = world_->snapshot();
  const auto again = [this]() -> const Lab& { return lab(box_yaml); };
  expect_convergence_after_power_cuts(moments, end, again);
  expect_convergence(
      moments, end, [this](const test::FakeMoment& moment) { world_->kill_in(moment); }, again);
}

}  // namespace
}  // namespace vmlab
