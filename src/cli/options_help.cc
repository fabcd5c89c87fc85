// Options of the commands that help with the command line.
#include "cli/command_line.h"

namespace vmlab {

void add_help_commands(CLI::App& app, Invocation& into) {
  auto* completion = add_command(app, "completion", "a script that has your shell complete words",
                                 "  source <(vmlab completion bash)\n"
                                 "  vmlab completion zsh > ~/.zfunc/_vmlab\n"
                                 "  vmlab completion fish > ~/.config/fish/completions/vmlab.fish");
  take_only(completion->add_option("SHELL", into.page, "the shell"), {"bash", "zsh", "fish"})
      ->required();

  // Scripts call these, people do not: they are in no list.
  add_command(app, "__complete", "words that may stand next", "  vmlab __complete -- ssh ma")
      ->group("");
  auto* manual = add_command(app, "__manual", "a page of the manual, as roff",
                             "  vmlab __manual commands | man -l -");
  manual->group("");
  take_only(manual->add_option("PAGE", into.page, "the page"), {"commands", "topology"})
      ->required();
}

}  // namespace vmlab
