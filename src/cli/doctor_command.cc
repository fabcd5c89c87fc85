// `vmlab doctor`.
#include "cli/commands.h"
#include "cli/output_doctor.h"
#include "cli/output_tables.h"

namespace vmlab {

ExitCode run_doctor(const Context& context) {
  const auto& invocation = context.invocation;
  std::optional<Lab> lab;
  if (!invocation.target.empty()) {
    try {
      lab = lab_of(context, invocation.target, Installer::unseen);
    } catch (const Error& error) {
      // Without libvirt a lab cannot be completed; that there is none is the finding.
      if (error.code() == ExitCode::bad_input) throw;
      context.console.note("not compared with the lab: " + std::string(error.message()));
    }
  }
  const auto depth = invocation.quick ? Depth::quick : Depth::full;
  const auto findings = diagnose(
      examine(lab ? &*lab : nullptr, depth, context.settings, context.ports, context.stop));
  auto& console = context.console;
  console.result(invocation.json ? dump(findings_json(findings))
                                 : render_findings(findings, console.out_style()));
  return all_good(findings) ? ExitCode::done : ExitCode::failed;
}

}  // namespace vmlab
