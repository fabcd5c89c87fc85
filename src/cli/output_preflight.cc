#include "cli/output_preflight.h"

#include <vector>

#include "dcos/preflight.h"

namespace vmlab {

namespace {

bool is_preflight(const std::string& id) {
  return id.find("/preflight/") != std::string::npos;
}

/// What the checks said: the message without `cannot <title> on '<node>': `.
std::string explanation_of(const StepView& step) {
  const auto& message = step.outcome.message;
  const auto opening = "on '" + step.node + "': ";
  const auto at = message.find(opening);
  return at == std::string::npos ? message : message.substr(at + opening.size());
}

}  // namespace

PreflightReport report_preflights(const RunModel& model) {
  PreflightReport report;
  std::vector<NodePreflight> nodes;
  for (const auto& step : model.steps()) {
    if (!is_preflight(step.id)) continue;
    const bool passed = step.state == StepView::State::done;
    const bool failed = step.state == StepView::State::failed;
    if (!passed && !failed) continue;
    if (failed) report.ids.insert(step.id);
    nodes.push_back({.node = step.node,
                     .passed = passed,
                     .explanation = failed ? explanation_of(step) : std::string()});
  }
  for (const auto& id : model.done_before()) {
    if (!is_preflight(id) || model.find(id) != nullptr) continue;
    nodes.push_back({.node = id.substr(id.rfind('/') + 1), .passed = true, .explanation = {}});
  }
  if (!report.ids.empty()) report.text = summarise_preflights(nodes);
  return report;
}

}  // namespace vmlab
