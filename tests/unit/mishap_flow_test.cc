// What goes wrong in the middle of a run, in a world in memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "plan/intent.h"
#include "support/flow.h"

namespace vmlab {
namespace {

using test::cluster_yaml;
using test::plain_yaml;

class Mishap : public test::Flow {
 protected:
  using Answer = std::function<std::optional<GuestResult>()>;

  /// What master-1 does when it is told to install DC/OS, and when it is asked for evidence.
  void have_master(Answer install, Answer evidence) {
    lab(cluster_yaml);
    world_->answer = [this, install = std::move(install), evidence = std::move(evidence),
                      served = world_->answer](
                         const std::string& node,
                         const std::string& script) -> std::optional<GuestResult> {
      const auto has = [&script](const char* part) {
        return script.find(part) != std::string::npos;
      };
      if (node == "master-1" && has("done/dcos.install.master-1")) {
        ++installs_;
        return install();
      }
      if (node == "master-1" && has("list-units")) return evidence();
      return served(node, script);
    };
  }

  static std::optional<GuestResult> well() { return GuestResult{}; }
  static std::optional<GuestResult> badly() { return GuestResult{1, "", "it is broken"}; }

  void expect_all_running() const {
    for (const auto& [name, domain] : world_->domains_by_name) {
      EXPECT_EQ(to_text(domain.info.state), "running") << name;
    }
  }
  bool any_checkpoint() const {
    return std::ranges::any_of(world_->domains_by_name,
                               [](const auto& domain) { return !domain.second.snapshots.empty(); });
  }

  std::atomic<int> installs_ = 0;
  const std::string evidence_ = "/state/labs/t/evidence/dcos.install.master-1/";
};

/// `up` ended well, with that node paused.
TEST_F(Mishap, ANodeThatCannotBeResumedFailsTheCheckpointThatIsOptional) {
  bool saved = false;
  world_->hinder = [&saved](const std::string& effect) {
    saved = saved || effect == "save installed of t-box-1";
    if (saved && effect == "resume domain t-box-1") {
      throw Error("cannot resume domain 't-box-1': no lock on its disk");
    }
  };
  const auto summary = run_up(lab(plain_yaml));
  EXPECT_FALSE(summary.ok());
  EXPECT_EQ(failure(summary),
            "checkpoint/installed: cannot resume domain 't-box-1': no lock on its disk");
}

/// It was said by what the step is doing, which is gone at once.
TEST_F(Mishap, WhatHindersAnOptionalCheckpointIsRemarked) {
  world_->hinder = [](const std::string& effect) {
    if (effect == "save installed of t-box-2") throw Error("cannot save 't-box-2': no space");
  };
  EXPECT_TRUE(run_up(lab(plain_yaml)).ok());
  EXPECT_EQ(reporter_.remarks,
            (std::vector<std::string>{"without a checkpoint: cannot save 't-box-2': no space"}));
  expect_all_running();
}

/// Only an Error let the nodes go on.
TEST_F(Mishap, WhateverBreaksACheckpointTheNodesGoOn) {
  world_->hinder = [](const std::string& effect) {
    if (effect == "save installed of t-box-2") throw std::runtime_error("no more threads");
  };
  const auto summary = run_up(lab(plain_yaml));
  EXPECT_NE(failure(summary).find("no more threads"), std::string::npos) << failure(summary);
  expect_all_running();
}

/// It was begun once more for as long again, as after a broken connection.
TEST_F(Mishap, AScriptThatTookAllItsTimeIsNotBegunAgain) {
  have_master(
      []() -> std::optional<GuestResult> {
        throw TimedOut("cannot finish a command on 'master-1'", "no end within 1 h 30 min");
      },
      well);
  const auto summary = run_up(lab_);
  EXPECT_EQ(failure(summary),
            "dcos/install/master-1: cannot finish a command on 'master-1': no end within 1 h 30 "
            "min");
  EXPECT_EQ(installs_, 1);
}

TEST_F(Mishap, AScriptWhoseConnectionBrokeIsBegunAgain) {
  have_master(
      [this]() -> std::optional<GuestResult> {
        if (installs_ > 1) return well();
        throw Unreachable("cannot finish a command on 'master-1'", "the connection broke");
      },
      well);
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_EQ(installs_, 2);
}

/// The step counted as interrupted, and why it had failed was lost.
TEST_F(Mishap, AStopWhileEvidenceIsCollectedLeavesTheFailure) {
  std::stop_source stop;
  have_master(badly, [&stop]() -> std::optional<GuestResult> {
    stop.request_stop();
    throw Cancelled();
  });
  auto ports = world_->ports();
  const auto summary = up(lab_, settings_, ports, reporter_, stop.get_token());
  EXPECT_TRUE(summary.interrupted);
  EXPECT_NE(failure(summary).find("it is broken"), std::string::npos) << failure(summary);
  const std::string said = "dcos/install/master-1: collecting evidence from master-1";
  EXPECT_NE(std::ranges::find(reporter_.said, said), reporter_.said.end());
}

/// What the node had said at its first failure was shown as what it said at the second.
TEST_F(Mishap, EvidenceIsOfTheLastFailureAlone) {
  have_master(badly, well);
  EXPECT_FALSE(run_up(lab_).ok());
  ASSERT_TRUE(world_->files.contains(evidence_ + "master-1.guest"));
  have_master(badly, []() -> std::optional<GuestResult> {
    throw Unreachable("cannot reach 'master-1'", "no route to host");
  });
  EXPECT_FALSE(run_up(lab_).ok());
  EXPECT_FALSE(world_->files.contains(evidence_ + "master-1.guest"));
}

TEST_F(Mishap, WithoutCheckpointsAReplacedClusterSavesNone) {
  settings_.checkpoints = false;
  ASSERT_TRUE(run_up(lab(cluster_yaml)).ok());
  std::string other = cluster_yaml;
  other.replace(other.find("cluster_name: T"), 15, "cluster_name: U");
  settings_.replace = true;
  const auto summary = run_up(lab(other));
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_FALSE(any_checkpoint());
}

TEST_F(Mishap, WithoutCheckpointsTheEndOfAResetSavesNone) {
  settings_.checkpoints = false;
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  world_->files["/state/labs/t/intent"] = to_text(Intent{{}, {"box-1"}, Boot::automatic});
  const auto summary = run_up(lab_);
  EXPECT_TRUE(summary.ok()) << failure(summary);
  EXPECT_LT(place("overlay/box-1"), place("intent-done"));
  EXPECT_FALSE(any_checkpoint());
}

/// `down` removed it while it was held, and its end the file of whoever had locked meanwhile.
TEST_F(Mishap, TheLockIsLeftToItsOwner) {
  ASSERT_TRUE(run_up(lab(plain_yaml)).ok());
  const auto lock = settings_.paths.lock("t");
  world_->files[lock.string()] = "12\nvmlab down t\n";  // as one that is held is
  ASSERT_TRUE(run_down().ok());
  EXPECT_TRUE(world_->files.contains(lock.string()));
}

}  // namespace
}  // namespace vmlab
