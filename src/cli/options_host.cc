// Options of the commands about the host itself.
#include "cli/command_line.h"

namespace vmlab {

void add_host_commands(CLI::App& app, Invocation& into) {
  auto* doctor = add_command(
      app, "doctor", "whether this host has what a run needs; how to mend what it lacks",
      "  vmlab doctor\n"
      "  vmlab doctor topologies/dcos.yaml   also: is there room for this lab\n"
      "  vmlab doctor --json | jq -r '.checks[].mend // empty'");
  doctor->add_option("FILE", into.target, "a topology file, or the name of a lab")->type_name(" ");
  doctor->add_flag("--quick", into.quick, "only look: boot no kernel, start no appliance");
  add_json(doctor, into);
}

}  // namespace vmlab
