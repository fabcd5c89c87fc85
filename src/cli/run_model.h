// What is known of a run while it goes on: the common half of every kind of progress.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "run/reporter.h"

namespace vmlab {

/// One step as it is shown.
struct StepView {
  enum class State { planned, running, done, failed, skipped, cancelled };

  std::string id;
  std::string node;
  std::string title;
  std::string why;
  std::string phase;  // `image`, `network`, `disks`, `boot`, `install`, …: see phase_word
  std::vector<std::string> after;
  State state = State::planned;
  std::string text;  // what it is doing or waiting for
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;  // 0: no bytes
  std::chrono::milliseconds started_at{0};
  StepOutcome outcome;  // once it has ended

  bool ended() const { return state != State::planned && state != State::running; }
};

/// One word for what a step does to its node.
std::string phase_word(const Step& step);

/// `412 MiB of 512 MiB (80 %)`; empty without bytes.
std::string bytes_text(std::uint64_t done, std::uint64_t total);

/// Steps are kept in the order of the plan; plans of one run that come after the first one add to
/// it. Time is what `tick` said last.
class RunModel {
 public:
  void planned(const Plan& plan);
  void started(const PlannedStep& step);
  void progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                std::uint64_t total);
  void finished(const PlannedStep& step, const StepOutcome& outcome);
  void tick(std::chrono::milliseconds elapsed);

  const std::vector<StepView>& steps() const { return steps_; }
  /// Ids of steps that a plan left out because earlier runs had done them.
  const std::set<std::string>& done_before() const { return done_before_; }
  const StepView* find(const std::string& id) const;
  std::chrono::milliseconds elapsed() const { return elapsed_; }
  std::size_t count(StepView::State state) const;
  std::vector<const StepView*> running() const;
  /// What a planned step still waits for: titles of its running or planned predecessors, running
  /// ones first.
  std::vector<std::string> waits_for(const StepView& step) const;

 private:
  StepView& view(const PlannedStep& step);

  std::vector<StepView> steps_;
  std::map<std::string, std::size_t> places_;
  std::set<std::string> done_before_;
  std::chrono::milliseconds elapsed_{0};
};

}  // namespace vmlab
