// Commands that go back: reset, checkpoint.
#include <fmt/format.h>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/output_checkpoints.h"
#include "cli/output_tables.h"

namespace vmlab {

namespace {

using Work = std::function<RunSummary(Reporter&)>;

ExitCode watched(const Context& context, const Lab& lab, const std::string& verb,
                 const std::string& target, const Work& work) {
  SummaryContext summary;
  summary.verb = verb;
  summary.lab = lab.name;
  summary.target = target;
  summary.evidence = context.settings.paths.evidence(lab.name).string();
  summary.nodes = lab.nodes.size();
  return code_of(context.console.watch(summary, context.stop, work));
}

}  // namespace

ExitCode run_reset(const Context& context) {
  const auto& invocation = context.invocation;
  if (invocation.nodes.empty() != invocation.all) {
    throw Error(invocation.all ? "vmlab reset: --all and names of nodes exclude each other"
                               : "vmlab reset: which nodes?",
                "for example: vmlab reset agent-1 --then-up", ExitCode::bad_input);
  }
  const auto lab = lab_of(context, invocation.target);
  for (const auto& name : invocation.nodes) (void)lab.node(name);
  const ResetOptions options{.nodes = invocation.nodes,
                             .cold = invocation.boot.value_or(Boot::automatic) != Boot::automatic,
                             .force = invocation.force,
                             .then_up = invocation.then_up};
  auto target = invocation.all ? "--all" : join(invocation.nodes, " ");
  if (invocation.then_up) target += " --then-up";
  return watched(context, lab, "reset", target + " --lab " + lab.name, [&](Reporter& reporter) {
    return reset(lab, options, context.settings, context.ports, reporter, context.stop);
  });
}

ExitCode run_checkpoint_save(const Context& context) {
  const auto& invocation = context.invocation;
  require_checkpoint_name(invocation.checkpoint);
  const auto lab = lab_of(context, invocation.target);
  return watched(context, lab, "checkpoint save", checkpoint_words(invocation.checkpoint, lab),
                 [&](Reporter& reporter) {
                   return save_lab(lab, invocation.checkpoint, invocation.replace, context.settings,
                                   context.ports, reporter, context.stop);
                 });
}

ExitCode run_checkpoint_list(const Context& context) {
  const auto lab = lab_of(context, context.invocation.target, Installer::unseen);
  const auto found = checkpoints(lab, context.settings, context.ports);
  auto& console = context.console;
  console.result(context.invocation.json ? dump(checkpoints_json(lab.name, found))
                                         : render_checkpoints(found, console.out_style()));
  return ExitCode::done;
}

ExitCode run_checkpoint_restore(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  return watched(context, lab, "checkpoint restore", checkpoint_words(invocation.checkpoint, lab),
                 [&](Reporter& reporter) {
                   return restore_lab(lab, invocation.checkpoint, context.settings, context.ports,
                                      reporter, context.stop);
                 });
}

ExitCode run_checkpoint_delete(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  return watched(context, lab, "checkpoint delete", checkpoint_words(invocation.checkpoint, lab),
                 [&](Reporter& reporter) {
                   return delete_checkpoint(lab, invocation.checkpoint, context.settings,
                                            context.ports, reporter, context.stop);
                 });
}

}  // namespace vmlab
