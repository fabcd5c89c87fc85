#include "cli/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/text.h"
#include "base/units.h"
#include "cli/page.h"
#include "cli/report_timeline.h"
#include "cli/terminal.h"
#include "plan/critical_path.h"

namespace vmlab {

using std::chrono::milliseconds;
using Result = RecordedStep::Result;

namespace {

constexpr std::size_t most_of_part = 12'288;  // bytes of evidence that are shown

constexpr std::string_view style = R"(
.facts { display: flex; flex-wrap: wrap; gap: .5rem 2.25rem; margin: 1rem 0 0; }
.facts b { display: block; font-size: 1.3rem; line-height: 1.3; }
.failure { border: 1px solid var(--line); border-left: 5px solid var(--bad); border-radius: .4rem;
  background: var(--panel); padding: .75rem 1rem; margin: .75rem 0; }
.failure h3 { margin: 0; font-size: 1rem; color: var(--bad); }
.failure .cause { margin: .25rem 0; font-weight: 600; }
.failure p { margin: .25rem 0; }
.failure details { margin-top: .4rem; }
.failure summary { cursor: pointer; }
.failure h4 { margin: .75rem 0 0; font-size: .95rem; }
pre { overflow: auto; max-height: 20rem; background: var(--back); border: 1px solid var(--line);
  border-radius: .3rem; padding: .6rem .75rem; margin: .4rem 0; font-size: .8rem; line-height: 1.4;
  overflow-wrap: normal; }
.wide { overflow-x: auto; }
td.number, th.number { text-align: right; white-space: nowrap; padding-right: 1.25rem;
  font-variant-numeric: tabular-nums; }
.share { min-width: 6rem; width: 25%; }
.share span { display: block; height: .6rem; margin-top: .45rem; border-radius: 2px;
  background: var(--accent); color: transparent; overflow: hidden; }
tr.between td { color: var(--soft); }
tfoot td { border: 0; font-weight: 600; }
@media (max-width: 40rem) { .share { display: none; } }
)";

class ReportPage {
 public:
  explicit ReportPage(const Report& report)
      : report_(report),
        page_("run of lab " + report.lab, std::string(timeline_style) + std::string(style)),
        path_(critical_path(report.record)) {
    for (const auto& step : report.record.steps) by_id_[step.id] = &step;
  }

  std::string text() {
    head();
    failures();
    auto part = section("Timeline");
    add_timeline(part, report_, {path_.begin(), path_.end()});
    critical();
    sizes();
    notes();
    return page_.text();
  }

 private:
  pugi::xml_node section(const std::string& title) {
    auto element = add_element(page_.body(), "section", "");
    add_element(element, "h2", "", title);
    return element;
  }

  std::size_t count(Result result) const {
    return static_cast<std::size_t>(
        std::ranges::count(report_.record.steps, result, &RecordedStep::result));
  }

  void head() {
    const auto& record = report_.record;
    auto title = "Lab " + report_.lab;
    if (!record.command.empty()) title += ": vmlab " + record.command;
    add_element(page_.body(), "h1", "", title);
    add_element(page_.body(), "div", "soft",
                fmt::format("began {} · {}", report_.began, report_.topology));
    auto facts = add_element(page_.body(), "div", "facts");
    const auto fact = [&facts](const std::string& name, const std::string& value,
                               const char* css = "") {
      auto element = add_element(facts, "div", "");
      add_element(element, "b", css, value);
      add_element(element, "span", "soft", name);
    };
    const auto failed = count(Result::failed);
    if (failed > 0 || !record.error.empty()) {
      fact("outcome", "\u2717 failed", "bad");
    } else if (record.interrupted) {
      fact("outcome", "interrupted", "warn");
    } else if (!record.ended) {
      fact("outcome", report_.running ? "still running" : "cut off", "warn");
    } else {
      fact("outcome", "\u2713 done", "good");
    }
    fact(record.ended ? "took" : "known of", format_duration(record.took));
    fact("steps done", fmt::format("{} of {}", count(Result::done), record.steps.size()));
    if (failed > 0) fact("failed", std::to_string(failed), "bad");
    if (const auto held = count(Result::skipped); held > 0) {
      fact("not begun for it", std::to_string(held));
    }
    if (const auto cut = count(Result::running) + count(Result::cancelled); cut > 0) {
      fact(report_.running ? "running" : "cut off", std::to_string(cut), "warn");
    }
    fact("nodes", std::to_string(report_.nodes.size()));
    if (!record.ended && !report_.running) {
      add_element(page_.body(), "p", "soft",
                  "The run ended without a word: it was killed, or the host stopped. `vmlab up` "
                  "continues.");
    }
  }

  void failures() {
    const auto& record = report_.record;
    if (count(Result::failed) == 0 && record.error.empty()) return;
    auto part = section("Failures");
    if (!record.error.empty()) {
      add_element(add_element(part, "div", "failure"), "div", "cause", record.error);
    }
    for (const auto& step : record.steps) {
      if (step.result == Result::failed) add_failure(part, step);
    }
  }

  void add_failure(pugi::xml_node parent, const RecordedStep& step) {
    auto element = add_element(parent, "div", "failure");
    add_element(element, "h3", "", step.title);
    add_element(element, "div", "cause", step.message);
    for (const auto& line : step.trail) add_element(element, "p", "soft", line);
    if (!step.hint.empty()) add_element(element, "p", "", "hint: " + step.hint);
    add_element(element, "p", "soft",
                fmt::format("after {}, {} into the run", format_duration(step.took),
                            format_duration(step.ended())));
    std::vector<std::string> held;
    for (const auto& other : report_.record.steps) {
      if (other.result == Result::skipped && other.message == step.id) held.push_back(other.title);
    }
    if (!held.empty()) {
      auto fold = add_element(element, "details", "");
      add_element(fold, "summary", "", counted(held.size(), "step") + " not begun because of it");
      add_element(fold, "p", "soft", join(held, ", "));
    }
    for (const auto& evidence : report_.evidence) {
      if (evidence.step != step.id) continue;
      for (const auto& file : evidence.files) add_evidence(element, file, step);
    }
  }

  /// What is most likely to tell the cause is open at once.
  static bool tells(const EvidenceFile::Part& part, const RecordedStep& step) {
    const auto titled = [&part](const char* words) {
      return part.title.find(words) != std::string::npos;
    };
    if (titled("cloud-init-output")) return step.id.starts_with("gate/cloud-init/");
    if (titled("--failed")) return part.text.find("0 loaded units") == std::string::npos;
    return part.title.empty();
  }

  static void add_evidence(pugi::xml_node parent, const EvidenceFile& file,
                           const RecordedStep& step) {
    add_element(parent, "h4", "", std::filesystem::path(file.path).filename().string());
    for (const auto& part : file.parts) {
      auto fold = add_element(parent, "details", "");
      add_element(fold, "summary", "", part.title.empty() ? "its last lines" : part.title);
      if (tells(part, step)) fold.append_attribute("open").set_value("");
      add_element(fold, "pre", "", part.text.empty() ? "(nothing)" : part.text)
          .append_attribute("tabindex")
          .set_value("0");
    }
  }

  static pugi::xml_node table(pugi::xml_node parent,
                              const std::vector<std::pair<const char*, const char*>>& head) {
    auto whole = add_element(add_element(parent, "div", "wide"), "table", "");
    auto row = add_element(add_element(whole, "thead", ""), "tr", "");
    for (const auto& [css, title] : head) add_element(row, "th", css, title);
    return whole;
  }

  /// A bar as long as `part` is of `whole`.
  static void add_share(pugi::xml_node row, double part, double whole) {
    auto bar = add_element(add_element(row, "td", "share"), "span", "", "\u00a0");
    const auto percent = whole > 0 ? 100.0 * part / whole : 0.0;
    bar.append_attribute("style").set_value(
        fmt::format("width: max(1px, {:.1f}%)", std::clamp(percent, 0.0, 100.0)).c_str());
  }

  void critical() {
    if (path_.empty()) return;
    auto part = section("Critical path");
    add_element(part, "div", "soft",
                "What the run waited for, from its start to its end: only what is in this list can "
                "make it shorter.");
    auto whole =
        table(part, {{"", "Step"}, {"number", "From"}, {"number", "Took"}, {"share", " "}});
    auto body = add_element(whole, "tbody", "");
    const auto all = static_cast<double>(report_.record.took.count());
    const auto add = [&](const char* css, const std::string& title, milliseconds from,
                         milliseconds took) {
      auto row = add_element(body, "tr", css);
      add_element(row, "td", "", title);
      add_element(row, "td", "number", format_duration(from));
      add_element(row, "td", "number", format_duration(took));
      add_share(row, static_cast<double>(took.count()), all);
    };
    constexpr milliseconds worth_a_line{500};
    milliseconds reached{0};
    const auto between = [&](milliseconds until) {
      if (until - reached < worth_a_line) return;
      add("between", "no step: looking at the lab and planning", reached, until - reached);
    };
    for (const auto& id : path_) {
      const auto& step = *by_id_.at(id);
      between(step.started);
      add("", step.title, step.started, step.took);
      reached = step.ended();
    }
    between(report_.record.took);
  }

  void sizes() {
    if (report_.files.empty()) return;
    auto part = section("Sizes");
    auto whole =
        table(part, {{"", "File"}, {"number", "On disk"}, {"number", "Size"}, {"share", " "}});
    auto body = add_element(whole, "tbody", "");
    std::uint64_t all = 0;
    std::uint64_t most = 0;
    for (const auto& file : report_.files) {
      all += file.allocated_bytes;
      most = std::max(most, file.allocated_bytes);
    }
    for (const auto& file : report_.files) {
      auto row = add_element(body, "tr", "");
      add_element(row, "td", "", file.name);
      add_element(row, "td", "number", format_bytes(file.allocated_bytes));
      add_element(row, "td", "number", format_bytes(file.size_bytes));
      add_share(row, static_cast<double>(file.allocated_bytes), static_cast<double>(most));
    }
    auto row = add_element(add_element(whole, "tfoot", ""), "tr", "");
    add_element(row, "td", "", "in all");
    add_element(row, "td", "number", format_bytes(all));
  }

  void notes() {
    if (report_.record.notes.empty()) return;
    auto part = section("Notes");
    for (const auto& note : report_.record.notes) add_element(part, "p", "", note);
  }

  const Report& report_;
  Page page_;
  std::vector<std::string> path_;
  std::map<std::string, const RecordedStep*> by_id_;
};

/// The last lines, whole ones, of so much text.
std::string end_of(std::string text) {
  if (text.size() <= most_of_part) return text;
  const auto from = text.find('\n', text.size() - most_of_part);
  return "…\n" + text.substr(from == std::string::npos ? text.size() - most_of_part : from + 1);
}

}  // namespace

EvidenceFile evidence_file(const std::string& path, std::string_view text) {
  constexpr std::string_view heading = "===== ";
  EvidenceFile file{path, {}};
  for (const auto& line : lines(text)) {
    if (line.starts_with(heading)) {
      file.parts.push_back({line.substr(heading.size()), {}});
      continue;
    }
    if (file.parts.empty() && trim(line).empty()) continue;
    if (file.parts.empty()) file.parts.emplace_back();
    file.parts.back().text += line + "\n";
  }
  for (auto& part : file.parts) {
    // Tables begin with blanks.
    const auto from = part.text.find_first_not_of('\n');
    part.text = from == std::string::npos ? "" : part.text.substr(from);
    while (part.text.ends_with('\n')) part.text.pop_back();
    part.text = end_of(std::move(part.text));
  }
  return file;
}

std::string report_html(const Report& report) {
  return ReportPage(report).text();
}

}  // namespace vmlab
