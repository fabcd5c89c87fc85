// `vmlab test`: the same lab for every run of a command.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/export.h"
#include "cli/output_test.h"
#include "cli/ssh_config.h"
#include "run/evidence.h"

namespace vmlab {

namespace {

/// So much of a command's output goes into the report.
constexpr std::size_t kept_output = 65536;

std::string addresses_of(const Lab& lab, Role role) {
  std::vector<std::string> addresses;
  for (const Node* node : lab.with_role(role)) addresses.push_back(node->address.text());
  return join(addresses, ",");
}

/// The names of the last five are those that DC/OS's own integration tests read.
std::map<std::string, std::string> environment_of(const Lab& lab, const Context& context) {
  const auto& paths = context.settings.paths;
  auto& system = context.ports.system;
  const auto config = paths.ssh_config(lab.name);
  const auto inventory = paths.lab(lab.name) / "inventory.yaml";
  system.write(config, ssh_config_of(lab, context.settings), 0644);
  system.write(inventory, ansible_inventory(lab, context.settings), 0644);
  const auto masters = addresses_of(lab, Role::master);
  return {{"VMLAB_LAB", lab.name},
          {"VMLAB_SSH_CONFIG", config.string()},
          {"VMLAB_INVENTORY", inventory.string()},
          {"MASTER_HOSTS", masters},
          {"SLAVE_HOSTS", addresses_of(lab, Role::agent)},
          {"PUBLIC_SLAVE_HOSTS", addresses_of(lab, Role::public_agent)},
          {"DCOS_DNS_ADDRESS",
           masters.empty() ? "" : "http://" + masters.substr(0, masters.find(','))}};
}

/// Empty when the lab is as it was; else why it is not.
std::string go_back(const Lab& lab, const Context& context) {
  SummaryContext summary;
  summary.verb = "checkpoint restore";
  summary.lab = lab.name;
  summary.target = checkpoint_words(context.invocation.checkpoint, lab);
  const auto ended = context.console.watch(summary, context.stop, [&](Reporter& reporter) {
    return restore_lab(lab, context.invocation.checkpoint, context.settings, context.ports,
                       reporter, context.stop);
  });
  if (ended.interrupted) throw Cancelled();
  for (const auto& step : ended.steps) {
    if (step.result == StepResult::failed) return step.message;
  }
  return {};
}

/// What the nodes say of themselves right after a run that failed.
void keep_evidence(const Lab& lab, std::size_t run, const Context& context) {
  const StepProgress untold([](auto&&...) {});
  for (const auto& node : lab.nodes) {
    const PlannedStep about{.id = fmt::format("test-{}/{}", run, node.name),
                            .node = node.name,
                            .title = {},
                            .why = {},
                            .hash = {},
                            .step = StartDomain{node.domain_name},
                            .after = {},
                            .pool = Pool::none};
    collect_evidence(about, lab, context.settings.paths, context.ports, untold, context.stop);
  }
  if (context.stop.stop_requested()) throw Cancelled();
  context.console.note("evidence: " + context.settings.paths.evidence(lab.name).string());
}

}  // namespace

ExitCode run_test(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  const auto environment = environment_of(lab, context);
  auto& system = context.ports.system;
  std::vector<TestRun> runs;
  int code = 0;
  for (unsigned number = 1; number <= invocation.repeat; ++number) {
    TestRun run;
    const auto begun = system.monotonic();
    run.error = go_back(lab, context);
    const auto restored = system.monotonic();
    run.restored = restored - begun;
    if (run.error.empty()) {
      run.exit_code = system.run_command(
          invocation.words, environment,
          [&](std::string_view text) {
            context.console.result(std::string(text));
            run.output += text;
            if (run.output.size() > 2 * kept_output) {
              run.output.erase(0, run.output.size() - kept_output);
            }
          },
          context.stop);
      run.took = system.monotonic() - restored;
      if (run.exit_code != 0) keep_evidence(lab, number, context);
    }
    if (code == 0) code = run.error.empty() ? run.exit_code : 1;
    const bool lost = !run.error.empty();
    runs.push_back(std::move(run));
    if (lost) break;  // without the lab there is nothing to repeat
  }
  if (runs.back().error.empty()) {
    if (const auto error = go_back(lab, context); !error.empty()) {
      runs.back().error = error;
      if (code == 0) code = 1;
    }
  }
  context.console.say(render_runs(runs, context.console.err_style()));
  if (!invocation.junit.empty()) {
    system.write(std::filesystem::absolute(invocation.junit),
                 junit_of(lab.name, join(invocation.words, " "), runs), 0644);
  }
  return static_cast<ExitCode>(code);
}

}  // namespace vmlab
