// What people and programs read, as files under review: tests/golden/cli.
#include <gtest/gtest.h>

#include "cli/output_diagnostics.h"
#include "cli/output_nodes.h"
#include "cli/output_outlook.h"
#include "cli/output_summary.h"
#include "cli/output_tables.h"
#include "support/golden.h"

namespace vmlab {
namespace {

using test::expect_golden;
using namespace std::chrono_literals;

const std::string topology =
    "name: dcos\n"
    "image: debain-12\n"
    "network: {cidr: 192.168.90.0/24, domain: \"dcos test\"}\n"
    "größe: {cpus: 2, memory: 2GiB}\n"
    "\tnodes: 1\n"
    "notes: [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, "
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb, "
    "cccccccccccccccccccccccc, here-it-is, ddddddddddddddddddddddddddddddd]\n"
    "evil: \x1b[31mred\n";

std::optional<std::string> source(const std::string& file) {
  if (file == "lab.yaml") return topology;
  return std::nullopt;
}

TEST(Diagnostics, ShowTheLineAndTheCaret) {
  const auto line = topology.substr(topology.find("notes:"));
  const auto here = line.find("here-it-is");
  const std::vector<Diagnostic> problems = {
      {"lab.yaml", 2, 8, "unknown image 'debain-12'",
       "did you mean 'debian-12'?  known images: debian-12, rocky-9"},
      {"lab.yaml", 3, 42, "'dcos test' is no domain name", ""},
      {"lab.yaml", 4, 1, "unknown key 'größe'", ""},
      {"lab.yaml", 4, 28, "2 GiB of memory is less than 8 GiB",
       "allow_small_memory: true allows it"},
      {"lab.yaml", 5, 2, "a tab cannot indent", ""},
      {"lab.yaml", 6, static_cast<int>(here + 1), "far to the right", ""},
      {"lab.yaml", 7, 7, "unexpected \x1b[31m", ""},
      {"lab.yaml", 2, 300, "column past the end", ""},
      {"lab.yaml", 99, 1, "line past the end", ""},
      {"lab.yaml", 2, 0, "the whole line", ""},
      {"gone.yaml", 1, 1, "a file that cannot be read again", ""},
      {"other.yaml", 0, 0, "no such file", ""},
  };
  expect_golden("cli/diagnostics.txt", render_diagnostics(problems, source, {}));
  expect_golden("cli/diagnostics-colour.txt", render_diagnostics({problems[0]}, source, {true}));
}

TEST(Diagnostics, ManyAreCountedAndLongOnesAreCut) {
  std::vector<Diagnostic> problems(5, {"lab.yaml", 1, 1, "again", ""});
  const auto text = render_diagnostics(problems, nullptr, {}, 2);
  EXPECT_NE(text.find("… and 3 problems more"), std::string::npos) << text;
  problems = {{"lab.yaml", 1, 1, std::string(5'000'000, 'x'), std::string(5'000'000, 'y')}};
  EXPECT_LT(render_diagnostics(problems, source, {}).size(), 3000U);
}

TEST(Diagnostics, AnErrorSaysWhatWasGoingOn) {
  Error error("cannot start domain 'dcos-master-1': Cannot access storage file: Permission denied",
              "move the labs with --state-dir");
  error.add_context("working on node 'master-1'");
  error.add_context("evidence is in /var/lib/vmlab/labs/dcos/evidence");
  auto text = render_error(error, {});
  text +=
      render_error(Error("cannot build image 'debian-12': mmdebstrap said:\nE: one\nE: two"), {});
  text += render_error(error, {true});
  expect_golden("cli/error.txt", text);
}

LabStatus lab_status() {
  LabStatus status;
  status.name = "dcos";
  status.file = "topologies/dcos.yaml";
  status.network = "192.168.90.0/24";
  status.release = "practice";
  status.phase = Phase::booting;
  NodeStatus node;
  node.name = "bootstrap";
  node.group = "bootstrap";
  node.role = Role::bootstrap;
  node.address = *parse_ipv4("192.168.90.10");
  node.phase = Phase::prepared;
  node.domain_state = "running";
  node.asked = true;
  node.reached = true;
  node.cpus = 2;
  node.memory_mib = 8192;
  status.nodes.push_back(node);
  node.name = "master-1";
  node.group = "master";
  node.role = Role::master;
  node.address = *parse_ipv4("192.168.90.11");
  node.phase = Phase::booting;
  node.reached = false;
  node.note = "ssh: connection refused";
  node.memory_mib = 9000;
  status.nodes.push_back(node);
  status.notes = {"node 'agent-9' is no longer in the topology"};
  return status;
}

TEST(Tables, Status) {
  expect_golden("cli/status.txt", render_status(lab_status(), {}));
  expect_golden("cli/status.json", dump(status_json(lab_status())));
}

TEST(Tables, StatusOfNothing) {
  LabStatus status;
  status.name = "bare";
  expect_golden("cli/status-empty.txt", render_status(status, {}));
  expect_golden("cli/status-empty.json", dump(status_json(status)));
}

TEST(Tables, InvalidUtf8DoesNotThrow) {
  auto status = lab_status();
  status.notes = {"\xFF\xFE"};
  EXPECT_NE(dump(status_json(status)).find("\xEF\xBF\xBD"), std::string::npos);
}

Plan some_plan() {
  Plan plan;
  PlannedStep step;
  step.id = "overlay/master-1";
  step.node = "master-1";
  step.title = "create overlay for master-1";
  step.why = "missing";
  step.hash = "abc";
  step.after = {"prepared/debian-12"};
  step.step = CreateOverlay{};
  plan.steps.push_back(step);
  step.id = "define/agent-1";
  step.node = "";
  step.title = "define agent-1";
  step.why = "changed: memory 8 GiB -> 16 GiB";
  step.step = DefineDomain{};
  plan.steps.push_back(step);
  plan.notes = {"domain 'dcos-agent-9' is no longer in the topology"};
  plan.unknown = {"master-1", "agent-1"};
  return plan;
}

TEST(Tables, Plan) {
  const Outlook outlook{
      .plan = some_plan(),
      .resources = {.nodes = 6,
                    .starting = 4,
                    .cpus_needed = 12,
                    .cpus_there = 2,
                    .memory_needed_mib = 32768,
                    .memory_starting_mib = 16384,
                    .memory_there_mib = 24576,
                    .memory_free_mib = 8192,
                    .disk_soon_bytes = 1ULL << 30U,
                    .disk_full_bytes = 400ULL << 30U,
                    .disk_free_bytes = 100ULL << 30U},
      .forecast = {.takes = 95s, .known = 1, .unknown = 1, .steps = {{"overlay/master-1", 400ms}}}};
  auto known = outlook;
  known.forecast.unknown = 0;
  auto first_time = outlook;
  first_time.forecast = {.takes = 0s, .known = 0, .unknown = 2, .steps = {}};
  first_time.resources.disk_free_bytes = 1ULL << 20U;
  first_time.resources.memory_there_mib = 65536;
  const Outlook nothing{
      .plan = {},
      .resources = {.nodes = 1, .memory_needed_mib = 2048, .memory_there_mib = 4096},
      .forecast = {}};
  std::string text;
  for (const auto& one : {outlook, known, first_time, nothing}) {
    text += render_outlook("dcos", one, {}) + "\n";
  }
  expect_golden("cli/plan.txt", text);
  expect_golden("cli/plan.json", dump(outlook_json("dcos", outlook)));
  EXPECT_TRUE(outlook_json("dcos", first_time)["forecast"]["ms"].is_null());
  EXPECT_EQ(outlook_json("dcos", nothing)["forecast"]["ms"], 0);
}

TEST(Tables, Endpoints) {
  const std::vector<EndpointState> states = {
      {{"master-1", "Admin Router (web interface)", "http://192.168.90.11/"}, true, 200, ""},
      {{"master-1", "Marathon", "http://192.168.90.11:8080/"}, true, 401, ""},
      {{"master-2", "Mesos", "http://192.168.90.12:5050/"}, false, 503, "HTTP status 503"},
      {{"master-3", "Exhibitor", "http://192.168.90.13:8181/"}, false, 0, "connection refused"},
  };
  expect_golden("cli/endpoints.txt", render_endpoints(states, {}));
  expect_golden("cli/endpoints.json", dump(endpoints_json("dcos", states)));
}

TEST(Tables, Exec) {
  const std::vector<ExecOutcome> outcomes = {{"agent-1", 0, "", 1200ms},
                                             {"agent-2", 3, "", 900ms},
                                             {"agent-3", std::nullopt, "cannot reach it", 30s}};
  expect_golden("cli/exec.txt", render_exec(outcomes, {}) + render_exec({outcomes[0]}, {}));
}

}  // namespace
}  // namespace vmlab
