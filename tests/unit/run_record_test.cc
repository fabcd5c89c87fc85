#include "plan/run_record.h"

#include <gtest/gtest.h>

#include "plan/critical_path.h"

namespace vmlab {
namespace {

using std::chrono::milliseconds;
using Result = RecordedStep::Result;

PlannedStep planned(const std::string& id, std::vector<std::string> after = {},
                    Pool pool = Pool::none) {
  PlannedStep step;
  step.id = id;
  step.node = "n1";
  step.title = "do " + id;
  step.why = "missing";
  step.after = std::move(after);
  step.pool = pool;
  return step;
}

std::string finished(const std::string& id, int from, int until, Result result = Result::done) {
  RecordedStep step;
  step.id = id;
  step.result = result;
  step.took = milliseconds(until - from);
  return record_started(id, milliseconds(from)) + record_finished(step, milliseconds(until));
}

class RunRecordTest : public testing::Test {
 protected:
  std::string begin(std::vector<PlannedStep> steps) {
    Plan plan;
    plan.steps = std::move(steps);
    plan.notes = {"slow"};
    return record_began("up",
                        std::chrono::system_clock::time_point(milliseconds(1'700'000'000'123))) +
           record_planned(plan);
  }
};

TEST_F(RunRecordTest, KeepsWhatAReportNeeds) {
  RecordedStep failed;
  failed.id = "b";
  failed.result = Result::failed;
  failed.took = milliseconds(500);
  failed.message = "cannot b: no \xff";
  failed.trail = {"working on node 'n1'"};
  failed.hint = "look";
  const auto text =
      begin({planned("a"), planned("b", {"a"}, Pool::boot)}) + finished("a", 10, 100) +
      record_started("b", milliseconds(110)) + record_said("b", {milliseconds(200), "not yet"}) +
      record_finished(failed, milliseconds(610)) + record_ended(milliseconds(650), false);
  const auto record = parse_record(text);
  EXPECT_EQ(record.command, "up");
  EXPECT_EQ(record.began.time_since_epoch(), milliseconds(1'700'000'000'123));
  EXPECT_TRUE(record.ended);
  EXPECT_EQ(record.took, milliseconds(650));
  EXPECT_EQ(record.notes, std::vector<std::string>{"slow"});
  ASSERT_EQ(record.steps.size(), 2U);
  EXPECT_EQ(record.steps[0].ended(), milliseconds(100));
  const RecordedStep expected{.id = "b",
                              .node = "n1",
                              .title = "do b",
                              .why = "missing",
                              .after = {"a"},
                              .pool = "boot",
                              .keeps_place_until = "",
                              .result = Result::failed,
                              .started = milliseconds(110),
                              .took = milliseconds(500),
                              .said = {{milliseconds(200), "not yet"}},
                              .message = "cannot b: no \xef\xbf\xbd",
                              .trail = {"working on node 'n1'"},
                              .hint = "look"};
  EXPECT_EQ(record.steps[1], expected);
}

TEST_F(RunRecordTest, AnyBeginningOfARecordCanBeRead) {
  const auto whole = begin({planned("a"), planned("b", {"a"})}) + finished("a", 0, 100) +
                     record_started("b", milliseconds(100)) +
                     record_said("b", {milliseconds(700), "not yet"});
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto record = parse_record(whole.substr(0, size));
    EXPECT_FALSE(record.ended);
  }
  const auto record = parse_record(whole + "{\"event\":\"finished\",\"id\":\"b\",\"at\"");
  ASSERT_EQ(record.steps.size(), 2U);
  EXPECT_EQ(record.steps[0].result, Result::done);
  EXPECT_EQ(record.steps[1].result, Result::running);
  EXPECT_EQ(record.steps[1].took, milliseconds(600)) << "until the last that is known of it";
  EXPECT_EQ(record.took, milliseconds(700));
}

TEST_F(RunRecordTest, ARunIsKnownToHaveLivedUntilItsLastHeartbeat) {
  const auto record = parse_record(begin({planned("a")}) + record_started("a", milliseconds(100)) +
                                   record_alive(milliseconds(45'000)));
  EXPECT_FALSE(record.ended);
  EXPECT_EQ(record.took, milliseconds(45'000));
  EXPECT_EQ(record.steps[0].took, milliseconds(44'900));
}

TEST_F(RunRecordTest, ForeignLinesArePassedOver) {
  const auto record =
      parse_record("nonsense\n[1]\n{\"event\":5}\n{\"event\":\"new\"}\n" + begin({planned("a")}) +
                   "{\"event\":\"said\",\"id\":\"a\"}\n" + finished("a", 0, 7));
  ASSERT_EQ(record.steps.size(), 1U);
  EXPECT_EQ(record.steps[0].result, Result::done);
}

TEST_F(RunRecordTest, AStepPlannedAgainIsOneStep) {
  const auto record =
      parse_record(begin({planned("a")}) + finished("a", 0, 7) +
                   begin({planned("a")}).substr(begin({}).find('\n') + 1) + finished("a", 10, 30));
  ASSERT_EQ(record.steps.size(), 1U);
  EXPECT_EQ(record.steps[0].started, milliseconds(10));
}

TEST_F(RunRecordTest, CriticalPathFollowsWhatEndedLast) {
  const auto record = parse_record(begin({planned("slow"), planned("quick"),
                                          planned("last", {"slow", "quick"}), planned("aside")}) +
                                   finished("slow", 0, 5000) + finished("quick", 0, 1000) +
                                   finished("aside", 0, 5500) + finished("last", 5001, 6000));
  EXPECT_EQ(critical_path(record), (std::vector<std::string>{"slow", "last"}));
}

TEST_F(RunRecordTest, CriticalPathGoesThroughAPlaceInAPool) {
  // `two` needs only `base`, but waited until `one` was out of the pool.
  const auto record = parse_record(begin({planned("base"), planned("one", {"base"}, Pool::boot),
                                          planned("two", {"base"}, Pool::boot)}) +
                                   finished("base", 0, 1000) + finished("one", 1000, 4000) +
                                   finished("two", 4001, 7000));
  EXPECT_EQ(critical_path(record), (std::vector<std::string>{"base", "one", "two"}));
}

TEST_F(RunRecordTest, CriticalPathKnowsPlacesThatAreKept) {
  auto start = planned("start/a", {}, Pool::boot);
  start.keeps_place_until = "gate/a";
  const auto record = parse_record(
      begin({start, planned("gate/a", {"start/a"}), planned("start/b", {}, Pool::boot)}) +
      finished("start/a", 0, 1000) + finished("gate/a", 1000, 9000) +
      finished("start/b", 9001, 9900));
  EXPECT_EQ(critical_path(record), (std::vector<std::string>{"start/a", "gate/a", "start/b"}));
}

TEST_F(RunRecordTest, CriticalPathGoesOnAcrossRoundsAndEndsWithACircle) {
  const auto rounds = parse_record(begin({planned("a"), planned("b")}) + finished("a", 0, 1000) +
                                   finished("b", 6000, 7000));
  EXPECT_EQ(critical_path(rounds), (std::vector<std::string>{"a", "b"}));
  const auto circle = parse_record(begin({planned("a", {"b"}), planned("b", {"a"})}) +
                                   finished("a", 0, 0) + finished("b", 0, 0));
  EXPECT_EQ(critical_path(circle).size(), 2U);
  EXPECT_TRUE(critical_path({}).empty());
}

}  // namespace
}  // namespace vmlab
