#include "plan/scheduler.h"

#include <gtest/gtest.h>

namespace vmlab {
namespace {

PlannedStep step(const std::string& id, std::vector<std::string> after = {},
                 Pool pool = Pool::none) {
  PlannedStep s;
  s.id = id;
  s.after = std::move(after);
  s.pool = pool;
  return s;
}

TEST(Scheduler, StartsInPlanOrderWhatWaitsForNothing) {
  const Plan plan{.steps = {step("a"), step("b", {"a"}), step("c")}, .notes = {}, .unknown = {}};
  Scheduler scheduler(plan, {});
  EXPECT_EQ(scheduler.next(), 0U);
  EXPECT_EQ(scheduler.next(), 2U);
  EXPECT_EQ(scheduler.next(), std::nullopt);
  scheduler.done(0);
  EXPECT_EQ(scheduler.next(), 1U);
  scheduler.done(1);
  EXPECT_FALSE(scheduler.finished());
  scheduler.done(2);
  EXPECT_TRUE(scheduler.finished());
}

TEST(Scheduler, KeepsToThePlacesOfAPool) {
  const Plan plan{.steps = {step("a", {}, Pool::disk), step("b", {}, Pool::disk), step("c")},
                  .notes = {},
                  .unknown = {}};
  Scheduler scheduler(plan, {{Pool::disk, 1}});
  EXPECT_EQ(scheduler.next(), 0U);
  EXPECT_EQ(scheduler.next(), 2U);
  EXPECT_EQ(scheduler.next(), std::nullopt);
  scheduler.done(0);
  EXPECT_EQ(scheduler.next(), 1U);
}

TEST(Scheduler, SkipsAllThatDependsOnAFailureAndNothingElse) {
  const Plan plan{
      .steps = {step("a"), step("b", {"a"}), step("c", {"b"}), step("d"), step("e", {"d"})},
      .notes = {},
      .unknown = {}};
  Scheduler scheduler(plan, {});
  EXPECT_EQ(scheduler.next(), 0U);
  EXPECT_EQ(scheduler.next(), 3U);
  EXPECT_EQ(scheduler.failed(0), (std::vector<std::size_t>{1, 2}));
  scheduler.done(3);
  EXPECT_EQ(scheduler.next(), 4U);
  scheduler.done(4);
  EXPECT_TRUE(scheduler.finished());
}

TEST(Scheduler, TakesDependenciesThatAreNotInThePlanAsDone) {
  const Plan plan{.steps = {step("a", {"done-last-week"})}, .notes = {}, .unknown = {}};
  Scheduler scheduler(plan, {});
  EXPECT_EQ(scheduler.next(), 0U);
}

TEST(Scheduler, AStepWithTwoFailedDependenciesIsSkippedOnce) {
  const Plan plan{
      .steps = {step("a"), step("b"), step("c", {"a", "b"})}, .notes = {}, .unknown = {}};
  Scheduler scheduler(plan, {});
  EXPECT_EQ(scheduler.next(), 0U);
  EXPECT_EQ(scheduler.next(), 1U);
  EXPECT_EQ(scheduler.failed(0), (std::vector<std::size_t>{2}));
  EXPECT_TRUE(scheduler.failed(1).empty());
  EXPECT_TRUE(scheduler.finished());
}

TEST(Scheduler, APlaceMayBeKeptUntilAnotherStepEnds) {
  Plan plan{.steps = {step("start-a", {}, Pool::boot), step("booted-a", {"start-a"}),
                      step("start-b", {}, Pool::boot), step("start-c", {}, Pool::boot)},
            .notes = {},
            .unknown = {}};
  plan.steps[0].keeps_place_until = "booted-a";
  plan.steps[2].keeps_place_until = "not-planned";
  Scheduler scheduler(plan, {{Pool::boot, 1}});
  EXPECT_EQ(scheduler.next(), 0U);
  scheduler.done(0);
  EXPECT_EQ(scheduler.next(), 1U);
  EXPECT_EQ(scheduler.next(), std::nullopt);
  scheduler.done(1);
  EXPECT_EQ(scheduler.next(), 2U);
  EXPECT_EQ(scheduler.next(), std::nullopt);
  scheduler.done(2);
  EXPECT_EQ(scheduler.next(), 3U);
  scheduler.done(3);
  EXPECT_TRUE(scheduler.finished());
}

TEST(Scheduler, AKeptPlaceIsFreeWhenItsStepFailsOrIsSkipped) {
  Plan plan{.steps = {step("start-a", {}, Pool::boot), step("ssh-a", {"start-a"}),
                      step("booted-a", {"ssh-a"}), step("start-b", {}, Pool::boot)},
            .notes = {},
            .unknown = {}};
  plan.steps[0].keeps_place_until = "booted-a";
  Scheduler scheduler(plan, {{Pool::boot, 1}});
  EXPECT_EQ(scheduler.next(), 0U);
  scheduler.done(0);
  EXPECT_EQ(scheduler.next(), 1U);
  EXPECT_EQ(scheduler.next(), std::nullopt);
  EXPECT_EQ(scheduler.failed(1), (std::vector<std::size_t>{2}));
  EXPECT_EQ(scheduler.next(), 3U);
}

}  // namespace
}  // namespace vmlab
