// The clock of a node that stood still: by its agent, or by ssh where none answers.
#include <gtest/gtest.h>

#include "run/clock.h"
#include "support/flow.h"

namespace vmlab {
namespace {

class GuestClock : public test::Flow {
 protected:
  /// Scripts that `correct_clock` runs in the node, and what it says meanwhile.
  std::string corrected(const std::string& node) {
    std::string scripts;
    world_->answer = [&](const std::string& asked, const std::string& script) {
      scripts += asked + ":" + script;
      return GuestResult{};
    };
    said_.clear();
    auto ports = world_->ports();
    correct_clock(lab_, lab_.node(node), settings_.paths, ports,
                  [this](std::string_view text, std::uint64_t, std::uint64_t) { said_ += text; },
                  {});
    return scripts;
  }

  std::string said_;
};

TEST_F(GuestClock, IsSetByTheAgentAndNobodyLogsIn) {
  ASSERT_TRUE(run_up(lab(test::plain_yaml)).ok());
  EXPECT_EQ(corrected("box-1"), "");
  EXPECT_EQ(world_->effects().back(), "set clock of t-box-1");
}

TEST_F(GuestClock, IsSetBySshWhereNoAgentAnswers) {
  ASSERT_TRUE(run_up(lab(test::plain_yaml)).ok());
  world_->guest_agent = false;
  const auto scripts = corrected("box-1");
  EXPECT_NE(scripts.find("date -u -s \"@$host_time\""), std::string::npos) << scripts;
  EXPECT_EQ(scripts.find("chronyc"), std::string::npos) << scripts;
  EXPECT_NE(said_.find("guest agent is not connected"), std::string::npos) << said_;
}

}  // namespace
}  // namespace vmlab
