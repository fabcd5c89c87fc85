#include "run/executor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <latch>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace vmlab {
namespace {

using std::chrono::milliseconds;

PlannedStep step(const std::string& id, std::vector<std::string> after = {},
                 Pool pool = Pool::none) {
  PlannedStep s;
  s.id = id;
  s.title = id;
  s.after = std::move(after);
  s.pool = pool;
  return s;
}

/// Keeps what it was told, and that only one thread tells it.
class Listener : public Reporter {
 public:
  void planned(const Plan&) override { same_thread(); }
  void started(const PlannedStep& s) override { note("start " + s.id); }
  void progress(const PlannedStep& s, const std::string& text, std::uint64_t,
                std::uint64_t) override {
    note(s.id + ": " + text);
  }
  void remark(const PlannedStep& s, const std::string& text) override {
    note("remark on " + s.id + ": " + text);
  }
  void finished(const PlannedStep& s, const StepOutcome& outcome) override {
    static const std::map<StepResult, std::string> words = {{StepResult::done, "done "},
                                                            {StepResult::failed, "failed "},
                                                            {StepResult::skipped, "skipped "},
                                                            {StepResult::cancelled, "cancelled "}};
    note(words.at(outcome.result) + s.id);
  }
  void tick(milliseconds) override { same_thread(); }
  void ended(const RunSummary&) override { note("end"); }

  std::vector<std::string> told;

 private:
  void note(std::string text) {
    same_thread();
    told.push_back(std::move(text));
  }
  void same_thread() const { EXPECT_EQ(std::this_thread::get_id(), thread_); }
  std::thread::id thread_ = std::this_thread::get_id();
};

const Clock steady = [] {
  return std::chrono::duration_cast<milliseconds>(
      std::chrono::steady_clock::now().time_since_epoch());
};

TEST(Executor, RunsStepsInTheOrderOfTheirDependencies) {
  const Plan plan{
      .steps = {step("a"), step("b", {"a"}), step("c", {"b"})}, .notes = {}, .unknown = {}};
  Listener listener;
  std::vector<std::string> applied;  // one at a time, as each waits for the one before
  const auto summary = execute(
      plan, {},
      [&](const PlannedStep& s, const StepProgress&, std::stop_token) { applied.push_back(s.id); },
      listener, steady, {});
  EXPECT_TRUE(summary.ok());
  EXPECT_EQ(applied, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(listener.told, (std::vector<std::string>{"start a", "done a", "start b", "done b",
                                                     "start c", "done c", "end"}));
}

TEST(Executor, RunsIndependentStepsAtTheSameTime) {
  const Plan plan{.steps = {step("a"), step("b"), step("c")}, .notes = {}, .unknown = {}};
  Listener listener;
  std::latch all_here(3);  // passes only when three threads are there at once
  const auto summary = execute(
      plan, {},
      [&](const PlannedStep&, const StepProgress&, std::stop_token) { all_here.arrive_and_wait(); },
      listener, steady, {});
  EXPECT_TRUE(summary.ok());
}

TEST(Executor, NeverExceedsThePlacesOfAPool) {
  /// Counts what runs, and lets nothing end before all has been started that may be.
  class Counter : public Listener {
   public:
    void started(const PlannedStep& s) override {
      Listener::started(s);
      most = std::max(most, ++running);
    }
    void finished(const PlannedStep& s, const StepOutcome& outcome) override {
      Listener::finished(s, outcome);
      --running;
    }
    void tick(milliseconds) override {
      if (!std::exchange(told, true)) all_started.count_down();
    }
    bool told = false;
    int running = 0;
    int most = 0;
    std::latch all_started{1};
  };
  Plan plan;
  for (int i = 0; i < 20; ++i) plan.steps.push_back(step("s" + std::to_string(i), {}, Pool::disk));
  Counter counter;
  std::atomic<int> now = 0;
  std::atomic<int> too_many = 0;
  execute(plan, {{Pool::disk, 2}},
          [&](const PlannedStep&, const StepProgress& progress, std::stop_token) {
            if (++now > 2) ++too_many;
            progress("begun", 0, 0);  // the coordinator hears it when it has started what it would
            counter.all_started.wait();
            --now;
          },
          counter, steady, {});
  EXPECT_EQ(counter.most, 2);
  EXPECT_EQ(too_many, 0);
}

TEST(Executor, WhatNodesSayInTheSameWordsIsToldOnceWhenTheLastOfThemHasEnded) {
  Plan plan;
  for (const std::string node : {"n1", "n2", "n3"}) {
    plan.steps.push_back(step("check/" + node));
    plan.steps.back().node = node;
    if (plan.steps.size() > 1) plan.steps.back().after = {plan.steps.front().id};
  }
  Listener listener;
  execute(plan, {},
          [&](const PlannedStep& s, const StepProgress& progress, std::stop_token) {
            if (s.id == "check/n3") throw Error("cannot check 'n3'");
            progress.warn("it is old");
            if (s.id == "check/n2") progress.warn("it is small");
          },
          listener, steady, {});
  std::vector<std::string> remarks;
  std::ranges::copy_if(listener.told, std::back_inserter(remarks),
                       [](const auto& line) { return line.starts_with("remark"); });
  EXPECT_EQ(remarks, (std::vector<std::string>{"remark on check/n1: n1, n2: it is old",
                                               "remark on check/n2: n2: it is small"}));
  const auto place = [&](const std::string& line) {
    return std::ranges::find(listener.told, line) - listener.told.begin();
  };
  EXPECT_GT(place(remarks.front()), place("failed check/n3"));
  EXPECT_GT(place(remarks.front()), place("done check/n2"));
}

TEST(Executor, WarningsAreToldThoughTheRunIsStopped) {
  Plan plan{
      .steps = {step("check/n1"), step("check/n2", {"check/n1"})}, .notes = {}, .unknown = {}};
  for (auto& planned : plan.steps) planned.node = planned.id.substr(6);
  Listener listener;
  std::stop_source stop;
  execute(
      plan, {},
      [&](const PlannedStep&, const StepProgress& progress, std::stop_token) {
        progress.warn("it is old");
        stop.request_stop();
      },
      listener, steady, stop.get_token());
  EXPECT_EQ(listener.told, (std::vector<std::string>{"start check/n1", "done check/n1",
                                                     "remark on check/n1: n1: it is old", "end"}));
}

TEST(Executor, AFailureSkipsWhatNeedsItAndLetsTheRestGoOn) {
  const Plan plan{.steps = {step("a"), step("b", {"a"}), step("c"), step("d", {"c"})},
                  .notes = {},
                  .unknown = {}};
  Listener listener;
  const auto summary = execute(plan, {},
                               [&](const PlannedStep& s, const StepProgress&, std::stop_token) {
                                 if (s.id == "a")
                                   throw Error("cannot do 'a': it is a test", "try b");
                               },
                               listener, steady, {});
  EXPECT_FALSE(summary.ok());
  std::map<std::string, StepOutcome> outcomes;
  for (const auto& outcome : summary.steps) outcomes[outcome.id] = outcome;
  EXPECT_EQ(outcomes.at("a").result, StepResult::failed);
  EXPECT_EQ(outcomes.at("a").message, "cannot do 'a': it is a test");
  EXPECT_EQ(outcomes.at("a").hint, "try b");
  EXPECT_EQ(outcomes.at("b").result, StepResult::skipped);
  EXPECT_EQ(outcomes.at("b").message, "a");
  EXPECT_EQ(outcomes.at("d").result, StepResult::done);
}

TEST(Executor, TimeGoesOnFromWhatEarlierPlansTook) {
  class Watch : public Listener {
   public:
    void tick(milliseconds elapsed) override { first = std::min(first, elapsed); }
    milliseconds first = milliseconds::max();
  };
  Watch watch;
  const Plan plan{.steps = {step("a")}, .notes = {}, .unknown = {}};
  const auto nothing = [](const auto&, const auto&, auto) {};
  const auto summary = execute(plan, {}, nothing, watch, steady, {}, milliseconds{60'000});
  EXPECT_GE(watch.first, milliseconds{60'000});
  EXPECT_LT(watch.first, milliseconds::max());
  EXPECT_LT(summary.took, milliseconds{60'000});
}

TEST(Executor, ToldToStopItStartsNothingMoreAndWaitsForWhatRuns) {
  const Plan plan{.steps = {step("a"), step("b", {"a"})}, .notes = {}, .unknown = {}};
  Listener listener;
  std::stop_source source;
  const auto summary = execute(
      plan, {},
      [&](const PlannedStep&, const StepProgress&, std::stop_token stop) {
        source.request_stop();
        if (stop.stop_requested()) throw Cancelled();
      },
      listener, steady, source.get_token());
  EXPECT_TRUE(summary.interrupted);
  EXPECT_FALSE(summary.ok());
  EXPECT_EQ(listener.told, (std::vector<std::string>{"start a", "cancelled a", "end"}));
}

TEST(Executor, AForeignExceptionIsAFailureOfItsStep) {
  const Plan plan{.steps = {step("a")}, .notes = {}, .unknown = {}};
  Listener listener;
  const auto summary = execute(
      plan, {},
      [&](const PlannedStep&, const StepProgress&, std::stop_token) { throw std::bad_alloc(); },
      listener, steady, {});
  ASSERT_EQ(summary.steps.size(), 1U);
  EXPECT_EQ(summary.steps[0].message, "cannot a: std::bad_alloc");
}

TEST(Executor, TellsProgressInOrder) {
  const Plan plan{.steps = {step("a")}, .notes = {}, .unknown = {}};
  Listener listener;
  execute(plan, {},
          [&](const PlannedStep&, const StepProgress& progress, std::stop_token) {
            for (int i = 0; i < 3; ++i) progress(std::to_string(i), 0, 0);
          },
          listener, steady, {});
  EXPECT_EQ(listener.told,
            (std::vector<std::string>{"start a", "a: 0", "a: 1", "a: 2", "done a", "end"}));
}

TEST(Executor, AnEmptyPlanEndsAtOnce) {
  Listener listener;
  EXPECT_TRUE(execute({}, {}, [](const auto&, const auto&, auto) {}, listener, steady, {}).ok());
}

}  // namespace
}  // namespace vmlab
