#include "run/shared_remarks.h"

#include <algorithm>

#include "base/text.h"

namespace vmlab {

namespace {

/// Its id without the node.
std::string kind_of(const PlannedStep& step) {
  return step.node.empty() ? step.id : step.id.substr(0, step.id.rfind('/'));
}

}  // namespace

SharedRemarks::SharedRemarks(const Plan& plan) : plan_(plan) {
  for (const auto& step : plan.steps) ++left_[kind_of(step)];
}

void SharedRemarks::add(std::size_t step, const std::string& text) {
  const auto kind = kind_of(plan_.steps[step]);
  const auto same = std::ranges::find_if(
      held_, [&](const Remark& known) { return known.kind == kind && known.text == text; });
  if (same == held_.end()) {
    held_.push_back({kind, text, {step}});
  } else {
    same->steps.insert(step);
  }
}

void SharedRemarks::ended(std::size_t step, Reporter& reporter) {
  const auto kind = kind_of(plan_.steps[step]);
  if (--left_[kind] > 0) return;
  std::erase_if(held_, [&](const Remark& remark) {
    if (remark.kind != kind) return false;
    tell(remark, reporter);
    return true;
  });
}

void SharedRemarks::tell_all(Reporter& reporter) {
  for (const auto& remark : held_) tell(remark, reporter);
  held_.clear();
}

void SharedRemarks::tell(const Remark& remark, Reporter& reporter) const {
  std::vector<std::string> nodes;
  for (const auto step : remark.steps) {
    if (const auto& node = plan_.steps[step].node; !node.empty()) nodes.push_back(node);
  }
  reporter.remark(plan_.steps[*remark.steps.begin()],
                  nodes.empty() ? remark.text : join(nodes, ", ") + ": " + remark.text);
}

}  // namespace vmlab
