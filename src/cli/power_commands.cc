// `vmlab start`, `stop`, `restart`.
#include "base/text.h"
#include "cli/commands.h"
#include "run/power.h"

namespace vmlab {

namespace {

ExitCode run_power(const Context& context, Power what) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  const PowerWish wish{.nodes = invocation.nodes, .force = invocation.force, .installed = false};
  for (const auto& name : wish.nodes) (void)lab.node(name);
  SummaryContext summary;
  summary.verb = invocation.command;
  summary.lab = lab.name;
  summary.target =
      join(invocation.nodes, " ") + (invocation.nodes.empty() ? "" : " ") + "--lab " + lab.name;
  summary.evidence = context.settings.paths.evidence(lab.name).string();
  summary.nodes = lab.nodes.size();
  return code_of(context.console.watch(summary, context.stop, [&](Reporter& reporter) {
    return change_power(lab, what, wish, context.settings, context.ports, reporter, context.stop);
  }));
}

}  // namespace

ExitCode run_start(const Context& context) {
  return run_power(context, Power::start);
}
ExitCode run_stop(const Context& context) {
  return run_power(context, Power::stop);
}
ExitCode run_restart(const Context& context) {
  return run_power(context, Power::restart);
}

}  // namespace vmlab
