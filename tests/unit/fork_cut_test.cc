// What is done with a lab that was cut off in the middle of its forks, besides `up`.
#include <gtest/gtest.h>

#include "run/power.h"
#include "support/flow.h"

namespace vmlab {
namespace {

using test::plain_yaml;

class ForkCut : public test::Flow {
 protected:
  const Lab& able() {
    (void)lab(plain_yaml);
    for (auto& [name, image] : lab_.images) image.forkable = true;
    return lab_;
  }

  const DiskInfo& disk_of(const std::string& node) const {
    return world_->disk_files.at("/state/labs/t/" + node + ".qcow2");
  }

  /// The refusal; empty when it was done.
  std::string change(Power what, const std::vector<std::string>& nodes) {
    auto ports = world_->ports();
    try {
      const auto summary =
          change_power(lab_, what, {.nodes = nodes}, settings_, ports, reporter_, {});
      EXPECT_TRUE(summary.ok()) << failure(summary);
      return {};
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::failed);
      return error.message() + "; " + error.hint();
    }
  }
};

TEST_F(ForkCut, AHalfMadeNodeIsNeitherStartedNorStopped) {
  settings_.boot_places = 1;  // one is whole before the other is begun
  const auto moments = world_->moments_of([&] { ASSERT_TRUE(run_up(able()).ok()); });
  const bool in_order = place("fork/box-1") < place("fork/box-2");
  const std::string whole = in_order ? "box-1" : "box-2";
  const std::string half = in_order ? "box-2" : "box-1";
  const std::string refusal = "cannot start or stop '" + half +
                              "': it was cut off while it was forked, and its disk is half made; "
                              "`vmlab up t` makes it anew";
  const auto refuse_everything = [&](const std::string& when) {
    world_->cut_power_at(0, false);  // forgets the effects so far
    for (const auto what : {Power::start, Power::stop, Power::restart}) {
      EXPECT_EQ(change(what, {half}), refusal) << when;
      EXPECT_EQ(change(what, {}), refusal) << when;
    }
    EXPECT_EQ(world_->effects(), std::vector<std::string>{}) << when;
  };
  int cuts = 0;
  for (const auto& moment : moments) {
    if (!moment.things.files.contains("/state/labs/t/" + half + ".memory")) continue;
    ++cuts;
    world_->kill_in(moment);
    refuse_everything(moment.when);
    world_->cut_power_in(moment);
    refuse_everything(moment.when);
    world_->start_network("t");
    EXPECT_EQ(change(Power::start, {whole}), "") << moment.when;
    const auto up = run_up(able());
    ASSERT_TRUE(up.ok()) << moment.when << ": " << failure(up);
    EXPECT_EQ(change(Power::restart, {}), "") << moment.when;
  }
  EXPECT_GT(cuts, 5);
}

/// `reset --boot …`, in a lab that forks by default.
TEST_F(ForkCut, AResetThatWasCutOffIsEndedAsItWasBegun) {
  const auto forks = [this](const std::string& node) {
    return std::ranges::count(reporter_.order, "fork/" + node) > 0;
  };
  const auto lies_on = [this] { return disk_of("box-1").backing_file; };
  for (const auto boot : {Boot::cold, Boot::fork}) {
    world_ = std::make_unique<test::FakeWorld>();
    ASSERT_TRUE(run_up(able()).ok());
    const auto before = world_->snapshot();
    const auto moments = world_->moments_of([&] {
      able();
      lab_.boot = boot;
      auto ports = world_->ports();
      ASSERT_TRUE(
          reset(lab_, {.nodes = {"box-1"}, .cold = true}, settings_, ports, reporter_, {}).ok());
    });
    ASSERT_TRUE(run_up(able()).ok());
    const auto end = world_->snapshot();
    const auto backing = lies_on();
    EXPECT_EQ(backing.find("/templates/") != std::string::npos, boot == Boot::fork);
    bool begun = false;
    int ended = 0;
    for (const auto& moment : moments) {
      const bool noted = moment.things.files.contains("/state/labs/t/intent");
      begun = begun || noted;
      for (const bool killed : {false, true}) {
        if (killed) {
          world_->kill_in(moment);
        } else {
          world_->cut_power_in(moment);
        }
        const auto summary = run_up(able());
        ASSERT_TRUE(summary.ok()) << moment.when << ": " << failure(summary);
        ASSERT_EQ(world_->snapshot(), begun ? end : before) << moment.when;
        if (boot == Boot::cold) {
          EXPECT_FALSE(forks("box-1")) << moment.when;
        } else {
          EXPECT_EQ(forks("box-1"), noted) << moment.when;
        }
        ended += noted ? 1 : 0;
      }
    }
    EXPECT_TRUE(begun);
    EXPECT_GT(ended, 10);
  }
}

}  // namespace
}  // namespace vmlab
