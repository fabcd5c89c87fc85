// Going back: checkpoints, resets, replaced configurations, and power cuts at every effect of them.
#include <gtest/gtest.h>

#include <algorithm>

#include "plan/checkpoint.h"
#include "plan/intent.h"
#include "run/outlook.h"
#include "support/flow.h"

namespace vmlab {
namespace {

using test::cluster_yaml;
using test::FakeWorld;
using test::plain_yaml;

class Recovery : public test::Flow {
 protected:
  RunSummary run_reset(ResetOptions options) {
    auto ports = world_->ports();
    reporter_ = {};
    return reset(lab_, options, settings_, ports, reporter_, {});
  }
  RunSummary run_save(const std::string& name, bool replace = false) {
    auto ports = world_->ports();
    return save_lab(lab_, name, replace, settings_, ports, reporter_, {});
  }
  RunSummary run_restore(const std::string& name) {
    auto ports = world_->ports();
    return restore_lab(lab_, name, settings_, ports, reporter_, {});
  }
  RunSummary run_delete(const std::string& name) {
    auto ports = world_->ports();
    return delete_checkpoint(lab_, name, settings_, ports, reporter_, {});
  }
  std::vector<Checkpoint> known() {
    auto ports = world_->ports();
    return checkpoints(lab_, settings_, ports);
  }
  std::map<std::string, std::string>& marks(const std::string& node) {
    return world_->guests.at("/state/labs/t/" + node + ".qcow2").marks;
  }
  bool planned(const std::string& id) {
    return std::ranges::find(reporter_.order, id) != reporter_.order.end();
  }

  /// Cuts the power before and after every effect of `work` on the lab of `yaml`. `up` alone must
  /// leave a lab that works; `work` again, and `up`, must end where they end undisturbed.
  void cut_everywhere(const std::string& yaml, const std::function<void()>& work,
                      std::size_t least_effects) {
    ASSERT_TRUE(run_up(lab(yaml)).ok());
    const auto moments = world_->moments_of(work);
    ASSERT_GT(moments.size(), least_effects);
    ASSERT_TRUE(run_up(lab_).ok());
    const auto end = world_->snapshot();
    for (const auto& moment : moments) {
      world_->cut_power_in(moment);
      const auto first = run_up(lab(yaml));
      ASSERT_TRUE(first.ok()) << moment.when << ": " << failure(first);
      EXPECT_FALSE(world_->files.contains("/state/labs/t/intent")) << moment.when;
      work();
      const auto last = run_up(lab_);
      ASSERT_TRUE(last.ok()) << moment.when << ": " << failure(last);
      ASSERT_EQ(world_->snapshot(), end) << moment.when;
    }
  }
};

TEST_F(Recovery, EveryNodeIsSavedWhenItIsPreparedAndTheLabWhenItIsInstalled) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  for (const auto& [name, domain] : world_->domains_by_name) {
    ASSERT_TRUE(domain.snapshots.contains("prepared")) << name;
    EXPECT_TRUE(domain.snapshots.at("prepared").guest.marks.empty()) << name;
    EXPECT_EQ(domain.info.state, DomainState::running);
  }
  const auto all = known();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].name, "installed");
  EXPECT_TRUE(all[0].whole());
  EXPECT_EQ(all[0].note.phase, "installed");
  EXPECT_EQ(all[0].note.nodes.size(), 6U);
  EXPECT_EQ(all[0].bytes, 7 * (std::uint64_t{500} << 20U)) << "six root disks and a data disk";
}

TEST_F(Recovery, WithoutCheckpointsNoneIsSaved) {
  settings_.checkpoints = false;
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  EXPECT_TRUE(known().empty());
  for (const auto& [name, domain] : world_->domains_by_name) EXPECT_TRUE(domain.snapshots.empty());
  EXPECT_TRUE(run_up(lab_).steps.empty());
}

TEST_F(Recovery, NoSpaceForACheckpointFailsNothingButTheWishForOne) {
  world_->free_space = 1000;
  settings_.checkpoints = true;
  const auto& wanted = lab(plain_yaml);
  world_->disk_files[settings_.paths.prepared_image(wanted.images.at("debian-12")).string()] = {
      1, 1, "qcow2", ""};
  world_->free_space = std::uint64_t{600} << 20U;
  world_->resident = 1 << 20U;  // KiB: 1 GiB a node
  ASSERT_TRUE(run_up(wanted).ok());
  EXPECT_TRUE(known().empty());
  world_->cut_power_at(0, false);
  const auto summary = run_save("mine");
  EXPECT_NE(failure(summary).find("not enough space"), std::string::npos) << failure(summary);
  EXPECT_EQ(world_->effects(), std::vector<std::string>{}) << "nothing is paused";
}

TEST_F(Recovery, ARestoredLabIsAsItWas) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  const auto before = world_->snapshot();
  ASSERT_TRUE(run_save("mine").ok());
  marks("agent-1")["something"] = "else";
  marks("master-1").clear();
  ASSERT_TRUE(run_restore("mine").ok());
  ASSERT_TRUE(run_delete("mine").ok());
  EXPECT_EQ(world_->snapshot(), before);
  for (const auto& [name, domain] : world_->domains_by_name) {
    EXPECT_EQ(domain.info.state, DomainState::running) << name;
  }
  EXPECT_TRUE(run_up(lab_).steps.empty()) << "nothing is missing after it";
}

TEST_F(Recovery, AllArePausedBeforeOneIsSavedAndSavedBeforeOneGoesOn) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  world_->cut_power_at(0, false);
  ASSERT_TRUE(run_save("mine").ok());
  auto effects = world_->effects();
  std::erase(effects, "write durations");
  ASSERT_EQ(effects.size(), 6U);
  for (std::size_t i = 0; i < 6; i += 2) std::sort(effects.begin() + i, effects.begin() + i + 2);
  EXPECT_EQ(effects, (std::vector<std::string>{"pause domain t-box-1", "pause domain t-box-2",
                                               "save mine of t-box-1", "save mine of t-box-2",
                                               "resume domain t-box-1", "resume domain t-box-2"}));
}

TEST_F(Recovery, ANameIsTakenOnceAndReplacedOnlyWhenAsked) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  ASSERT_TRUE(run_save("mine").ok());
  EXPECT_THROW(run_save("mine"), Error);
  EXPECT_TRUE(run_save("mine", true).ok());
  EXPECT_THROW(run_save("prepared"), Error);
  EXPECT_THROW(run_save("../x"), Error);
}

TEST_F(Recovery, AnUnknownCheckpointIsBadInputAndChangesNothing) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  world_->cut_power_at(0, false);
  try {
    run_restore("instaled");
    FAIL() << "there is none";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_EQ(error.message(), "cannot find checkpoint 'instaled' of lab 't'");
    EXPECT_EQ(error.hint(), "did you mean 'installed'?");
  }
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
}

TEST_F(Recovery, ACheckpointOfDisksThatAreNotThoseIsRefused) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  world_->disk_files.at("/state/labs/t/box-1.qcow2").snapshots.clear();
  world_->cut_power_at(0, false);
  try {
    run_restore("installed");
    FAIL() << "its disk is another one";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(),
              "cannot restore checkpoint 'installed': disk box-1.qcow2 was made anew since");
  }
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
}

TEST_F(Recovery, ANodeAddedSinceIsToldAndLeftAlone) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  ASSERT_TRUE(run_save("mine").ok());
  std::string more = plain_yaml;
  more.replace(more.find("count: 2"), 8, "count: 3");
  ASSERT_TRUE(run_up(lab(more)).ok());
  ASSERT_TRUE(run_restore("mine").ok());
  ASSERT_EQ(reporter_.last.notes.size(), 1U);
  EXPECT_EQ(reporter_.last.notes[0], "box-3 is no part of checkpoint 'mine': it stays as it is");
  for (const auto& checkpoint : known()) {
    EXPECT_EQ(checkpoint.note.nodes.size(), checkpoint.name == "installed" ? 3U : 2U)
        << "`up` saves the lab again when it has grown";
  }
}

TEST_F(Recovery, PartOfTheMastersIsNeverRestored) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  ASSERT_TRUE(run_save("mine").ok());
  std::string more = cluster_yaml;
  more.replace(more.find("count: 3"), 8, "count: 5");
  lab(more);
  try {
    run_restore("mine");
    FAIL() << "two masters are newer than the checkpoint";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("without: master-4, master-5"), std::string::npos)
        << error.message();
  }
}

TEST_F(Recovery, AResetAgentIsMarkedGoneGoesBackAndIsInstalledAgain) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  const auto before = world_->snapshot();
  world_->cut_power_at(0, false);
  ASSERT_TRUE(run_reset({.nodes = {"agent-1"}}).ok());
  EXPECT_LT(place("agent-gone/agent-1"), place("revert/agent-1"));
  EXPECT_FALSE(planned("start/agent-1"));
  EXPECT_EQ(std::ranges::count(world_->effects(), "post to http://192.168.77.21:5050/api/v1"), 0);
  auto ports = world_->ports();
  EXPECT_EQ(status(lab_, Ask::guests, settings_, ports, {}).phase, Phase::prepared);
  EXPECT_EQ(status(lab_, Ask::host, settings_, ports, {}).phase, Phase::prepared);
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(std::ranges::count(reporter_.order, "dcos/install/master-1"), 0);
  EXPECT_EQ(world_->snapshot(), before);
}

TEST_F(Recovery, AColdResetMakesTheDisksAnewAndKeepsTheIdentity) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  const auto known_hosts = world_->files.at("/state/labs/t/known_hosts");
  const auto uuid = world_->domains_by_name.at("t-agent-1").info.uuid;
  ASSERT_TRUE(run_reset({.nodes = {"agent-1"}, .cold = true, .then_up = true}).ok());
  EXPECT_TRUE(planned("overlay/agent-1"));
  EXPECT_TRUE(planned("dcos/install/agent-1"));
  EXPECT_EQ(world_->files.at("/state/labs/t/known_hosts"), known_hosts);
  EXPECT_EQ(world_->domains_by_name.at("t-agent-1").info.uuid, uuid);
  ASSERT_EQ(known().size(), 1U);
  EXPECT_TRUE(known()[0].whole()) << "`installed` is saved again";
}

TEST_F(Recovery, ANodeWithoutItsCheckpointIsResetTheColdWay) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  world_->domains_by_name.at("t-box-1").snapshots.erase("prepared");
  ASSERT_TRUE(run_reset({.nodes = {"box-1"}}).ok());
  EXPECT_TRUE(planned("overlay/box-1"));
  ASSERT_FALSE(reporter_.last.notes.empty());
  EXPECT_EQ(reporter_.last.notes[0],
            "box-1 cannot go back to its checkpoint and is booted anew: box-1 has no part of it");
}

TEST_F(Recovery, TwoOfThreeMastersAtOnceAreRefusedAndOneByOneDone) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  const auto before = world_->snapshot();
  world_->cut_power_at(0, false);
  try {
    run_reset({.nodes = {"master-1", "master-2"}});
    FAIL() << "one master is no quorum";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "cannot reset 2 of 3 masters at once: 2 must serve for a quorum");
    EXPECT_NE(error.hint().find("--force"), std::string::npos);
  }
  EXPECT_EQ(world_->effects(), std::vector<std::string>{});
  ASSERT_TRUE(run_reset({.nodes = {"master-1", "master-2"}, .then_up = true}).ok());
  EXPECT_LT(place("gate/quorum-without/master-1"), place("revert/master-1"));
  EXPECT_LT(place("dcos/install/master-1"), place("revert/master-2"));
  EXPECT_LT(place("gate/zookeeper-quorum"), place("revert/master-2"));
  EXPECT_EQ(world_->snapshot(), before);
}

TEST_F(Recovery, AMasterStaysWhenTheOthersHaveNoQuorum) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->stop_domain("t-master-3");
  const auto summary = run_reset({.nodes = {"master-1"}});
  EXPECT_FALSE(summary.ok());
  EXPECT_FALSE(planned("revert/master-1"));
  EXPECT_FALSE(world_->files.contains("/state/labs/t/intent"));
  EXPECT_TRUE(run_reset({.nodes = {"master-1"}, .force = true}).ok());
}

TEST_F(Recovery, AllIsResetAtOnceWithoutAskingTheClusterThatGoes) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  const auto before = world_->snapshot();
  ASSERT_TRUE(run_reset({.then_up = true}).ok());
  EXPECT_FALSE(planned("agent-gone/agent-1"));
  EXPECT_EQ(world_->snapshot(), before);
}

TEST_F(Recovery, AllMastersWithoutTheirAgentsWantForce) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  EXPECT_THROW(run_reset({.nodes = {"master-1", "master-2", "master-3"}}), Error);
  EXPECT_TRUE(run_reset({.nodes = {"master-1", "master-2", "master-3"}, .force = true}).ok());
}

TEST_F(Recovery, AnUnknownNodeIsBadInput) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  try {
    run_reset({.nodes = {"bix-1"}});
    FAIL() << "there is none";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
  }
}

TEST_F(Recovery, AnotherConfigurationReplacesTheClusterWhenAskedTo) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  std::string other = cluster_yaml;
  other.replace(other.find("cluster_name: T"), 15, "cluster_name: U");
  lab(other);
  auto ports = world_->ports();
  const auto plan = look_ahead(lab_, settings_, ports, {}).plan;
  EXPECT_EQ(wipe_reason(plan),
            "master-1, master-2, master-3, agent-1, public-1 must be wiped: they were installed "
            "with another configuration, ip-detect or release");
  settings_.replace = true;
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_TRUE(planned("revert/master-1"));
  EXPECT_FALSE(planned("revert/bootstrap"));
  EXPECT_LT(place("revert/master-1"), place("dcos/genconf"));
  EXPECT_LT(place("dcos/genconf"), place("dcos/install/master-1"));
  settings_.replace = false;
  EXPECT_TRUE(run_up(lab_).steps.empty());
}

TEST_F(Recovery, ACommentChangesNothing) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  EXPECT_TRUE(run_up(lab("# a comment\n" + std::string(cluster_yaml))).steps.empty());
}

TEST_F(Recovery, DownRemovesALabWithCheckpoints) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  ASSERT_TRUE(run_save("mine").ok());
  ASSERT_TRUE(run_down().ok());
  forget_inputs();
  EXPECT_TRUE(world_->empty()) << world_->snapshot();
}

TEST_F(Recovery, PowerCutAnywhereInASaveConverges) {
  cut_everywhere(
      plain_yaml,
      [&] {
        const bool there = std::ranges::any_of(
            known(), [](const auto& c) { return c.name == "mine" && c.whole(); });
        run_save("mine", there);
      },
      6);
}

TEST_F(Recovery, PowerCutAnywhereInARestoreConverges) {
  cut_everywhere(
      plain_yaml, [&] { run_restore("installed"); }, 6);
}

TEST_F(Recovery, PowerCutAnywhereInAResetConverges) {
  cut_everywhere(
      plain_yaml, [&] { run_reset({.nodes = {"box-1"}}); }, 4);
}

TEST_F(Recovery, PowerCutAnywhereInAColdResetConverges) {
  cut_everywhere(
      plain_yaml, [&] { run_reset({.nodes = {"box-1"}, .cold = true}); }, 8);
}

TEST_F(Recovery, PowerCutAnywhereInAnAgentsResetConverges) {
  cut_everywhere(
      cluster_yaml, [&] { run_reset({.nodes = {"agent-1"}, .then_up = true}); }, 8);
}

TEST_F(Recovery, AnAgentOfALabWithoutItsHistoryIsMarkedGoneAllTheSame) {
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  world_->files.erase("/state/labs/t/history");
  ASSERT_TRUE(run_reset({.nodes = {"agent-1"}}).ok());
  EXPECT_TRUE(planned("agent-gone/agent-1"));
}

TEST_F(Recovery, AForeignHostKeyIsASecurityWarningAndAChangedNetworkIsNamed) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  world_->networks_by_name.at("t").cidrs = {*parse_cidr("10.9.8.0/24")};
  auto ports = world_->ports();
  world_->foreign_keys = {"box-1"};
  const auto observed = observe(lab_, settings_, ports, {});
  auto known = lab_;
  known.accelerator = Accelerator::tcg;
  const auto plan = plan_up(known, observed, settings_.paths);
  ASSERT_EQ(plan.notes.size(), 2U);
  EXPECT_EQ(plan.notes[0],
            "network t was changed by hand: its range is 10.9.8.0/24, not "
            "192.168.77.0/24");
  EXPECT_TRUE(plan.notes[1].starts_with("SECURITY: box-1 does not show the host key"))
      << plan.notes[1];
  const auto told = status(lab_, Ask::guests, settings_, ports, {});
  ASSERT_EQ(told.notes.size(), 2U);
  EXPECT_EQ(told.notes[1], plan.notes[1]);
  // Never accepted silently: `up` does not go on with it.
  EXPECT_FALSE(run_up(lab_).ok());
}

TEST_F(Recovery, ADomainEditedByHandIsNamedAndPutRight) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  auto& shape = world_->domains_by_name.at("t-box-1").info.shape;
  shape.memory_mib = 4096;
  shape.files.pop_back();
  auto ports = world_->ports();
  const auto told = status(lab_, Ask::host, settings_, ports, {});
  ASSERT_EQ(told.notes.size(), 1U);
  EXPECT_TRUE(told.notes[0].starts_with(
      "domain t-box-1 is not as the topology has it: 4 GiB of memory, not 8 GiB, without disk '"))
      << told.notes[0];
  reporter_ = {};
  ASSERT_TRUE(run_up(lab_).ok());
  EXPECT_TRUE(planned("domain/box-1"));
  EXPECT_FALSE(planned("overlay/box-1"));
  EXPECT_EQ(status(lab_, Ask::host, settings_, ports, {}).notes, std::vector<std::string>{});
}

TEST(Checkpoint, ANoteSurvivesItsText) {
  const SnapshotNote note{"lab", "node", "set", {"a", "b"}, {"a.qcow2"}, "c", "d", "installed", 7};
  EXPECT_EQ(parse_snapshot_note(to_text(note)), note);
  EXPECT_EQ(parse_snapshot_note("made by virsh"), std::nullopt);
  EXPECT_EQ(parse_snapshot_note("[1]"), std::nullopt);
  EXPECT_EQ(parse_snapshot_note(R"({"lab":"x"})"), std::nullopt);
}

TEST(Intent, SurvivesItsText) {
  const Intent restore{"mine", {}, {}};
  EXPECT_EQ(parse_intent(to_text(restore)), restore);
  for (const auto anew : {std::optional<Boot>(), std::optional(Boot::automatic),
                          std::optional(Boot::fork), std::optional(Boot::cold)}) {
    const Intent reset{{}, {"a", "b"}, anew};
    EXPECT_EQ(parse_intent(to_text(reset)), reset) << to_text(reset);
  }
  // As earlier versions wrote them.
  EXPECT_EQ(parse_intent("reset a b\n"), (Intent{{}, {"a", "b"}, {}}));
  EXPECT_EQ(parse_intent("reset-cold a\n"), (Intent{{}, {"a"}, Boot::cold}));
  EXPECT_EQ(parse_intent(""), std::nullopt);
  EXPECT_EQ(parse_intent("restore"), std::nullopt);
  EXPECT_EQ(parse_intent("something else"), std::nullopt);
}

}  // namespace
}  // namespace vmlab
