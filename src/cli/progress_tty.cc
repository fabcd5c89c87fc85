#include "cli/progress_tty.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/units.h"

namespace vmlab {

namespace {

using State = StepView::State;

constexpr std::chrono::milliseconds redraw_every{200};

/// A node's steps and what they come to.
struct NodeLine {
  std::string name;
  std::vector<const StepView*> running;
  const StepView* next = nullptr;  // first planned step
  const StepView* failed = nullptr;
  bool skipped = false;
  bool cancelled = false;

  /// Lower comes first when there is no room for all.
  int urgency() const {
    if (!running.empty()) return 0;
    if (failed != nullptr) return 1;
    return next != nullptr ? 2 : 3;
  }
};

std::string seconds_text(std::chrono::milliseconds duration) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(duration);
  return whole.count() > 0 ? format_duration(whole) : std::string();
}

std::vector<NodeLine> node_lines(const RunModel& model) {
  std::vector<NodeLine> found;
  std::map<std::string, std::size_t> places;
  for (const auto& step : model.steps()) {
    const auto [place, added] = places.emplace(step.node, found.size());
    if (added) found.emplace_back().name = step.node;
    auto& line = found[place->second];
    switch (step.state) {
      case State::running:
        line.running.push_back(&step);
        break;
      case State::planned:
        if (line.next == nullptr) line.next = &step;
        break;
      case State::failed:
        if (line.failed == nullptr) line.failed = &step;
        break;
      case State::skipped:
        line.skipped = true;
        break;
      case State::cancelled:
        line.cancelled = true;
        break;
      case State::done:
        break;
    }
  }
  // The lab's own line first.
  std::ranges::stable_sort(found, {}, [](const NodeLine& line) { return !line.name.empty(); });
  return found;
}

struct Cells {
  std::string phase;
  std::string text;
  std::string time;
};

Cells cells_of(const NodeLine& line, const RunModel& model) {
  if (!line.running.empty()) {
    const auto& step = *line.running.front();
    auto text = step.title;
    if (!step.text.empty()) text += ": " + step.text;
    const auto bytes = bytes_text(step.done_bytes, step.total_bytes);
    if (!bytes.empty()) text += " " + bytes;
    if (line.running.size() > 1) text += fmt::format(" (+{})", line.running.size() - 1);
    return {step.phase, text, seconds_text(model.elapsed() - step.started_at)};
  }
  if (line.failed != nullptr) return {"failed", first_line(line.failed->outcome.message), ""};
  if (line.cancelled) return {"stopped", "", ""};
  if (line.skipped) return {"skipped", "not started", ""};
  if (line.next != nullptr) {
    const auto waits = model.waits_for(*line.next);
    if (waits.empty()) return {"queued", line.next->title, ""};
    return {"queued", "after: " + waits.front(), ""};
  }
  return {"done", "", ""};
}

}  // namespace

std::vector<std::string> progress_lines(const RunModel& model, const std::string& lab,
                                        TerminalSize size) {
  const auto columns = std::max<std::size_t>(size.columns, 20) - 1;
  std::vector<std::string> text;
  text.push_back(
      clip(fmt::format("lab {}  {} of {}  {}", printable(lab), model.count(State::done),
                       counted(model.steps().size(), "step"), seconds_text(model.elapsed())),
           columns));
  auto nodes = node_lines(model);
  const auto room = std::max<std::size_t>(size.rows, 4) - 3;
  std::size_t hidden = 0;
  if (nodes.size() > room) {
    std::ranges::stable_sort(nodes, {}, &NodeLine::urgency);
    hidden = nodes.size() - room;
    nodes.resize(room);
  }
  std::size_t name_width = 3;
  for (const auto& node : nodes) name_width = std::max(name_width, width(printable(node.name)));
  name_width = std::min<std::size_t>(name_width, 24);
  for (const auto& node : nodes) {
    const auto cells = cells_of(node, model);
    const auto name = node.name.empty() ? "lab" : clip(printable(node.name), name_width);
    auto line = fmt::format("  {}  {}  ", pad(name, name_width), pad(cells.phase, 7));
    const auto used = width(line) + (cells.time.empty() ? 0 : width(cells.time) + 2);
    line += clip(printable(cells.text), columns > used ? columns - used : 0);
    if (!cells.time.empty()) line += "  " + cells.time;
    line.erase(line.find_last_not_of(' ') + 1);
    text.push_back(clip(line, columns));
  }
  if (hidden > 0) text.push_back(fmt::format("  and {}", counted(hidden, "more node")));
  return text;
}

TtyProgress::TtyProgress(Write write, Style style, std::string lab,
                         std::function<TerminalSize()> size, std::stop_token stop)
    : write_(std::move(write)),
      style_(style),
      lab_(std::move(lab)),
      size_(std::move(size)),
      stop_(std::move(stop)) {}

std::string TtyProgress::erase() const {
  if (drawn_.empty()) return {};
  return fmt::format("\x1b[{}A\r\x1b[J", drawn_.size());
}

void TtyProgress::redraw() {
  auto fresh = progress_lines(model_, lab_, size_());
  if (fresh == drawn_) return;
  auto text = erase();
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    text += (i == 0 ? style_.bold(fresh[i]) : fresh[i]) + "\n";
  }
  drawn_ = std::move(fresh);
  write_(text);
}

void TtyProgress::say(const std::string& text) {
  write_(erase() + text + "\n");
  drawn_.clear();
}

void TtyProgress::planned(const Plan& plan) {
  model_.planned(plan);
  for (const auto& note : plan.notes) say(style_.yellow("note:") + " " + printable(note));
  if (!model_.steps().empty()) redraw();
}

void TtyProgress::started(const PlannedStep& step) {
  model_.started(step);
}

void TtyProgress::progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                           std::uint64_t total) {
  model_.progress(step, text, done, total);
}

void TtyProgress::remark(const PlannedStep& /*step*/, const std::string& text) {
  say(style_.yellow("note:") + " " + printable(text));
}

void TtyProgress::finished(const PlannedStep& step, const StepOutcome& outcome) {
  model_.finished(step, outcome);
  if (outcome.result == StepResult::failed) {
    say(fmt::format("{} {}: {}", style_.red("failed"), printable(step.title),
                    first_line(outcome.message)));
  }
}

void TtyProgress::tick(std::chrono::milliseconds elapsed) {
  model_.tick(elapsed);
  if (stop_.stop_requested() && !told_stop_) {
    told_stop_ = true;
    const auto running = model_.running().size();
    if (running > 0) say(style_.yellow(stop_notice(running)));
  }
  if (model_.steps().empty()) return;
  // Ticks also come with every event, faster than anybody reads.
  if (!drawn_.empty() && elapsed >= last_drawn_ && elapsed - last_drawn_ < redraw_every) return;
  last_drawn_ = elapsed;
  redraw();
}

void TtyProgress::ended(const RunSummary& /*summary*/) {
  // The summary that follows says it all.
  write_(erase());
  drawn_.clear();
}

}  // namespace vmlab
