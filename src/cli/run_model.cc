#include "cli/run_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace vmlab {

namespace {

struct PhaseWord {
  std::string operator()(const BuildBase&) const { return "image"; }
  std::string operator()(const DownloadBase&) const { return "image"; }
  std::string operator()(const PrepareImage&) const { return "image"; }
  std::string operator()(const MakeKeys&) const { return "keys"; }
  std::string operator()(const DefineNetwork&) const { return "network"; }
  std::string operator()(const SetDnsHosts&) const { return "network"; }
  std::string operator()(const CreateOverlay&) const { return "disks"; }
  std::string operator()(const CreateDataDisk&) const { return "disks"; }
  std::string operator()(const WriteSeed&) const { return "disks"; }
  std::string operator()(const DefineDomain&) const { return "define"; }
  std::string operator()(const StartDomain&) const { return "boot"; }
  std::string operator()(const StopDomain&) const { return "stop"; }
  std::string operator()(const MakeTemplate&) const { return "image"; }
  std::string operator()(const ForkDomain&) const { return "boot"; }
  std::string operator()(const AwaitGate&) const { return "wait"; }
  std::string operator()(const FetchRelease&) const { return "release"; }
  std::string operator()(const UploadRelease&) const { return "release"; }
  std::string operator()(const GuestScript&) const { return "install"; }
  std::string operator()(const SaveCheckpoint&) const { return "save"; }
  std::string operator()(const RestoreCheckpoint&) const { return "restore"; }
  std::string operator()(const RemoveCheckpoint&) const { return "remove"; }
  std::string operator()(const ForgetSnapshots&) const { return "remove"; }
  std::string operator()(const CorrectClock&) const { return "clock"; }
  std::string operator()(const ShutDown&) const { return "stop"; }
  std::string operator()(const MarkAgentGone&) const { return "leave"; }
  std::string operator()(const WriteFile&) const { return "note"; }
  std::string operator()(const RemoveDomain&) const { return "remove"; }
  std::string operator()(const RemoveNetwork&) const { return "remove"; }
  std::string operator()(const RemoveFiles&) const { return "remove"; }
};

StepView::State state_of(StepResult result) {
  switch (result) {
    case StepResult::done:
      return StepView::State::done;
    case StepResult::failed:
      return StepView::State::failed;
    case StepResult::skipped:
      return StepView::State::skipped;
    case StepResult::cancelled:
      return StepView::State::cancelled;
  }
  return StepView::State::failed;
}

}  // namespace

std::string phase_word(const Step& step) {
  return std::visit(PhaseWord{}, step);
}

std::string bytes_text(std::uint64_t done, std::uint64_t total) {
  if (total == 0) return {};
  const auto share = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  return fmt::format("{} of {} ({:.0f} %)", format_bytes(done), format_bytes(total),
                     std::min(share * 100.0, 100.0));
}

void RunModel::planned(const Plan& plan) {
  done_before_.insert(plan.done_before.begin(), plan.done_before.end());
  for (const auto& step : plan.steps) {
    auto& known = view(step);
    known.state = StepView::State::planned;
    known.text.clear();
    known.why = step.why;
    known.after = step.after;
  }
}

StepView& RunModel::view(const PlannedStep& step) {
  const auto [place, added] = places_.emplace(step.id, steps_.size());
  if (added) {
    StepView fresh;
    fresh.id = step.id;
    fresh.node = step.node;
    fresh.title = step.title;
    fresh.why = step.why;
    fresh.phase = phase_word(step.step);
    fresh.after = step.after;
    steps_.push_back(std::move(fresh));
  }
  return steps_[place->second];
}

void RunModel::started(const PlannedStep& step) {
  auto& known = view(step);
  known.state = StepView::State::running;
  known.started_at = elapsed_;
  known.text.clear();
  known.done_bytes = known.total_bytes = 0;
}

void RunModel::progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                        std::uint64_t total) {
  auto& known = view(step);
  known.text = text;
  known.done_bytes = done;
  known.total_bytes = total;
}

void RunModel::finished(const PlannedStep& step, const StepOutcome& outcome) {
  auto& known = view(step);
  known.state = state_of(outcome.result);
  known.outcome = outcome;
}

void RunModel::tick(std::chrono::milliseconds elapsed) {
  // A run may execute several plans, each with a time of its own that starts at zero.
  if (elapsed < elapsed_) {
    for (auto& step : steps_) step.started_at = std::min(step.started_at, elapsed);
  }
  elapsed_ = elapsed;
}

const StepView* RunModel::find(const std::string& id) const {
  const auto place = places_.find(id);
  return place == places_.end() ? nullptr : &steps_[place->second];
}

std::size_t RunModel::count(StepView::State state) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(steps_, [&](const StepView& s) { return s.state == state; }));
}

std::vector<const StepView*> RunModel::running() const {
  std::vector<const StepView*> found;
  for (const auto& step : steps_) {
    if (step.state == StepView::State::running) found.push_back(&step);
  }
  return found;
}

std::vector<std::string> RunModel::waits_for(const StepView& step) const {
  std::vector<std::string> running_titles;
  std::vector<std::string> planned_titles;
  for (const auto& id : step.after) {
    const auto* other = find(id);
    if (other == nullptr || other->ended()) continue;
    (other->state == StepView::State::running ? running_titles : planned_titles)
        .push_back(other->title);
  }
  running_titles.insert(running_titles.end(), planned_titles.begin(), planned_titles.end());
  return running_titles;
}

}  // namespace vmlab
