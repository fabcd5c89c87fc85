// The page of a run, as files under review: tests/golden/cli/report-*.html. tests/pages looks at
// them in a browser.
#include "cli/report.h"

#include <fmt/format.h>

#include <pugixml.hpp>

#include "cli/report_timeline.h"
#include "support/commands_fixture.h"
#include "support/golden.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::expect_golden;
using Result = RecordedStep::Result;

class ReportPage : public testing::Test {
 protected:
  ReportPage() : lab_(test::quickstart()) {
    report_.lab = lab_.name;
    report_.topology = lab_.file;
    report_.began = "2026-01-02 03:04:05";
    report_.record.command = "up";
    for (const auto& node : lab_.nodes) report_.nodes.push_back(&node);
  }

  RecordedStep& add(const std::string& id, const std::string& node, const std::string& title,
                    std::vector<std::string> after, milliseconds from, milliseconds until) {
    RecordedStep step;
    step.id = id;
    step.node = node;
    step.title = title;
    step.why = "missing";
    step.after = std::move(after);
    step.started = from;
    step.took = until - from;
    step.result = Result::done;
    report_.record.steps.push_back(std::move(step));
    return report_.record.steps.back();
  }

  /// Six nodes boot two at a time; the install of an agent fails.
  void a_run_that_failed() {
    add("keys", "", "make ssh keys", {}, milliseconds(3), milliseconds(160));
    add("network", "", "define network quickstart (192.168.100.0/24)", {}, milliseconds(5),
        milliseconds(420));
    add("prepare-image/debian-12", "", "prepare image debian-12", {}, milliseconds(6), seconds(31));
    seconds boot{31};
    std::size_t index = 0;
    std::vector<std::string> prepared;
    for (const auto& node : lab_.nodes) {
      const auto& name = node.name;
      add("overlay/" + name, name, "create overlay for " + name, {"prepare-image/debian-12"},
          seconds(31), milliseconds(31'180));
      add("start/" + name, name, "start " + name, {"overlay/" + name, "network"}, boot,
          boot + milliseconds(900));
      auto& ssh = add("gate/ssh/" + name, name, "wait for ssh on " + name, {"start/" + name},
                      boot + milliseconds(900), boot + seconds(22));
      ssh.said = {{boot + seconds(1), "connection refused"},
                  {boot + seconds(9), "no route to host"},
                  {boot + seconds(20), "connection refused"}};
      add("gate/cloud-init/" + name, name, "wait for cloud-init on " + name, {"gate/ssh/" + name},
          boot + seconds(22), boot + seconds(29));
      prepared.push_back("gate/cloud-init/" + name);
      if (++index % 2 == 0) boot += seconds(29);
    }
    add("dcos/genconf", "bootstrap", "generate the configuration on bootstrap", prepared, boot,
        boot + seconds(12));
    for (const std::string name : {"master-1", "master-2", "master-3"}) {
      add("dcos/install/" + name, name, "install DC/OS on " + name, {"dcos/genconf"},
          boot + seconds(12), boot + seconds(41));
    }
    add("gate/zookeeper-quorum", "", "wait for the quorum of ZooKeeper", {"dcos/install/master-2"},
        boot + seconds(41), boot + seconds(66));
    auto& failed = add("dcos/install/agent-1", "agent-1", "install DC/OS on agent-1",
                       {"gate/zookeeper-quorum"}, boot + seconds(66), boot + seconds(71));
    failed.result = Result::failed;
    failed.message =
        "cannot install DC/OS on 'agent-1': dcos_install.sh ended with 1: "
        "Failed to start dcos-setup.service";
    failed.trail = {"working on node 'agent-1'",
                    "evidence is in /state/labs/quickstart/evidence/dcos.install.agent-1"};
    failed.hint = "`vmlab logs agent-1 --components` shows the journals of its units";
    add("dcos/install/public-1", "public-1", "install DC/OS on public-1", {"gate/zookeeper-quorum"},
        boot + seconds(66), boot + seconds(95));
    for (const std::string id : {"gate/agents", "checkpoint/installed"}) {
      auto& skipped =
          add(id, "",
              id == "gate/agents" ? "wait for the agents to register" : "save checkpoint installed",
              {"dcos/install/agent-1"}, {}, {});
      skipped.result = Result::skipped;
      skipped.message = "dcos/install/agent-1";
    }
    report_.record.took = boot + seconds(96);
    report_.record.ended = true;
    report_.record.notes = {"KVM was tried and does not work here: nodes are emulated, and slow"};
    const std::string place = "/state/labs/quickstart/evidence/dcos.install.agent-1/";
    report_.evidence = {
        {"dcos/install/agent-1",
         {evidence_file(place + "agent-1.console",
                        "[    0.000000] Linux version 6.1.0-42-cloud-amd64\n"
                        "[  OK  ] Reached target multi-user.target\n"
                        "agent-1 login: \n"),
          evidence_file(place + "agent-1.guest",
                        "\n===== systemctl --no-pager --failed\n"
                        "  UNIT               LOAD   ACTIVE SUB    DESCRIPTION\n"
                        "● dcos-setup.service loaded failed failed Pkgpanda: Specialize this node\n"
                        "\n===== free -m\n"
                        "               total        used        free\n"
                        "Mem:            7938         412        7101\n"
                        "\n===== chronyc -n tracking\n")}}};
    constexpr std::uint64_t mib = 1024UL * 1024;
    report_.files = {{"image debian-12", 1180 * mib, 20'480 * mib}};
    for (const auto& node : lab_.nodes) {
      report_.files.push_back({"disk of " + node.name, 640 * mib, 20'480 * mib});
    }
    report_.files.push_back({"/var/lib/mesos of agent-1", 6 * mib, 10'240 * mib});
  }

  pugi::xml_document page() {
    pugi::xml_document document;
    const auto text = report_html(report_);
    EXPECT_TRUE(document.load_string(text.c_str(), pugi::parse_default | pugi::parse_doctype))
        << text;
    return document;
  }

  Lab lab_;
  Report report_;
};

TEST_F(ReportPage, OfARunThatFailed) {
  a_run_that_failed();
  expect_golden("cli/report-failed.html", report_html(report_));
}

TEST_F(ReportPage, OfARunThatWasCutOff) {
  report_.lab = "a-lab-of-a-rather-long-name";
  add("prepare-image/debian-12", "", "prepare image debian-12", {}, seconds(0), seconds(58));
  auto& cut = add("gate/ssh/master-1", "master-1", "wait for ssh on master-1",
                  {"prepare-image/debian-12"}, seconds(58), milliseconds(71'300));
  cut.result = Result::running;
  cut.said = {{seconds(71), "connection refused"}};
  add("gate/cloud-init/master-1", "master-1", "wait for cloud-init on master-1",
      {"gate/ssh/master-1"}, {}, {})
      .result = Result::waiting;
  report_.record.took = milliseconds(71'300);
  expect_golden("cli/report-cut-off.html", report_html(report_));
  EXPECT_NE(report_html(report_).find("cut off"), std::string::npos);
  report_.running = true;
  EXPECT_NE(report_html(report_).find("still running"), std::string::npos);
  EXPECT_EQ(report_html(report_).find("was killed"), std::string::npos);
}

TEST_F(ReportPage, DrawsEveryStepThatRanAndNamesTheOthers) {
  a_run_that_failed();
  const auto document = page();
  std::size_t ran = 0;
  for (const auto& step : report_.record.steps) {
    if (step.ran()) ++ran;
    EXPECT_TRUE(document.select_node(
        fmt::format("//div[@class='step']//span[contains(., '{}')]", step.title).c_str()))
        << step.title;
  }
  EXPECT_EQ(document.select_nodes("//summary//span[contains(@class, 'bar ')]").size(), ran);
  EXPECT_EQ(document.select_nodes("//div[@class='step']//span[contains(@class, 'bar ')]").size(),
            ran);
  EXPECT_EQ(document.select_nodes("//summary//span[contains(@class, 'bar failed')]").size(), 1U);
}

TEST_F(ReportPage, CriticalPathAndWhatLiesBetweenMakeTheWhole) {
  report_.files.clear();
  add("a", "", "do a", {}, seconds(2), seconds(5));
  add("b", "", "do b", {}, seconds(9), seconds(10));
  report_.record.took = seconds(12);
  report_.record.ended = true;
  std::vector<std::string> rows;
  const auto document = page();
  for (const auto& row : document.select_nodes("//tbody/tr")) {
    std::string text;
    for (const auto& cell : row.node().children("td")) text += std::string(cell.text().get()) + "|";
    rows.push_back(text);
  }
  const std::string between = "no step: looking at the lab and planning";
  EXPECT_EQ(rows, (std::vector<std::string>{between + "|0 ms|2 s||", "do a|2 s|3 s||",
                                            between + "|5 s|4 s||", "do b|9 s|1 s||",
                                            between + "|10 s|2 s||"}));
}

TEST_F(ReportPage, NothingOfAValueBecomesMarkup) {
  a_run_that_failed();
  const std::string evil = "</pre><script>alert('x')</script>\x1b[31m\x01 & \xff";
  report_.record.steps[0].title = evil;
  report_.record.steps[0].said = {{milliseconds(1), evil}};
  report_.record.notes = {evil};
  report_.evidence[0].files[0].parts[0].text = evil;
  report_.evidence[0].files[0].path = evil;
  report_.topology = evil;
  const auto document = page();
  EXPECT_FALSE(document.select_node("//script"));
  EXPECT_TRUE(document.select_node("//pre[contains(., '<script>')]"));
  const auto text = report_html(report_);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\xff'), std::string::npos);
}

TEST_F(ReportPage, AnEmptyRunIsAPageToo) {
  EXPECT_FALSE(page().select_node("//table"));
}

TEST(Evidence, IsSplitAtItsHeadingsAndKeepsTheEnds) {
  std::string log;
  for (int i = 0; i < 5000; ++i) log += fmt::format("line {}\n", i);
  const auto file = evidence_file("/x", "\n===== one\n\n  a\nb\n\n===== two\n" + log);
  ASSERT_EQ(file.parts.size(), 2U);
  EXPECT_EQ(file.parts[0].title, "one");
  EXPECT_EQ(file.parts[0].text, "  a\nb");
  EXPECT_LT(file.parts[1].text.size(), 13'000U);
  EXPECT_TRUE(file.parts[1].text.starts_with("…\nline "));
  EXPECT_TRUE(file.parts[1].text.ends_with("\nline 4999"));
  EXPECT_TRUE(evidence_file("/x", "").parts.empty());
}

TEST(Axis, HasFewMarksAtRoundTimes) {
  EXPECT_EQ(tick_of(milliseconds(90)), milliseconds(100));
  EXPECT_EQ(tick_of(seconds(61)), seconds(10));
  EXPECT_EQ(tick_of(seconds(336)), seconds(60));
  EXPECT_EQ(tick_of(std::chrono::hours(80)), std::chrono::hours(10));
}

class ReportCommand : public test::CommandsFixture {
 protected:
  std::string record() { return world_.files.at("/state/labs/small/last-run"); }
};

TEST_F(ReportCommand, OfALabThatWasNeverBroughtUp) {
  EXPECT_EQ(run({"report", "/topologies/small.yaml"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot report on lab 'small': it has no run yet"), std::string::npos);
  EXPECT_NE(err_.find("vmlab up /topologies/small.yaml"), std::string::npos) << err_;
}

TEST_F(ReportCommand, ShowsTheLastRunAndAnEmptyOneAfterItChangesNothing) {
  bring_up();
  ASSERT_EQ(run({"report"}), ExitCode::done) << err_;
  EXPECT_TRUE(out_.starts_with("<!DOCTYPE html>"));
  EXPECT_NE(out_.find("Lab small: vmlab up"), std::string::npos);
  EXPECT_NE(out_.find("\u2713 done"), std::string::npos);
  EXPECT_NE(out_.find("wait for cloud-init on box-2"), std::string::npos);
  EXPECT_NE(out_.find("disk of box-1"), std::string::npos);
  const auto before = record();
  ASSERT_EQ(run({"up", "/topologies/small.yaml"}), ExitCode::done);
  EXPECT_EQ(record(), before);
}

TEST_F(ReportCommand, WritesAFileOfItsOwner) {
  bring_up();
  world_.files["/out/.keep"] = "";
  ASSERT_EQ(run({"report", "-o", "/out/run.html"}), ExitCode::done) << err_;
  EXPECT_TRUE(out_.empty());
  EXPECT_TRUE(world_.files.at("/out/run.html").ends_with("</html>\n"));
  EXPECT_EQ(run({"report", "-o", "/out"}), ExitCode::bad_input);
  EXPECT_NE(err_.find("cannot write '/out': it is a directory"), std::string::npos) << err_;
}

TEST_F(ReportCommand, ShowsTheEvidenceOfItsFailuresAndOfNoOther) {
  serve();
  world_.cloud_init_error = "it is broken";
  const auto answer = world_.answer;
  world_.answer = [answer](const std::string& node,
                           const std::string& script) -> std::optional<GuestResult> {
    if (script.find("list-units") != std::string::npos) {
      return GuestResult{0, "===== free -m\nlittle is left\n", ""};
    }
    return answer ? answer(node, script) : std::nullopt;
  };
  EXPECT_EQ(run({"up", "/topologies/small.yaml"}), ExitCode::failed);
  world_.files["/state/labs/small/evidence/start.box-1/old"] = "of another day";
  ASSERT_EQ(run({"report"}), ExitCode::done) << err_;
  EXPECT_NE(out_.find("\u2717 failed"), std::string::npos);
  EXPECT_NE(out_.find("little is left"), std::string::npos) << out_;
  EXPECT_EQ(out_.find("of another day"), std::string::npos);
}

/// However the program ends, what is written can be read.
TEST_F(ReportCommand, OfARunThatLostItsPower) {
  serve();
  ASSERT_EQ(run({"up", "/topologies/small.yaml"}), ExitCode::done) << err_;
  std::size_t cuts = 0;
  for (bool cut = true; cut; ++cuts) {
    ASSERT_EQ(run({"down", "small"}), ExitCode::done) << err_;
    world_.cut_power_at(1 + 3 * cuts, false);
    cut = false;
    try {
      run({"up", "/topologies/small.yaml"});
    } catch (const test::PowerCut&) {
      cut = true;
    }
    world_.power_back();
    if (!cut || !world_.files.contains("/state/labs/small/last-run")) continue;
    ASSERT_EQ(run({"report", "/topologies/small.yaml"}), ExitCode::done) << err_;
    EXPECT_NE(out_.find("it was killed, or the host stopped"), std::string::npos) << cuts;
  }
  EXPECT_GT(cuts, 5U);
}

}  // namespace
}  // namespace vmlab
