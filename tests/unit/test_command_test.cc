// `vmlab test`: a command of the user's on the same lab, again and again.
#include <pugixml.hpp>

#include "support/commands_fixture.h"

namespace vmlab {
namespace {

class TestCommand : public test::CommandsFixture {
 protected:
  void SetUp() override {
    bring_up();
    ASSERT_EQ(run({"checkpoint", "save", "mine"}), ExitCode::done) << err_;
  }
  std::map<std::string, std::string>& marks() {
    return world_.guests.at("/state/labs/small/box-1.qcow2").marks;
  }
  pugi::xml_node report() {
    EXPECT_TRUE(document_.load_string(world_.files.at("/report.xml").c_str()));
    return document_.child("testsuite");
  }
  pugi::xml_document document_;
};

TEST_F(TestCommand, EachRunBeginsWithTheCheckpointAndTheLabIsLeftSo) {
  int runs = 0;
  world_.program = [&](const auto& words, const auto& environment, const auto& on_output) {
    EXPECT_EQ(words, (std::vector<std::string>{"./check", "it"}));
    EXPECT_EQ(environment.at("VMLAB_LAB"), "small");
    EXPECT_TRUE(world_.files.contains(environment.at("VMLAB_SSH_CONFIG")));
    EXPECT_TRUE(world_.files.contains(environment.at("VMLAB_INVENTORY")));
    EXPECT_FALSE(marks().contains("dirt"));
    marks()["dirt"] = "1";
    on_output("run " + std::to_string(++runs) + "\n");
    return 0;
  };
  EXPECT_EQ(run({"test", "small", "--from", "mine", "--repeat", "2", "--junit", "/report.xml", "--",
                 "./check", "it"}),
            ExitCode::done)
      << err_;
  EXPECT_EQ(out_, "run 1\nrun 2\n");
  EXPECT_NE(err_.find("2 of 2 passed"), std::string::npos) << err_;
  EXPECT_FALSE(marks().contains("dirt"));
  EXPECT_EQ(report().attribute("tests").as_int(), 2);
  EXPECT_STREQ(report().last_child().child_value("system-out"), "run 2\n");
}

TEST_F(TestCommand, AFailureIsItsExitCodeLeavesEvidenceAndLetsTheNextRun) {
  int runs = 0;
  world_.program = [&](const auto&, const auto&, const auto&) { return ++runs == 1 ? 3 : 0; };
  EXPECT_EQ(run({"test", "small", "--from", "mine", "--repeat", "2", "--", "./check"}),
            static_cast<ExitCode>(3));
  EXPECT_EQ(runs, 2);
  EXPECT_NE(err_.find("1 of 2 passed"), std::string::npos) << err_;
  EXPECT_NE(err_.find("evidence: "), std::string::npos) << err_;
}

TEST_F(TestCommand, TheReportHasTheEndOfALongOutput) {
  world_.program = [&](const auto&, const auto&, const auto& on_output) {
    for (int i = 0; i < 1000; ++i) on_output(std::string(1000, 'x') + "\n");
    on_output("last words\n");
    return 1;
  };
  run({"test", "small", "--from", "mine", "--junit", "/report.xml", "--", "./check"});
  const std::string kept = report().first_child().child_value("system-out");
  EXPECT_TRUE(kept.ends_with("x\nlast words\n"));
  EXPECT_LT(kept.size(), 200'000U);
  EXPECT_GT(out_.size(), 1'000'000U) << "and the stream has all of it";
}

TEST_F(TestCommand, WithoutItsCheckpointNothingIsRun) {
  bool ran = false;
  world_.program = [&](const auto&, const auto&, const auto&) { return ran = true, 0; };
  EXPECT_EQ(run({"test", "small", "--from", "none", "--", "./check"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("'none'"), std::string::npos) << err_;
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace vmlab
