// Options of the commands that look at a lab and work on its nodes.
#include "cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

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

  auto* nodes = add_command(app, "nodes", "the cluster's nodes, as `dcos node` prints them",
                            "  vmlab nodes\n"
                            "  vmlab nodes dcos --json");
  add_lab(nodes, into);
  add_json(nodes, into);

  auto* services = add_command(app, "services", "what runs on the cluster, as `dcos service` does",
                               "  vmlab services\n"
                               "  vmlab services dcos --all --json");
  add_lab(services, into);
  services->add_flag("--all", into.all, "inactive ones too");
  add_json(services, into);
}

void add_access(CLI::App& app, Invocation& into) {
  auto* ssh = add_command(app, "ssh", "a shell, or one command, on a node",
                          "  vmlab ssh master-1\n"
                          "  vmlab ssh master-1 -- journalctl -u dcos-exhibitor\n"
                          "  vmlab ssh agent-1 -- 'df -h | grep mesos'");
  ssh->add_option("NODE", into.node, "name of the node")->type_name(" ")->required();
  add_lab_option(ssh, into);

  auto* console = add_command(app, "console", "a node's serial console; Ctrl-] ends it",
                              "  vmlab console master-1\n"
                              "  vmlab console box-1 --force");
  console->add_option("NODE", into.node, "name of the node")->type_name(" ")->required();
  add_lab_option(console, into);
  console->add_flag("--force", into.force, "take it over from another session");

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

void add_files(CLI::App& app, Invocation& into) {
  auto* cp = add_command(app, "cp", "files and directories to a node and back",
                         "  vmlab cp notes.txt master-1:/root/\n"
                         "  vmlab cp ./site agent-1:/srv/site\n"
                         "  vmlab cp master-1:/var/log/journal ./journals");
  cp->add_option("FILE", into.files_to_copy, "sources, then where to; on a node: NODE:PATH")
      ->type_name(" ")
      ->required();
  add_lab_option(cp, into);
}

void add_logs(CLI::App& app, Invocation& into) {
  auto* logs =
      add_command(app, "logs", "journals of nodes, merged by time",
                  "  vmlab logs master-1 --unit dcos-exhibitor\n"
                  "  vmlab logs 'agent-*' --follow\n"
                  "  vmlab logs --components            what DC/OS consists of, on all nodes\n"
                  "  vmlab logs box-1 --boot --lines 0  all since it booted");
  add_pattern(logs, into);
  add_lab_option(logs, into);
  logs->add_option("-u,--unit", into.units, "a unit of systemd; may be given several times")
      ->type_name("UNIT")
      ->take_all()
      ->expected(1);
  logs->add_flag("--components", into.components,
                 "state and journals of the units of a node's role, in the order in which they "
                 "depend on each other");
  logs->add_flag("-f,--follow", into.follow, "go on with what comes, until Ctrl-C");
  logs->add_flag("-b,--boot", into.this_boot, "only since the node booted");
  logs->add_option("-n,--lines", into.lines, "so many of the last entries of each node; 0: all")
      ->type_name("N")
      ->capture_default_str();
  logs->add_option("--since", into.since,
                   "as journalctl takes it: '10 min ago', '2026-11-21 08:00'")
      ->type_name("TIME");
}

void add_export(CLI::App& app, Invocation& into) {
  auto* command = add_command(app, "export", "hand a lab over to other tools",
                              "  vmlab export ssh-config > ~/.ssh/lab.conf\n"
                              "  vmlab export ansible --output inventory.yaml\n"
                              "  vmlab export hosts | sudo tee -a /etc/hosts\n"
                              "  eval \"$(vmlab export env dcos)\"\n"
                              "  vmlab export json | jq .nodes");
  take_only(command->add_option("FORMAT", into.format,
                                "ansible: an inventory; hosts: for /etc/hosts; env: for a shell"),
            {"ssh-config", "ansible", "hosts", "env", "json"})
      ->required();
  add_lab(command, into);
  command->add_option("-o,--output", into.output, "a file instead of standard output")
      ->type_name("FILE");
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

CLI::Option* take_only(CLI::Option* option, const std::vector<std::string>& words) {
  const auto check = [words](const std::string& word) {
    if (std::ranges::find(words, word) != words.end()) return std::string();
    const auto near = closest(word, words);
    return fmt::format("'{}' is {}", word,
                       near ? fmt::format("unknown; did you mean '{}'?", *near)
                            : "not one of " + join(words, ", "));
  };
  // Checked before it is read; the type is what help and completion know the words from.
  return option->check(CLI::Validator(check, std::string()))->type_name(join(words, "|"));
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

CLI::Option* add_boot(CLI::App* command, Invocation& into, const std::string& description) {
  const auto read = [&into](const std::string& word) {
    for (const auto boot : {Boot::automatic, Boot::fork, Boot::cold}) {
      if (word == to_text(boot)) into.boot = boot;
    }
  };
  return take_only(command->add_option_function<std::string>("--boot", read, description),
                   {"auto", "fork", "cold"});
}

void add_changes(CLI::App* command, Invocation& into) {
  command->add_option("--set", into.overrides, "changes the topology: agent.count=5")
      ->type_name("KEY=VALUE")
      ->take_all()
      ->expected(1);
  const auto add_count = [&](const std::string& option, const std::string& role) {
    command
        ->add_option_function<unsigned>(
            option,
            [&into, role](unsigned count) {
              into.overrides.push_back(fmt::format("@{}.count={}", role, count));
            },
            "so many nodes of the group whose role is " + role)
        ->type_name("N");
  };
  add_count("--masters", "master");
  add_count("--agents", "agent");
  command->add_flag("--prune", into.prune, "remove nodes that are no longer in the topology");
}

void add_keeping(CLI::App& app, Invocation& into) {
  auto* protect =
      add_command(app, "protect", "have `down`, `reset`, `up --replace | --prune` refuse a lab",
                  "  vmlab protect dcos\n"
                  "  vmlab protect dcos --off");
  add_lab(protect, into);
  protect->add_flag("--off", into.off, "have them work again");

  auto* gc = add_command(app, "gc", "remove what vmlab made and no lab owns",
                         "  vmlab gc --dry-run\n"
                         "  vmlab gc");
  gc->add_flag("--dry-run", into.dry_run, "only say what would be removed");
  add_json(gc, into);
}

void add_power(CLI::App& app, Invocation& into) {
  const auto add = [&](const std::string& name, const std::string& what,
                       const std::string& examples) {
    auto* command = add_command(app, name, what, examples);
    command->add_option("NODE", into.nodes, "names of nodes; default: all")->type_name(" ");
    add_lab_option(command, into);
    return command;
  };
  add("start", "start nodes: masters before agents",
      "  vmlab start\n"
      "  vmlab start agent-1 agent-2");
  auto* stop = add("stop", "shut nodes down: agents before masters",
                   "  vmlab stop\n"
                   "  vmlab stop master-2");
  stop->add_flag("--force", into.force, "whatever becomes of the masters' quorum");
  auto* restart = add("restart", "restart nodes: masters one after another",
                      "  vmlab restart\n"
                      "  vmlab restart master-1 master-2");
  restart->add_flag("--force", into.force, "all at once, whatever becomes of the masters' quorum");
}

void add_node_commands(CLI::App& app, Invocation& into) {
  add_seeing(app, into);
  add_access(app, into);
  add_files(app, into);
  add_logs(app, into);
  add_export(app, into);
  add_power(app, into);
  add_keeping(app, into);
}

}  // namespace vmlab
