// One run told in every form: plain lines, a terminal, JSON records, and the summary at its end.
#include <gtest/gtest.h>

#include "cli/output_summary.h"
#include "cli/progress_json.h"
#include "cli/progress_plain.h"
#include "cli/progress_tty.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using test::expect_golden;
using namespace std::chrono_literals;

PlannedStep step(const std::string& id, const std::string& node, const std::string& title,
                 Step what, std::vector<std::string> after = {}) {
  PlannedStep made;
  made.id = id;
  made.node = node;
  made.title = title;
  made.why = "missing";
  made.step = std::move(what);
  made.after = std::move(after);
  return made;
}

Plan a_plan() {
  Plan plan;
  plan.steps = {
      step("base/debian-12", "", "download image debian-12", DownloadBase{}),
      step("overlay/master-1", "master-1", "create disk of master-1", CreateOverlay{},
           {"base/debian-12"}),
      step("start/master-1", "master-1", "start master-1", StartDomain{}, {"overlay/master-1"}),
      step("gate/ssh/master-1", "master-1", "wait for ssh on master-1", AwaitGate{},
           {"start/master-1"}),
      step("overlay/agent-1", "agent-1", "create disk of agent-1", CreateOverlay{},
           {"base/debian-12"}),
      step("dcos/install/agent-1", "agent-1", "install DC/OS on agent-1", GuestScript{},
           {"overlay/agent-1", "gate/ssh/master-1"}),
  };
  plan.notes = {"KVM does not work here: guests are emulated"};
  return plan;
}

StepOutcome ended(const std::string& id, StepResult result, std::chrono::milliseconds took,
                  const std::string& message = "") {
  StepOutcome outcome;
  outcome.id = id;
  outcome.result = result;
  outcome.took = took;
  outcome.message = message;
  return outcome;
}

/// Feeds the same run to any reporter; `look` is called at moments worth looking at.
RunSummary play(Reporter& to, const std::function<void()>& look) {
  const auto plan = a_plan();
  const auto& steps = plan.steps;
  RunSummary summary;
  const auto finish = [&](const PlannedStep& one, StepOutcome outcome) {
    to.finished(one, outcome);
    summary.steps.push_back(std::move(outcome));
  };
  to.planned(plan);
  to.started(steps[0]);
  to.progress(steps[0], "from the mirror", 0, 536870912);
  to.tick(1s);
  to.progress(steps[0], "from the mirror", 402653184, 536870912);
  to.progress(steps[0], "from the mirror", 429496729, 536870912);
  look();
  to.tick(31s);
  finish(steps[0], ended("base/debian-12", StepResult::done, 31s));
  to.started(steps[1]);
  to.started(steps[4]);
  finish(steps[1], ended("overlay/master-1", StepResult::done, 40ms));
  finish(steps[4], ended("overlay/agent-1", StepResult::done, 45ms));
  to.started(steps[2]);
  finish(steps[2], ended("start/master-1", StepResult::done, 1200ms));
  to.started(steps[3]);
  to.progress(steps[3], "connection refused", 0, 0);
  to.tick(45s);
  look();
  to.tick(62s);
  auto failed = ended("gate/ssh/master-1", StepResult::failed, 600s,
                      "cannot pass gate 'ssh on master-1': connection refused\x1b[2J");
  failed.trail = {"working on node 'master-1'",
                  "evidence is in /var/lib/vmlab/labs/dcos/evidence/gate.ssh.master-1"};
  failed.hint = "look at its console: /var/lib/vmlab/labs/dcos/console/master-1.log";
  to.tick(662s);
  finish(steps[3], failed);
  finish(steps[5], ended("dcos/install/agent-1", StepResult::skipped, 0ms, "gate/ssh/master-1"));
  look();
  summary.took = 663s;
  to.ended(summary);
  return summary;
}

SummaryContext context() {
  return {.verb = "up",
          .lab = "dcos",
          .target = "topologies/dcos.yaml",
          .evidence = "/var/lib/vmlab/labs/dcos/evidence",
          .nodes = 2,
          .first_node = "master-1",
          .dcos = true};
}

class Text {
 public:
  Write writer() {
    return [this](std::string_view text) { text_ += text; };
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

TEST(PlainProgress, LinesHeartbeatAndSummary) {
  Text out;
  PlainProgress progress(out.writer(), {}, Detail::normal, {});
  const auto summary = play(progress, [] {});
  expect_golden("cli/progress-plain.txt",
                out.text() + render_summary(summary, progress.model(), context(), {}));
}

TEST(PlainProgress, QuietTellsFailuresOnly) {
  Text out;
  PlainProgress progress(out.writer(), {}, Detail::quiet, {});
  play(progress, [] {});
  expect_golden("cli/progress-quiet.txt", out.text());
}

TEST(PlainProgress, VerboseTellsWhatStepsSay) {
  Text out;
  PlainProgress progress(out.writer(), {}, Detail::verbose, {});
  play(progress, [] {});
  expect_golden("cli/progress-verbose.txt", out.text());
}

TEST(PlainProgress, SaysOnceThatItStops) {
  Text out;
  std::stop_source stop;
  PlainProgress progress(out.writer(), {}, Detail::normal, stop.get_token());
  const auto plan = a_plan();
  progress.planned(plan);
  progress.started(plan.steps[0]);
  stop.request_stop();
  progress.tick(2s);
  progress.tick(3s);
  progress.finished(plan.steps[0], ended("base/debian-12", StepResult::cancelled, 3s));
  RunSummary summary;
  summary.steps = {ended("base/debian-12", StepResult::cancelled, 3s)};
  summary.interrupted = true;
  summary.took = 3s;
  expect_golden("cli/progress-stopped.txt",
                out.text() + render_summary(summary, progress.model(), context(), {}));
}

TEST(TtyProgress, ALinePerNode) {
  std::string frames;
  TtyProgress progress([](std::string_view) {}, {}, "dcos",
                       [] {
                         return TerminalSize{24, 80};
                       },
                       {});
  play(progress, [&] {
    for (const auto& line : progress_lines(progress.model(), "dcos", {24, 80})) {
      frames += line + "\n";
    }
    frames += "--\n";
  });
  expect_golden("cli/progress-tty.txt", frames);
}

TEST(TtyProgress, WhatIsWrittenToTheTerminal) {
  Text out;
  TtyProgress progress(out.writer(), {}, "dcos", [] { return TerminalSize{24, 60}; }, {});
  play(progress, [] {});
  std::string visible;
  for (const char c : out.text()) visible += c == '\x1b' ? std::string("<ESC>") : std::string(1, c);
  expect_golden("cli/progress-tty-raw.txt", visible);
}

TEST(TtyProgress, FitsTheScreen) {
  RunModel model;
  Plan plan;
  for (int i = 1; i <= 100; ++i) {
    const auto name = "agent-" + std::to_string(i);
    plan.steps.push_back(step("start/" + name, name, "start " + name, StartDomain{}));
  }
  model.planned(plan);
  model.started(plan.steps[90]);
  model.progress(plan.steps[90], std::string(500, 'x'), 0, 0);
  const auto lines = progress_lines(model, "dcos", {10, 40});
  EXPECT_LE(lines.size(), 9U);
  for (const auto& line : lines) EXPECT_LE(width(line), 39U) << line;
  EXPECT_NE(lines[1].find("agent-91"), std::string::npos) << "what runs comes first";
  EXPECT_NE(lines.back().find("93 more nodes"), std::string::npos) << lines.back();
}

TEST(JsonProgress, OneRecordALine) {
  Text out;
  JsonEvents events(out.writer(), [] {
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(1769860800123));
  });
  events.set_lab("dcos");
  JsonProgress progress(events);
  play(progress, [] {});
  Error error("cannot connect to 'qemu:///system': no such file", "start libvirtd");
  error.add_context("looking for networks");
  events.error(error);
  events.diagnostic({"lab.yaml", 2, 8, "unknown image", "did you mean 'debian-12'?"});
  events.diagnostic({"lab.yaml", 0, 0, "no such file", ""});
  events.note("something worth knowing");
  expect_golden("cli/progress.jsonl", out.text());
  std::istringstream lines(out.text());
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    EXPECT_TRUE(record.contains("type") && record.contains("time") && record.contains("lab"));
  }
}

TEST(Summary, SuccessSaysWhatNext) {
  RunModel model;
  RunSummary summary;
  summary.took = 1500ms;
  auto text = render_summary(summary, model, context(), {});
  summary.steps = {ended("a", StepResult::done, 1s)};
  summary.took = 754s;
  text += render_summary(summary, model, context(), {});
  auto other = context();
  other.verb = "down";
  text += render_summary(summary, model, other, {});
  text += render_summary({}, model, other, {});
  other.verb = "image build";
  other.lab.clear();
  other.target = "debian-12";
  text += render_summary(summary, model, other, {});
  text += render_summary({}, model, other, {});
  expect_golden("cli/summary-success.txt", text);
}

TEST(Summary, WhatContinuesIsTheCommandThatWasGiven) {
  RunSummary summary;
  summary.steps = {ended("a", StepResult::failed, 1s)};
  auto reset = context();
  reset.verb = "reset";
  reset.target = "agent-1 --lab quickstart";
  const auto text = render_summary(summary, {}, reset, {});
  EXPECT_NE(text.find("  vmlab reset agent-1 --lab quickstart "), std::string::npos) << text;
}

TEST(Summary, PreflightsOfAllNodesAreOneReport) {
  Plan plan;
  RunModel model;
  RunSummary summary;
  for (const std::string node : {"agent-1", "agent-2", "master-1", "master-2"}) {
    const auto id = "dcos/preflight/" + node;
    plan.steps.push_back(step(id, node, "check " + node, GuestScript{}));
    plan.steps.push_back(
        step("dcos/install/" + node, node, "install DC/OS on " + node, GuestScript{}, {id}));
  }
  model.planned(plan);
  const auto finish = [&](std::size_t i, StepOutcome outcome) {
    model.finished(plan.steps[i], outcome);
    summary.steps.push_back(std::move(outcome));
  };
  const auto why = [](const std::string& node, const std::string& check) {
    return "cannot check " + node + " on '" + node + "': 1 preflight check failed\n- " + check;
  };
  finish(0, ended("dcos/preflight/agent-1", StepResult::failed, 1s,
                  why("agent-1", "port 5051: in use")));
  finish(1, ended("dcos/install/agent-1", StepResult::skipped, 0s, "dcos/preflight/agent-1"));
  finish(2, ended("dcos/preflight/agent-2", StepResult::failed, 1s,
                  why("agent-2", "port 5051: in use")));
  finish(3, ended("dcos/install/agent-2", StepResult::skipped, 0s, "dcos/preflight/agent-2"));
  finish(4, ended("dcos/preflight/master-1", StepResult::done, 1s));
  finish(5, ended("dcos/install/master-1", StepResult::done, 1s));
  finish(6, ended("dcos/preflight/master-2", StepResult::failed, 1s,
                  why("master-2", "docker: too old")));
  finish(7, ended("dcos/install/master-2", StepResult::skipped, 0s, "dcos/preflight/master-2"));
  summary.took = 65s;
  expect_golden("cli/summary-preflight.txt", render_summary(summary, model, context(), {}));
}

TEST(Summary, TheSameCauseIsToldOnce) {
  Plan plan;
  RunModel model;
  RunSummary summary;
  for (int i = 1; i <= 12; ++i) {
    const auto name = "agent-" + std::to_string(i);
    plan.steps.push_back(step("overlay/" + name, name, "create disk of " + name, CreateOverlay{}));
    auto outcome = ended("overlay/" + name, StepResult::failed, 1s, "cannot write: no space left");
    model.planned(plan);
    model.finished(plan.steps.back(), outcome);
    summary.steps.push_back(outcome);
  }
  summary.took = 2s;
  expect_golden("cli/summary-same-cause.txt", render_summary(summary, model, context(), {}));
}

}  // namespace
}  // namespace vmlab
