#include "run/executor.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "run/shared_remarks.h"

namespace vmlab {

namespace {

using std::chrono::milliseconds;

struct Event {
  enum class Kind { progress, remark, warning, ended };
  Kind kind = Kind::progress;
  std::size_t step = 0;
  std::string text;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  StepOutcome outcome;
};

class Inbox {
 public:
  void post(Event event) {
    {
      const std::lock_guard lock(mutex_);
      events_.push_back(std::move(event));
    }
    ready_.notify_one();
  }

  /// All events so far; waits for one at most a second, so that the reporter can draw.
  std::deque<Event> take() {
    std::unique_lock lock(mutex_);
    ready_.wait_for(lock, std::chrono::seconds(1), [this] { return !events_.empty(); });
    return std::exchange(events_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Event> events_;
};

StepOutcome run_step(const PlannedStep& step, const ApplyStep& apply, const StepProgress& progress,
                     std::stop_token stop) {
  StepOutcome outcome;
  outcome.id = step.id;
  try {
    apply(step, progress, std::move(stop));
  } catch (const Cancelled&) {
    outcome.result = StepResult::cancelled;
  } catch (const Error& error) {
    outcome.result = StepResult::failed;
    outcome.message = error.message();
    outcome.trail = error.trail();
    outcome.hint = error.hint();
  } catch (const std::exception& error) {
    outcome.result = StepResult::failed;
    outcome.message = "cannot " + step.title + ": " + error.what();
  }
  return outcome;
}

class Execution {
 public:
  Execution(const Plan& plan, const PoolLimits& limits, const ApplyStep& apply, Reporter& reporter,
            const Clock& clock, std::stop_token stop, milliseconds earlier)
      : plan_(plan),
        scheduler_(plan, limits),
        warnings_(plan),
        apply_(apply),
        reporter_(reporter),
        clock_(clock),
        stop_(std::move(stop)),
        earlier_(earlier) {}

  RunSummary run() {
    const auto began = clock_();
    reporter_.planned(plan_);
    while (!scheduler_.finished()) {
      if (!stop_.stop_requested()) start_ready();
      if (scheduler_.running() == 0) break;
      for (auto& event : inbox_.take()) handle(std::move(event));
      reporter_.tick(earlier_ + clock_() - began);
    }
    warnings_.tell_all(reporter_);
    summary_.interrupted = stop_.stop_requested();
    summary_.took = clock_() - began;
    reporter_.ended(summary_);
    return std::move(summary_);
  }

 private:
  void start_ready() {
    while (const auto index = scheduler_.next()) {
      const auto& step = plan_.steps[*index];
      started_[*index] = clock_();
      reporter_.started(step);
      threads_[*index] = std::jthread([this, index = *index, &step] {
        const StepProgress progress(
            [this, index](const std::string& text, std::uint64_t done, std::uint64_t total) {
              inbox_.post({Event::Kind::progress, index, text, done, total, {}});
            },
            [this, index](const std::string& text) {
              inbox_.post({Event::Kind::remark, index, text, 0, 0, {}});
            },
            [this, index](const std::string& text) {
              inbox_.post({Event::Kind::warning, index, text, 0, 0, {}});
            });
        auto outcome = run_step(step, apply_, progress, stop_);
        inbox_.post({Event::Kind::ended, index, {}, 0, 0, std::move(outcome)});
      });
    }
  }

  void handle(Event event) {
    const auto& step = plan_.steps[event.step];
    if (event.kind == Event::Kind::progress) {
      reporter_.progress(step, event.text, event.done, event.total);
      return;
    }
    if (event.kind == Event::Kind::remark) {
      reporter_.remark(step, event.text);
      return;
    }
    if (event.kind == Event::Kind::warning) {
      warnings_.add(event.step, event.text);
      return;
    }
    threads_.erase(event.step);  // joins: the thread has posted its last event
    event.outcome.took = clock_() - started_[event.step];
    const auto result = event.outcome.result;
    finish(step, std::move(event.outcome));
    warnings_.ended(event.step, reporter_);
    if (result == StepResult::done) {
      scheduler_.done(event.step);
      return;
    }
    for (const auto skipped : scheduler_.failed(event.step)) {
      warnings_.ended(skipped, reporter_);
      if (result == StepResult::cancelled) continue;  // said once, at the end
      finish(plan_.steps[skipped], {.id = plan_.steps[skipped].id,
                                    .result = StepResult::skipped,
                                    .took = {},
                                    .message = step.id,
                                    .trail = {},
                                    .hint = {}});
    }
  }

  void finish(const PlannedStep& step, StepOutcome outcome) {
    reporter_.finished(step, outcome);
    summary_.steps.push_back(std::move(outcome));
  }

  const Plan& plan_;
  Scheduler scheduler_;
  SharedRemarks warnings_;
  const ApplyStep& apply_;
  Reporter& reporter_;
  const Clock& clock_;
  std::stop_token stop_;
  milliseconds earlier_;
  Inbox inbox_;
  std::map<std::size_t, milliseconds> started_;
  std::map<std::size_t, std::jthread> threads_;  // last: joined before the inbox goes
  RunSummary summary_;
};

}  // namespace

bool RunSummary::ok() const {
  if (interrupted) return false;
  for (const auto& step : steps) {
    if (step.result != StepResult::done) return false;
  }
  return true;
}

RunSummary execute(const Plan& plan, const PoolLimits& limits, const ApplyStep& apply,
                   Reporter& reporter, const Clock& clock, std::stop_token stop,
                   milliseconds earlier) {
  return Execution(plan, limits, apply, reporter, clock, std::move(stop), earlier).run();
}

}  // namespace vmlab
