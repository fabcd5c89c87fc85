#include "cli/progress_plain.h"

#include <fmt/format.h>

#include "base/units.h"

namespace vmlab {

namespace {

constexpr std::chrono::seconds heartbeat_every{30};
constexpr std::size_t most_in_heartbeat = 8;
constexpr std::size_t most_columns_of_step = 60;

std::string clock_text(std::chrono::milliseconds elapsed) {
  const auto s = elapsed.count() / 1000;
  return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

/// What a running step says, bytes included.
std::string doing_text(const StepView& step) {
  auto text = step.text;
  const auto bytes = bytes_text(step.done_bytes, step.total_bytes);
  if (!bytes.empty()) text += (text.empty() ? "" : " ") + bytes;
  return text;
}

}  // namespace

std::string first_line(const std::string& text) {
  return printable(std::string_view(text).substr(0, text.find('\n')));
}

std::string stop_notice(std::size_t running) {
  return fmt::format("stopping: nothing new starts, {} may end; interrupt again to leave at once",
                     counted(running, "running step"));
}

PlainProgress::PlainProgress(Write write, Style style, Detail detail, std::stop_token stop)
    : write_(std::move(write)), style_(style), detail_(detail), stop_(std::move(stop)) {}

void PlainProgress::line(const std::string& text) {
  write_(fmt::format("{} {}\n", style_.dim(clock_text(model_.elapsed())), text));
  last_line_ = model_.elapsed();
}

void PlainProgress::planned(const Plan& plan) {
  model_.planned(plan);
  if (detail_ == Detail::quiet) return;
  for (const auto& note : plan.notes) line("note      " + printable(note));
  if (!plan.steps.empty()) line("planned   " + counted(plan.steps.size(), "step"));
}

void PlainProgress::started(const PlannedStep& step) {
  model_.started(step);
  if (detail_ == Detail::quiet) return;
  line(fmt::format("started   {}{}", printable(step.title),
                   step.why.empty() ? "" : fmt::format(" ({})", printable(step.why))));
}

void PlainProgress::progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                             std::uint64_t total) {
  const auto* before = model_.find(step.id);
  const bool said = before != nullptr && before->text == text;
  model_.progress(step, text, done, total);
  if (detail_ != Detail::verbose || said || text.empty()) return;
  line(fmt::format("          {}: {}", printable(step.title), printable(text)));
}

void PlainProgress::remark(const PlannedStep& /*step*/, const std::string& text) {
  line("note      " + printable(text));
}

void PlainProgress::finished(const PlannedStep& step, const StepOutcome& outcome) {
  model_.finished(step, outcome);
  const auto title = printable(step.title);
  const auto took = format_duration(outcome.took);
  switch (outcome.result) {
    case StepResult::done:
      if (detail_ != Detail::quiet) {
        line(fmt::format("{}  {} in {}", style_.green("finished"), title, took));
      }
      break;
    case StepResult::failed:
      line(fmt::format("{}    {} after {}: {}", style_.red("failed"), title, took,
                       first_line(outcome.message)));
      break;
    case StepResult::cancelled:
      if (detail_ != Detail::quiet) {
        line(fmt::format("{}   {} after {}", style_.yellow("stopped"), title, took));
      }
      break;
    case StepResult::skipped:
      break;  // the summary names them with their cause
  }
}

void PlainProgress::tick(std::chrono::milliseconds elapsed) {
  if (elapsed < model_.elapsed()) last_line_ = elapsed;
  model_.tick(elapsed);
  if (stop_.stop_requested() && !told_stop_) {
    told_stop_ = true;
    const auto running = model_.running().size();
    if (running > 0) line(stop_notice(running));
  }
  if (detail_ != Detail::quiet && elapsed - last_line_ >= heartbeat_every) heartbeat();
}

void PlainProgress::heartbeat() {
  const auto running = model_.running();
  if (running.empty()) return;
  std::string text = "running   ";
  for (std::size_t i = 0; i < std::min(running.size(), most_in_heartbeat); ++i) {
    const auto& step = *running[i];
    if (i > 0) text += "; ";
    text += fmt::format("{} ({})", printable(step.title),
                        format_duration(model_.elapsed() - step.started_at));
    const auto doing = doing_text(step);
    if (!doing.empty()) text += ": " + clip(printable(doing), most_columns_of_step);
  }
  if (running.size() > most_in_heartbeat) {
    text += fmt::format("; and {} more", running.size() - most_in_heartbeat);
  }
  line(text);
}

void PlainProgress::ended(const RunSummary& /*summary*/) {}

}  // namespace vmlab
