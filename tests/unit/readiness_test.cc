#include "lab/readiness.h"

#include <gtest/gtest.h>

#include "support/dcos_lab.h"
#include "support/programs.h"

namespace vmlab {
namespace {

using Kind = Verdict::Kind;

std::vector<ProbeResult> said(std::string out, int status = 0, std::string error = {}) {
  return {{"agent-1", true, status, std::move(out), std::move(error)}};
}
std::vector<ProbeResult> silent(std::string why) {
  return {{"agent-1", false, 0, {}, std::move(why)}};
}
std::string files(const std::string& status, const std::string& result) {
  auto text = "==> status.json <==\n" + status;
  if (!result.empty()) text += "\n==> result.json <==\n" + result;
  return text;
}

TEST(SshGate, WaitsWhileAHostBoots) {
  EXPECT_EQ(judge_ssh(said(""), {}), Verdict::pass("agent-1 answers"));
  EXPECT_EQ(judge_ssh(silent("cannot reach 'agent-1': timed out during banner exchange"), {}),
            Verdict::not_yet("cannot reach 'agent-1': timed out during banner exchange"));
}

TEST(CloudInitGate, PassesWithoutErrors) {
  const auto text = files(
      R"({"v1": {"datasource": "DataSourceNoCloud [seed=/dev/vdb]", "init": {"errors": []}, "stage": null}})",
      R"({"v1": {"datasource": "DataSourceNoCloud [seed=/dev/vdb]", "errors": []}})");
  EXPECT_EQ(judge_cloud_init(said(text), {}), Verdict::pass("cloud-init is done on agent-1"));
}

TEST(CloudInitGate, NamesModuleAndStageOfAnError) {
  const auto text = files(
      R"J({"v1": {"stage": null, "modules-config": {"errors":
         ["('locale', ProcessExecutionError(\"Unexpected error\\nwhile running\"))"]},
         "init": {"errors": []}}})J",
      R"J({"v1": {"datasource": "DataSourceNoCloud [seed=/dev/vdb]",
          "errors": ["('locale', ProcessExecutionError(\"Unexpected error\"))"]}})J");
  EXPECT_EQ(
      judge_cloud_init(said(text), {}),
      Verdict::failed(
          "cloud-init failed on agent-1: module locale: "
          "ProcessExecutionError(\"Unexpected error; while running\") (stage modules-config)"));
}

TEST(CloudInitGate, TellsTheFirstErrorsOfMany) {
  const auto text = files(
      "{}", R"({"v1": {"datasource": "DataSourceNoCloud", "errors": ["a", "b", "c", "d", "e"]}})");
  EXPECT_EQ(judge_cloud_init(said(text), {}),
            Verdict::failed("cloud-init failed on agent-1: a; b; c; and 2 more"));
}

TEST(CloudInitGate, SaysInWhichStageItIs) {
  EXPECT_EQ(judge_cloud_init(said(files(R"({"v1": {"stage": "modules-final"}})", "")), {}),
            Verdict::not_yet("cloud-init on agent-1 is in stage modules-final"));
  EXPECT_EQ(judge_cloud_init(said(files(R"({"v1": {"stage": null}})", "")), {}),
            Verdict::not_yet("cloud-init on agent-1 is between two stages"));
  EXPECT_EQ(judge_cloud_init(said("none\n"), {}),
            Verdict::not_yet("cloud-init has not started on agent-1"));
  EXPECT_EQ(judge_cloud_init(silent("refused"), {}).kind, Kind::not_yet);
  EXPECT_EQ(judge_cloud_init(said(files("{}", "{ torn")), {}).kind, Kind::not_yet);
}

TEST(CloudInitGate, FailsWithoutASeed) {
  EXPECT_EQ(judge_cloud_init(said("disabled\n"), {}).kind, Kind::failed);
  for (const char* source : {"null", R"("DataSourceNone")"}) {
    const auto text =
        files("{}", std::string(R"({"v1": {"errors": [], "datasource": )") + source + "}}");
    EXPECT_EQ(judge_cloud_init(said(text), {}),
              Verdict::failed("cloud-init on agent-1 has found no seed: nothing was configured"));
  }
}

TEST(ClockGate, IsTheRuleOfCheckTime) {
  EXPECT_EQ(judge_clock(said("state=0 status=8193 esterror=250\n"), {}),
            Verdict::pass("the clock of agent-1 is synchronised"));
  EXPECT_EQ(judge_clock(said("state=5 status=64 esterror=16000000\n"), {}),
            Verdict::not_yet("the kernel of agent-1 calls its clock unsynchronised"));
  // chrony without rtcsync: a good estimate, and the flag stays.
  EXPECT_EQ(judge_clock(said("state=5 status=8257 esterror=100\n"), {}).kind, Kind::not_yet);
  EXPECT_EQ(judge_clock(said("state=0 status=0 esterror=100001\n"), {}),
            Verdict::not_yet("the clock of agent-1 may be off by 100 ms"));
  EXPECT_EQ(judge_clock(said("state=0 status=0 esterror=100000\n"), {}).kind, Kind::pass);
  EXPECT_EQ(judge_clock(said("state=-1 status=0 esterror=0\n"), {}).kind, Kind::not_yet);
  EXPECT_EQ(judge_clock(said("", 3, "neither perl nor python is there"), {}),
            Verdict::not_yet("the clock of agent-1 cannot be asked: neither perl nor python is "
                             "there"));
  EXPECT_EQ(judge_clock(silent("refused"), {}).kind, Kind::not_yet);
}

/// What the gate's script says of a kernel that says so, and `later` when it is looked at for
/// longer; and what chrony is asked to do.
std::string clock_asked(const std::string& kernel, const std::string& later = {}) {
  const auto lab = test::dcos_lab();
  const auto gate = clock_gate(lab, lab.node("agent-1"));
  const auto perl =
      "eval tries=\\$$#; [ $tries = 1 ] && echo '" + kernel + "' || echo '" + later + "'";
  const test::Programs programs("readiness_test", {{"perl", perl}, {"chronyc", "echo \"$*\" >&3"}});
  return programs.run("exec 3>&1\n" + std::get<GuestProbe>(gate.probes.at(0)).script);
}

TEST(ClockGate, HastensChrony) {
  EXPECT_EQ(clock_asked("state=0 status=8193 esterror=100000"),
            "state=0 status=8193 esterror=100000\nexit 0\n");
  EXPECT_EQ(clock_asked("state=0 status=8193 esterror=118000"),
            "-m makestep burst 4/6\nstate=0 status=8193 esterror=118000\nexit 0\n");
}

/// chrony's first answer comes within a second: another round of the gate would cost three.
TEST(ClockGate, LooksOnWhileChronyMeasures) {
  EXPECT_EQ(clock_asked("state=5 status=64 esterror=16000000", "state=0 status=8193 esterror=900"),
            "burst 4/6\nstate=0 status=8193 esterror=900\nexit 0\n");
}

TEST(ClockGate, CannotPassWithoutTheBootstrap) {
  const auto lab = test::dcos_lab();
  EXPECT_EQ(clock_gate(lab, lab.node("agent-1")).needs, std::vector<std::string>{"bootstrap"});
  EXPECT_TRUE(clock_gate(lab, lab.node("bootstrap")).needs.empty());
}

TEST(ClockGate, BootstrapMayServeWithoutUpstream) {
  const auto lab = test::dcos_lab();
  EXPECT_EQ(clock_gate(lab, lab.node("bootstrap")).judge, &judge_time_server);
  EXPECT_EQ(clock_gate(lab, lab.node("agent-1")).judge, &judge_clock);
  EXPECT_EQ(judge_time_server(said("7F7F0101,,10,1700000000.0,0,0,0,0,0,0,0,0,0,Normal\n"), {}),
            Verdict::pass("agent-1 serves time"));
  EXPECT_EQ(
      judge_time_server(said("00000000,,0,0.0,0,0,0,0,0,0,0,0,0,Not synchronised\n"), {}).kind,
      Kind::not_yet);
  EXPECT_EQ(judge_time_server(said("", 1, "506 Cannot talk to daemon"), {}).kind, Kind::not_yet);
}

TEST(ReadinessGates, AreNamedByNode) {
  const auto lab = test::dcos_lab();
  const auto& node = lab.node("master-2");
  EXPECT_EQ(ssh_gate(lab, node, Booting::no).id, "gate/ssh/master-2");
  EXPECT_EQ(cloud_init_gate(lab, node).id, "gate/cloud-init/master-2");
  EXPECT_EQ(clock_gate(lab, node).id, "gate/clock/master-2");
  EXPECT_EQ(cloud_init_gate(lab, node).node, "master-2");
}

}  // namespace
}  // namespace vmlab
