#include "run/recorder.h"

#include "base/text.h"
#include "support/flow.h"

namespace vmlab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RecorderTest : public testing::Test {
 protected:
  RecorderTest() {
    paths_.root = "/state";
    PlannedStep step;
    step.id = "gate/ssh/a";
    step.node = "a";
    step.title = "wait for ssh on a";
    plan_.steps.push_back(step);
  }
  RunRecord record() { return parse_record(world_.files["/state/labs/t/last-run"]); }
  void later(milliseconds time) { world_.wait(time, {}); }

  test::FakeWorld world_;
  test::Quiet reporter_;
  Paths paths_;
  Plan plan_;
};

TEST_F(RecorderTest, WritesWhatHappensWhenItHappens) {
  Recorder recorder(reporter_, world_, paths_, "t", "up");
  recorder.planned({});
  EXPECT_TRUE(world_.files.empty()) << "the record of the run before stays";
  recorder.planned(plan_);
  later(seconds(1));
  recorder.started(plan_.steps[0]);
  EXPECT_EQ(record().steps[0].result, RecordedStep::Result::running);
  later(seconds(1));
  for (const char* text : {"refused", "refused", "no route"}) {
    recorder.progress(plan_.steps[0], text, 0, 0);
  }
  const std::vector<RecordedStep::Said> said = {{seconds(2), "refused"}, {seconds(2), "no route"}};
  EXPECT_EQ(record().steps[0].said, said);
  later(seconds(3));
  StepOutcome outcome;
  outcome.id = plan_.steps[0].id;
  outcome.took = seconds(4);
  recorder.finished(plan_.steps[0], outcome);
  EXPECT_FALSE(record().ended);
  recorder.run_ended({});
  EXPECT_EQ(record().command, "up");
  EXPECT_EQ(record().steps[0].started, seconds(1));
  EXPECT_EQ(record().steps[0].result, RecordedStep::Result::done);
  EXPECT_TRUE(record().ended);
  EXPECT_EQ(record().took, seconds(5));
  EXPECT_EQ(reporter_.ends, 1);
}

TEST_F(RecorderTest, ALongWaitLeavesSignsOfLifeAndNoMore) {
  Recorder recorder(reporter_, world_, paths_, "t", "up");
  recorder.planned(plan_);
  recorder.started(plan_.steps[0]);
  const auto before = lines(world_.files["/state/labs/t/last-run"]).size();
  for (int i = 0; i < 60; ++i) {
    later(seconds(1));
    recorder.tick({});
  }
  EXPECT_EQ(record().took, seconds(60));
  EXPECT_EQ(lines(world_.files["/state/labs/t/last-run"]).size(), before + 12);
  for (int i = 0; i < 1000; ++i) recorder.progress(plan_.steps[0], std::to_string(i), 0, 0);
  EXPECT_EQ(record().steps[0].said.size(), 60U);
}

TEST_F(RecorderTest, TellsWhatEndedARunThatThrew) {
  Recorder recorder(reporter_, world_, paths_, "t", "up");
  recorder.planned(plan_);
  recorder.failed(Error("cannot go on"));
  EXPECT_TRUE(record().ended);
  EXPECT_EQ(record().error, "cannot go on");
}

}  // namespace
}  // namespace vmlab
