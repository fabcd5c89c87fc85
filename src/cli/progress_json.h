// Progress for programs: one JSON record a line.
//
// Every record has `type`, `time` (UTC, `2026-01-31T12:00:00.000Z`) and `lab`; fields that a type
// has are always there, null for nothing:
//   planned   steps: [{id, node, title, why}], notes: [text]
//   started   step, node, title, why
//   progress  step, node, text, done_bytes, total_bytes; with the same text once a second at most
//   finished  step, node, title, result: done | failed | skipped | cancelled, took_ms,
//             because_of: id of the failed step (skipped only),
//             error: {message, while: [text], hint} (failed only)
//   running   elapsed_ms, steps: [{step, node, text, running_ms}]; every 30 s
//   ended     result: done | failed | interrupted, took_ms, done, failed, skipped, cancelled
//   error     message, while: [text], hint, exit_code
//   diagnostic  file, line, column, message, help
//   note      message
// `node` is null for what concerns the lab as a whole.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "cli/run_model.h"
#include "cli/terminal.h"

namespace vmlab {

using Now = std::function<std::chrono::system_clock::time_point()>;

/// `2026-01-31T12:00:00.000Z`
std::string utc_text(std::chrono::system_clock::time_point time);

/// Writes records; also those that do not come from a run.
class JsonEvents {
 public:
  JsonEvents(Write write, Now now) : write_(std::move(write)), now_(std::move(now)) {}
  void set_lab(std::string lab) { lab_ = std::move(lab); }
  void emit(const std::string& type, const nlohmann::ordered_json& fields);
  void error(const Error& error);
  void diagnostic(const Diagnostic& problem);
  void note(const std::string& message);

 private:
  Write write_;
  Now now_;
  std::string lab_;
};

class JsonProgress : public Reporter {
 public:
  explicit JsonProgress(JsonEvents& events) : events_(events) {}

  void planned(const Plan& plan) override;
  void started(const PlannedStep& step) override;
  void progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                std::uint64_t total) override;
  void remark(const PlannedStep& step, const std::string& text) override;
  void finished(const PlannedStep& step, const StepOutcome& outcome) override;
  void tick(std::chrono::milliseconds elapsed) override;
  void ended(const RunSummary& summary) override;

  const RunModel& model() const { return model_; }

 private:
  JsonEvents& events_;
  RunModel model_;
  std::chrono::milliseconds last_running_{0};
  std::map<std::string, std::chrono::milliseconds> told_;  // step -> when it last told something
};

}  // namespace vmlab
