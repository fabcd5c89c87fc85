#include "run/recorder.h"

#include "plan/history.h"
#include "plan/run_record.h"

namespace vmlab {

namespace {

/// Of one step: a gate may say something else every second, for an hour.
constexpr std::size_t most_said = 60;

/// A run that was cut off is known to have lived until then.
constexpr std::chrono::seconds heartbeat{5};

RecordedStep::Result recorded(StepResult result) {
  switch (result) {
    case StepResult::done:
      return RecordedStep::Result::done;
    case StepResult::failed:
      return RecordedStep::Result::failed;
    case StepResult::skipped:
      return RecordedStep::Result::skipped;
    case StepResult::cancelled:
      return RecordedStep::Result::cancelled;
  }
  return RecordedStep::Result::waiting;
}

}  // namespace

Recorder::Recorder(Reporter& to, System& system, const Paths& paths, const std::string& lab,
                   std::string command)
    : to_(to),
      system_(system),
      history_(paths.history(lab)),
      record_(paths.run_record(lab)),
      command_(std::move(command)),
      began_(system.now()),
      clock_at_start_(system.monotonic()) {}

void Recorder::record(const std::string& line) {
  if (!begun_) return;
  last_ = at();
  try {
    system_.append(record_, line);
  } catch (const Error&) {
    // A full disk must not turn a step that worked into one that failed.
  }
}

void Recorder::planned(const Plan& plan) {
  if (!begun_ && !plan.steps.empty()) {
    try {
      system_.write(record_, record_began(command_, began_), 0600);
      begun_ = true;
    } catch (const Error&) {
      // See record().
    }
  }
  record(record_planned(plan));
  to_.planned(plan);
}

void Recorder::started(const PlannedStep& step) {
  spoken_[step.id] = {};
  record(record_started(step.id, at()));
  to_.started(step);
}

void Recorder::progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                        std::uint64_t total) {
  auto& spoken = spoken_[step.id];
  if (!text.empty() && text != spoken.last && spoken.times < most_said) {
    spoken.last = text;
    ++spoken.times;
    record(record_said(step.id, {at(), text}));
  }
  to_.progress(step, text, done, total);
}

void Recorder::tick(std::chrono::milliseconds elapsed) {
  if (at() - last_ >= heartbeat) record(record_alive(at()));
  to_.tick(elapsed);
}

void Recorder::remark(const PlannedStep& step, const std::string& text) {
  to_.remark(step, text);
}

void Recorder::finished(const PlannedStep& step, const StepOutcome& outcome) {
  if (outcome.result == StepResult::done || outcome.result == StepResult::failed) {
    try {
      system_.append(
          history_,
          format_entry({.started = system_.now() - outcome.took,
                        .took = outcome.took,
                        .id = outcome.id,
                        .result = outcome.result == StepResult::done ? "done" : "failed"}));
    } catch (const Error&) {
      // See record().
    }
  }
  RecordedStep entry;
  entry.id = outcome.id;
  entry.result = recorded(outcome.result);
  entry.took = outcome.took;
  entry.message = outcome.message;
  entry.trail = outcome.trail;
  entry.hint = outcome.hint;
  record(record_finished(entry, at()));
  spoken_.erase(step.id);
  to_.finished(step, outcome);
}

void Recorder::run_ended(const RunSummary& summary) {
  record(record_ended(at(), summary.interrupted));
  to_.ended(summary);
}

}  // namespace vmlab
