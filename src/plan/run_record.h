// What the last run of a lab did, step by step: written while it goes on, read by reports. Never
// truth about the lab.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace vmlab {

struct RecordedStep {
  /// `waiting`: never started. `running`: its end is not known, the run goes on or was cut off.
  enum class Result { waiting, running, done, failed, skipped, cancelled };
  /// What a step said while it ran: for a gate, why it did not pass yet.
  struct Said {
    std::chrono::milliseconds at{0};  // since the run began
    std::string text;
    bool operator==(const Said&) const = default;
  };

  std::string id;
  std::string node;  // empty: of the lab as a whole
  std::string title;
  std::string why;
  std::vector<std::string> after;
  std::string pool;               // empty: none
  std::string keeps_place_until;  // see PlannedStep
  Result result = Result::waiting;
  std::chrono::milliseconds started{0};  // since the run began
  std::chrono::milliseconds took{0};     // of a step that runs: until the last that is known
  std::vector<Said> said;
  std::string message;  // failed: why; skipped: the id of the failed step
  std::vector<std::string> trail;
  std::string hint;
  bool operator==(const RecordedStep&) const = default;

  bool ran() const { return result != Result::waiting && result != Result::skipped; }
  std::chrono::milliseconds ended() const { return started + took; }
};
std::string to_text(RecordedStep::Result result);

struct RunRecord {
  std::string command;  // `up`, `reset`; may be empty
  std::chrono::system_clock::time_point began;
  bool ended = false;  // false: it goes on, or was cut off
  bool interrupted = false;
  std::string error;                  // that ended it, beside its steps'
  std::chrono::milliseconds took{0};  // of a run that has not ended: until the last that is known
  std::vector<RecordedStep> steps;    // in plan order
  std::vector<std::string> notes;
};

// The record is a file of lines, one JSON value each; torn and unknown lines are passed over. Times
// are since the run began.

std::string record_began(const std::string& command, std::chrono::system_clock::time_point when);
std::string record_planned(const Plan& plan);
std::string record_started(const std::string& id, std::chrono::milliseconds at);
std::string record_alive(std::chrono::milliseconds at);
std::string record_said(const std::string& id, const RecordedStep::Said& said);
/// Of `step` only what its end tells: id, result, took, message, trail, hint.
std::string record_finished(const RecordedStep& step, std::chrono::milliseconds at);
std::string record_ended(std::chrono::milliseconds took, bool interrupted,
                         const std::string& error = {});

RunRecord parse_record(std::string_view text);

}  // namespace vmlab
