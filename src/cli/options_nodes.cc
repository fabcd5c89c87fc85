// Options of the commands that look at a lab and work on its nodes.
#include "cli/command_line.h"

namespace vmlab {

namespace {

void add_pattern(CLI::App* command, Invocation& into) {
  command->add_option("PATTERN", into.pattern, "node names with * and ?, several with commas")
      ->type_name(" ");
}

void add_seeing(CLI::App& app, Invocation& into) {
  auto* status = add_command(app, "status", "how far a lab and its nodes have come",
                             "  vmlab status\n"
                             "  vmlab status dcos --probe\n"
                             "  vmlab status --watch\n"
                             "  vmlab status dcos --json");
  add_lab(status, into);
  status->add_flag("--probe", into.probe, "ask the nodes themselves, which takes seconds");
  status->add_flag("--watch", into.watch, "show it again whenever it changes, until Ctrl-C");
  add_json(status, into);

  auto* endpoints = add_command(app, "endpoints", "what the lab offers, asked now",
                                "  vmlab endpoints\n"
                                "  vmlab endpoints dcos --json");
  add_lab(endpoints, into);
  add_json(endpoints, into);
}

void add_access(CLI::App& app, Invocation& into) {
  auto* ssh = add_command(app, "ssh", "a shell, or one command, on a node",
                          "  vmlab ssh master-1\n"
                          "  vmlab ssh master-1 -- journalctl -u dcos-exhibitor\n"
                          "  vmlab ssh agent-1 -- 'df -h | grep mesos'");
  ssh->add_option("NODE", into.node, "name of the node")->type_name(" ")->required();
  add_lab_option(ssh, into);

  auto* exec = add_command(app, "exec", "one command on many nodes at once",
                           "  vmlab exec 'agent-*' -- docker ps\n"
                           "  vmlab exec 'master-*,bootstrap' -- chronyc tracking\n"
                           "  vmlab exec '*' --json -- 'systemctl --failed | head'");
  add_pattern(exec, into);
  exec->get_option("PATTERN")->required();
  add_lab_option(exec, into);
  add_json(exec, into);
  exec->add_option_function<unsigned>(
          "--timeout", [&into](unsigned s) { into.timeout = std::chrono::seconds(s); },
          "seconds that a command may take (default 600)")
      ->check(CLI::Range(1U, 86400U))
      ->type_name("SECONDS");
}

}  // namespace

CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& examples) {
  auto* command = parent.add_subcommand(name, description);
  command->fallthrough();
  command->allow_extras();
  command->footer("Examples:\n" + examples + "\n\nOptions of every command: vmlab --help");
  return command;
}

void add_json(CLI::App* command, Invocation& into) {
  command->add_flag("--json", into.json, "one JSON record instead of text");
}

void add_lab(CLI::App* command, Invocation& into) {
  command->add_option("LAB", into.target, targets_help)->type_name(" ");
}

void add_lab_option(CLI::App* command, Invocation& into) {
  command->add_option("--lab", into.target, targets_help)->type_name("LAB");
}

void add_node_commands(CLI::App& app, Invocation& into) {
  add_seeing(app, into);
  add_access(app, into);
}

}  // namespace vmlab
