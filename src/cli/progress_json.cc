#include "cli/progress_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "cli/output_tables.h"

namespace vmlab {

using nlohmann::ordered_json;

namespace {

constexpr std::chrono::milliseconds running_every{30'000};
constexpr std::chrono::milliseconds same_text_every{1'000};

std::string to_text(StepResult result) {
  switch (result) {
    case StepResult::done:
      return "done";
    case StepResult::failed:
      return "failed";
    case StepResult::skipped:
      return "skipped";
    case StepResult::cancelled:
      return "cancelled";
  }
  return "failed";
}

ordered_json error_record(const std::string& message, const std::vector<std::string>& trail,
                          const std::string& hint) {
  ordered_json record;
  record["message"] = message;
  record["while"] = trail;
  record["hint"] = text_or_null(hint);
  return record;
}

}  // namespace

std::string utc_text(std::chrono::system_clock::time_point time) {
  using std::chrono::duration_cast;
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto ms = duration_cast<std::chrono::milliseconds>(time - whole).count();
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(whole)), ms);
}

void JsonEvents::emit(const std::string& type, const ordered_json& fields) {
  ordered_json record;
  record["type"] = type;
  record["time"] = utc_text(now_());
  record["lab"] = text_or_null(lab_);
  for (const auto& [name, value] : fields.items()) record[name] = value;
  write_(record.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

void JsonEvents::error(const Error& error) {
  auto fields = error_record(error.message(), error.trail(), error.hint());
  fields["exit_code"] = static_cast<int>(error.code());
  emit("error", fields);
}

void JsonEvents::diagnostic(const Diagnostic& problem) {
  ordered_json fields;
  fields["file"] = text_or_null(problem.file);
  fields["line"] = problem.line > 0 ? ordered_json(problem.line) : ordered_json(nullptr);
  fields["column"] = problem.column > 0 ? ordered_json(problem.column) : ordered_json(nullptr);
  fields["message"] = problem.message;
  fields["help"] = text_or_null(problem.help);
  emit("diagnostic", fields);
}

void JsonEvents::note(const std::string& message) {
  emit("note", {{"message", message}});
}

void JsonProgress::planned(const Plan& plan) {
  model_.planned(plan);
  ordered_json fields;
  fields["steps"] = ordered_json::array();
  for (const auto& step : plan.steps) {
    ordered_json entry;
    entry["id"] = step.id;
    entry["node"] = text_or_null(step.node);
    entry["title"] = step.title;
    entry["why"] = text_or_null(step.why);
    fields["steps"].push_back(std::move(entry));
  }
  fields["notes"] = plan.notes;
  events_.emit("planned", fields);
}

void JsonProgress::started(const PlannedStep& step) {
  model_.started(step);
  ordered_json fields;
  fields["step"] = step.id;
  fields["node"] = text_or_null(step.node);
  fields["title"] = step.title;
  fields["why"] = text_or_null(step.why);
  events_.emit("started", fields);
}

void JsonProgress::progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                            std::uint64_t total) {
  const auto* before = model_.find(step.id);
  const bool same = before != nullptr && before->text == text;
  model_.progress(step, text, done, total);
  // Bytes come far more often than anybody can use.
  const auto told = told_.find(step.id);
  const auto since = told == told_.end() ? same_text_every : model_.elapsed() - told->second;
  if (same && since < same_text_every && since.count() >= 0) return;
  told_[step.id] = model_.elapsed();
  ordered_json fields;
  fields["step"] = step.id;
  fields["node"] = text_or_null(step.node);
  fields["text"] = text_or_null(text);
  fields["done_bytes"] = total > 0 ? ordered_json(done) : ordered_json(nullptr);
  fields["total_bytes"] = total > 0 ? ordered_json(total) : ordered_json(nullptr);
  events_.emit("progress", fields);
}

void JsonProgress::remark(const PlannedStep& /*step*/, const std::string& text) {
  events_.note(text);
}

void JsonProgress::finished(const PlannedStep& step, const StepOutcome& outcome) {
  model_.finished(step, outcome);
  const bool failed = outcome.result == StepResult::failed;
  const bool skipped = outcome.result == StepResult::skipped;
  ordered_json fields;
  fields["step"] = step.id;
  fields["node"] = text_or_null(step.node);
  fields["title"] = step.title;
  fields["result"] = to_text(outcome.result);
  fields["took_ms"] = outcome.took.count();
  fields["because_of"] = skipped ? text_or_null(outcome.message) : ordered_json(nullptr);
  fields["error"] =
      failed ? error_record(outcome.message, outcome.trail, outcome.hint) : ordered_json(nullptr);
  events_.emit("finished", fields);
}

void JsonProgress::tick(std::chrono::milliseconds elapsed) {
  if (elapsed < model_.elapsed()) last_running_ = elapsed;
  model_.tick(elapsed);
  if (elapsed - last_running_ < running_every) return;
  last_running_ = elapsed;
  ordered_json fields;
  fields["elapsed_ms"] = elapsed.count();
  fields["steps"] = ordered_json::array();
  for (const auto* step : model_.running()) {
    ordered_json entry;
    entry["step"] = step->id;
    entry["node"] = text_or_null(step->node);
    entry["text"] = text_or_null(step->text);
    entry["running_ms"] = (elapsed - step->started_at).count();
    fields["steps"].push_back(std::move(entry));
  }
  events_.emit("running", fields);
}

void JsonProgress::ended(const RunSummary& summary) {
  const auto count = [&](StepResult result) {
    return std::ranges::count_if(summary.steps,
                                 [&](const StepOutcome& s) { return s.result == result; });
  };
  ordered_json fields;
  fields["result"] = summary.interrupted ? "interrupted" : summary.ok() ? "done" : "failed";
  fields["took_ms"] = summary.took.count();
  fields["done"] = count(StepResult::done);
  fields["failed"] = count(StepResult::failed);
  fields["skipped"] = count(StepResult::skipped);
  fields["cancelled"] = count(StepResult::cancelled);
  events_.emit("ended", fields);
}

}  // namespace vmlab
