#include "cli/output_summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "cli/output_diagnostics.h"
#include "cli/output_preflight.h"

namespace vmlab {

namespace {

constexpr std::size_t most_named = 8;

struct Failure {
  const StepOutcome* first = nullptr;
  std::vector<std::string> ids;
  std::vector<std::string> titles;
  std::vector<std::string> skipped;  // titles
};

std::string title_of(const std::string& id, const RunModel& model) {
  const auto* step = model.find(id);
  return step == nullptr ? id : step->title;
}

std::string list_of(const std::vector<std::string>& names) {
  const auto shown = std::min(names.size(), most_named);
  auto text = join({names.data(), shown}, ", ");
  if (names.size() > shown) text += fmt::format(" and {} more", names.size() - shown);
  return text;
}

/// The first failure stands for the preflight report, if there is one.
std::vector<Failure> failures_of(const RunSummary& summary, const RunModel& model,
                                 const PreflightReport& preflights) {
  std::vector<Failure> failures;
  if (!preflights.ids.empty()) failures.emplace_back();
  for (const auto& step : summary.steps) {
    if (step.result != StepResult::failed) continue;
    if (preflights.ids.contains(step.id)) {
      failures.front().ids.push_back(step.id);
      continue;
    }
    const auto same = std::ranges::find_if(failures, [&](const Failure& failure) {
      return failure.first != nullptr && failure.first->message == step.message &&
             failure.first->trail == step.trail;
    });
    auto& failure =
        same != failures.end() ? *same : failures.emplace_back(Failure{&step, {}, {}, {}});
    failure.ids.push_back(step.id);
    failure.titles.push_back(title_of(step.id, model));
  }
  for (const auto& step : summary.steps) {
    if (step.result != StepResult::skipped) continue;
    for (auto& failure : failures) {
      if (std::ranges::find(failure.ids, step.message) != failure.ids.end()) {
        failure.skipped.push_back(title_of(step.id, model));
      }
    }
  }
  return failures;
}

std::size_t count(const RunSummary& summary, StepResult result) {
  return static_cast<std::size_t>(std::ranges::count_if(
      summary.steps, [&](const StepOutcome& step) { return step.result == result; }));
}

bool has_evidence(const RunSummary& summary) {
  return std::ranges::any_of(summary.steps, [](const StepOutcome& step) {
    return std::ranges::any_of(
        step.trail, [](const std::string& what) { return what.starts_with("evidence is in "); });
  });
}

std::string command(const std::string& words, const std::string& what, Style style) {
  return fmt::format("  {}  {}\n", style.cyan(pad(words, 40)), what);
}

std::string success(const RunSummary& summary, const SummaryContext& context, Style style) {
  const auto took = format_duration(summary.took);
  const auto steps = count(summary, StepResult::done);
  const auto done = fmt::format("{} in {}", counted(steps, "step"), took);
  if (context.verb == "down") {
    return steps == 0 ? fmt::format("lab '{}': nothing was there\n", context.lab)
                      : fmt::format("lab '{}' is gone: {}\n", context.lab, done);
  }
  if (context.verb != "up") {
    return fmt::format("{} {}: {}\n", context.verb, context.target,
                       steps == 0 ? "nothing to do" : done);
  }
  auto text = fmt::format("{}: {}, {}\n", style.green(fmt::format("lab '{}' is up", context.lab)),
                          counted(context.nodes, "node"),
                          steps == 0 ? fmt::format("nothing to do (checked in {})", took) : done);
  text += "next:\n";
  text += command("vmlab status " + context.lab, "nodes, addresses, phases", style);
  if (context.dcos) {
    text += command("vmlab endpoints " + context.lab, "what answers, and where", style);
  }
  if (!context.first_node.empty()) {
    text += command(fmt::format("vmlab ssh --lab {} {}", context.lab, context.first_node),
                    "a shell on a node", style);
  }
  return text + command("vmlab down " + context.lab, "remove all of it", style);
}

/// What failed and what it kept from being started.
std::string causes(const RunSummary& summary, const RunModel& model, Style style) {
  const auto preflights = report_preflights(model);
  std::string text;
  for (const auto& failure : failures_of(summary, model, preflights)) {
    if (failure.first == nullptr) {
      text += render_error(preflights.text, {}, "", style);
    } else {
      const auto& step = *failure.first;
      text += render_error(step.message, step.trail, step.hint, style);
      text += fmt::format("  in: {}\n", printable(list_of(failure.titles)));
    }
    if (!failure.skipped.empty()) {
      text += fmt::format("  not started because of it: {}\n", printable(list_of(failure.skipped)));
    }
  }
  return text;
}

}  // namespace

std::string render_summary(const RunSummary& summary, const RunModel& model,
                           const SummaryContext& context, Style style) {
  if (summary.ok() && !summary.interrupted) return success(summary, context, style);
  auto text = causes(summary, model, style);
  const auto cancelled = count(summary, StepResult::cancelled);
  text +=
      fmt::format("{} after {}: {} done, {} failed, {} not started{}\n",
                  summary.interrupted ? style.yellow("interrupted") : style.red("failed"),
                  format_duration(summary.took), counted(count(summary, StepResult::done), "step"),
                  count(summary, StepResult::failed), count(summary, StepResult::skipped),
                  cancelled > 0 ? fmt::format(", {} stopped", cancelled) : "");
  if (has_evidence(summary) && !context.evidence.empty()) {
    text += fmt::format("evidence: {}\n", context.evidence);
  }
  text += "next:\n";
  const bool up = context.verb == "up";
  const auto again =
      fmt::format("vmlab {} {}", context.verb, up ? shell_quote(context.target) : context.target);
  text += command(again, "continues where it stopped", style);
  if (context.verb == "up") {
    text += command("vmlab status " + context.lab, "how far each node has come", style);
  }
  return text;
}

}  // namespace vmlab
