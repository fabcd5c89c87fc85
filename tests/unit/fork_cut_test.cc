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

}  // namespace
}  // namespace vmlab
