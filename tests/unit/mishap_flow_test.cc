// What goes wrong in the middle of a run, in a world in memory.
#include <gtest/gtest.h>

#include <stdexcept>

#include "support/flow.h"

namespace vmlab {
namespace {

using test::plain_yaml;

class Mishap : public test::Flow {
 protected:
  void expect_all_running() const {
    for (const auto& [name, domain] : world_->domains_by_name) {
      EXPECT_EQ(to_text(domain.info.state), "running") << name;
    }
  }
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

}  // namespace
}  // namespace vmlab
