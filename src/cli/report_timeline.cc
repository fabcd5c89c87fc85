#include "cli/report_timeline.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "cli/page.h"
#include "cli/terminal.h"

namespace vmlab {

using std::chrono::milliseconds;
using Result = RecordedStep::Result;

const std::string_view timeline_style = R"(
.time { --who: 13rem; margin-top: .5rem; }
.time .at { display: grid; grid-template-columns: var(--who) minmax(0, 1fr); gap: 0 .75rem;
  align-items: center; }
.axis { position: relative; height: 1.5rem; color: var(--soft); font-size: .8rem; }
.axis span { position: absolute; white-space: nowrap; padding-left: .3rem;
  border-left: 1px solid var(--line); height: 100%; }
.lane { position: relative; display: block; overflow: hidden; align-self: stretch;
  background: linear-gradient(to right, var(--line) 1px, transparent 1px) 0 0 / var(--tick) 100%; }
.bar { position: absolute; height: .9rem; margin-top: .15rem; min-width: 2px; border-radius: 2px;
  background: var(--soft); overflow: hidden; color: transparent; }
.disk { background: var(--kind-4); }
.boot { background: var(--kind-1); }
.gate { background: var(--kind-3); }
.install { background: var(--kind-2); }
.bar.failed { background: repeating-linear-gradient(45deg, var(--bad) 0 5px, var(--back) 5px 7px); }
.bar.cut { background: repeating-linear-gradient(45deg, var(--soft) 0 5px, var(--back) 5px 7px); }
.critical { box-shadow: inset 0 -4px var(--text); }
.key { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; color: var(--soft); font-size: .9rem; }
.key .bar { position: static; display: inline-block; width: 1.6rem; margin: 0 .4rem 0 0;
  vertical-align: -.1rem; }
.node { border-top: 1px solid var(--line); }
.time summary { cursor: pointer; list-style: none; }
.who { padding: .3rem 0; }
.time summary::-webkit-details-marker { display: none; }
.who b::before { content: '\25b8'; display: inline-block; width: 1.1em; color: var(--soft);
  font-weight: 400; }
details[open] .who b::before { content: '\25be'; }
.who span { display: block; padding-left: 1.1em; font-size: .8rem; }
.steps { padding: 0 0 .75rem; font-size: .875rem; }
.step { padding: .2rem 0; }
.step .what { padding-left: 1.25em; }
.about { padding-left: 1.25rem; color: var(--soft); font-size: .8rem; }
.about ul { margin: .2rem 0 .4rem; padding-left: 1.1rem; }
.about summary { padding: 0; }
@media (min-width: 50rem) { .about { margin-left: calc(var(--who) + .75rem); padding: 0; } }
@media (max-width: 50rem) { .time .at { grid-template-columns: minmax(0, 1fr); }
  .lane { min-height: 1.2rem; } }
)";

namespace {

/// What kind of work a step is, as the colour of its bar.
const char* kind_of(const RecordedStep& step) {
  const auto starts = [&step](std::string_view prefix) { return step.id.starts_with(prefix); };
  if (starts("start/") || starts("fork/") || starts("template/") || starts("gate/ssh/") ||
      starts("gate/cloud-init/"))
    return "boot";
  if (step.id.find("gate/") != std::string::npos) return "gate";
  if (starts("dcos/") || starts("release") || starts("upload")) return "install";
  return "disk";
}

std::string said_of(const RecordedStep& step) {
  const auto took = format_duration(step.took);
  const auto from = format_duration(step.started);
  switch (step.result) {
    case Result::done:
      return fmt::format("{}, from {} on", took, from);
    case Result::failed:
      return fmt::format("failed after {}, from {} on", took, from);
    case Result::cancelled:
      return fmt::format("stopped after {}, from {} on", took, from);
    case Result::running:
      return fmt::format("not ended; began at {}", from);
    case Result::skipped:
      return "not begun: what it needs failed";
    case Result::waiting:
      break;
  }
  return "not begun";
}

/// `1:30`, `2:00:00`; `0.2 s` on an axis of less than seconds.
std::string axis_mark(milliseconds at, milliseconds tick) {
  const auto ms = at.count();
  if (ms == 0) return "0";
  if (tick < milliseconds(1000)) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
  const auto s = ms / 1000;
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

class Timeline {
 public:
  Timeline(const Report& report, const std::set<std::string>& critical)
      : report_(report), critical_(critical), whole_(report.record.took) {
    whole_ = std::max(whole_, milliseconds(1));
  }

  void add_to(pugi::xml_node parent) {
    add_key(parent);
    auto time = add_element(parent, "div", "time");
    const auto tick = tick_of(whole_);
    time.append_attribute("style").set_value(fmt::format("--tick: {:.4f}%", percent(tick)).c_str());
    add_axis(time, tick);
    add_lane(time, "", "lab", "");
    std::set<std::string> known = {""};
    for (const auto* node : report_.nodes) {
      known.insert(node->name);
      add_lane(time, node->name, node->name,
               fmt::format("{} · {}", to_text(node->role), node->address.text()));
    }
    for (const auto& step : report_.record.steps) {
      if (known.insert(step.node).second) {
        add_lane(time, step.node, step.node, "no longer in the topology");
      }
    }
  }

 private:
  static void add_key(pugi::xml_node parent) {
    auto key = add_element(parent, "div", "key");
    const auto entry = [&key](const char* css, const char* words) {
      auto span = add_element(key, "span", "");
      add_element(span, "span", fmt::format("bar {}", css), "\u00a0")
          .append_attribute("aria-hidden")
          .set_value("true");
      add_element(span, "span", "", words);
    };
    entry("disk", "images, disks, checkpoints");
    entry("boot", "boot");
    entry("gate", "gate");
    entry("install", "install");
    entry("failed", "failed");
    entry("cut", "cut off");
    entry("critical", "critical path");
  }

  void add_axis(pugi::xml_node parent, milliseconds tick) const {
    auto row = add_element(parent, "div", "at");
    add_element(row, "span", "", "\u00a0");
    auto axis = add_element(row, "div", "axis");
    for (milliseconds at{0}; at < whole_; at += tick) {
      // A mark at the very end has no room for its words.
      if (percent(at) > 91) break;
      add_element(axis, "span", "", axis_mark(at, tick))
          .append_attribute("style")
          .set_value(fmt::format("left: {:.4f}%", percent(at)).c_str());
    }
  }

  void add_lane(pugi::xml_node parent, const std::string& node, const std::string& title,
                const std::string& facts) const {
    std::vector<const RecordedStep*> steps;
    for (const auto& step : report_.record.steps) {
      if (step.node == node) steps.push_back(&step);
    }
    if (steps.empty()) return;
    std::ranges::stable_sort(
        steps, {}, [](const RecordedStep* step) { return std::pair(!step->ran(), step->started); });
    const auto failed = std::ranges::count(steps, Result::failed, &RecordedStep::result);
    auto fold = add_element(parent, "details", "node");
    if (failed > 0 && !node.empty()) fold.append_attribute("open").set_value("");
    auto summary = add_element(fold, "summary", "at");
    auto who = add_element(summary, "span", "who");
    add_element(who, "b", failed > 0 ? "bad" : "", title);
    auto counts = counted(steps.size(), "step");
    if (failed > 0) counts += fmt::format(", {} failed", failed);
    add_element(who, "span", "soft", facts.empty() ? counts : facts);
    if (!facts.empty()) add_element(who, "span", "soft", counts);
    add_bars(summary, steps);
    auto inside = add_element(fold, "div", "steps");
    for (const auto* step : steps) add_step(inside, *step);
  }

  /// Steps that run at the same time stand below each other.
  void add_bars(pugi::xml_node parent, const std::vector<const RecordedStep*>& steps) const {
    auto lane = add_element(parent, "span", "lane");
    std::vector<milliseconds> ends;  // of the last bar of each line
    for (const auto* step : steps) {
      if (!step->ran()) continue;
      const auto free = std::ranges::find_if(
          ends, [step](const milliseconds end) { return end <= step->started; });
      const auto line = static_cast<std::size_t>(free - ends.begin());
      if (free == ends.end()) ends.emplace_back();
      ends[line] = step->ended();
      add_bar(lane, *step, line);
    }
    if (ends.empty()) lane.text().set("\u00a0");
    lane.append_attribute("style").set_value(
        fmt::format("min-height: {:.1f}rem",
                    1.2 * static_cast<double>(std::max<std::size_t>(1, ends.size())))
            .c_str());
  }

  double percent(milliseconds time) const {
    return std::clamp(
        100.0 * static_cast<double>(time.count()) / static_cast<double>(whole_.count()), 0.0,
        100.0);
  }

  void add_bar(pugi::xml_node lane, const RecordedStep& step, std::size_t line) const {
    std::string css = "bar ";
    if (step.result == Result::failed) {
      css += "failed";
    } else {
      css += step.result == Result::done ? kind_of(step) : "cut";
    }
    if (critical_.contains(step.id)) css += " critical";
    // Not empty: an empty element is no element of HTML.
    auto bar = add_element(lane, "span", css, "\u00a0");
    bar.append_attribute("style").set_value(
        fmt::format("left: {:.3f}%; width: {:.3f}%; top: {:.1f}rem", percent(step.started),
                    percent(step.took), 1.2 * static_cast<double>(line))
            .c_str());
    const auto words = document_text(fmt::format("{}: {}", step.title, said_of(step)));
    bar.append_attribute("title").set_value(words.c_str());
  }

  void add_step(pugi::xml_node parent, const RecordedStep& step) const {
    auto element = add_element(parent, "div", "step");
    auto row = add_element(element, "div", "at");
    add_element(row, "span", step.result == Result::failed ? "what bad" : "what", step.title);
    add_bars(row, {&step});
    auto about = add_element(element, "div", "about");
    auto words = said_of(step);
    if (!step.why.empty()) words += " · because: " + step.why;
    add_element(about, "span", "", words);
    if (step.said.empty()) return;
    auto fold = add_element(about, "details", "");
    add_element(fold, "summary", "", fmt::format("what it said: {}", step.said.back().text));
    auto list = add_element(fold, "ul", "");
    for (const auto& said : step.said) {
      add_element(list, "li", "", fmt::format("{}: {}", format_duration(said.at), said.text));
    }
  }

  const Report& report_;
  const std::set<std::string>& critical_;
  milliseconds whole_;
};

}  // namespace

milliseconds tick_of(milliseconds whole) {
  using namespace std::chrono_literals;
  constexpr int most = 8;
  for (const milliseconds tick :
       {100ms, 200ms, 500ms, 1000ms, 2000ms, 5000ms, 10'000ms, 20'000ms, 30'000ms, 60'000ms,
        120'000ms, 300'000ms, 600'000ms, 1'200'000ms, 1'800'000ms, 3'600'000ms}) {
    if (whole <= tick * most) return tick;
  }
  return whole / most;
}

void add_timeline(pugi::xml_node parent, const Report& report,
                  const std::set<std::string>& critical) {
  Timeline(report, critical).add_to(parent);
}

}  // namespace vmlab
