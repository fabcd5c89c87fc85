// Options of the commands that go back: reset, checkpoint.
#include "cli/command_line.h"

namespace vmlab {

namespace {

void add_reset(CLI::App& app, Invocation& into) {
  auto* reset =
      add_command(app, "reset", "nodes back to the prepared phase; they stay who they are",
                  "  vmlab reset agent-1 --then-up\n"
                  "  vmlab reset master-1 master-2 --then-up   one after the other\n"
                  "  vmlab reset --all --lab dcos\n"
                  "  vmlab reset agent-1 --boot fork           a new disk, forked\n"
                  "  vmlab reset agent-1 --cold                a new disk, a new boot");
  reset->add_option("NODE", into.nodes, "names of nodes")->type_name(" ");
  reset->add_flag("--all", into.all, "every node of the lab");
  auto* boot = add_boot(reset, into,
                        "make the disks anew, and fork or boot; auto: only where no checkpoint "
                        "does");
  reset
      ->add_flag_callback(
          "--cold", [&into] { into.boot = Boot::cold; }, "the same as --boot cold")
      ->excludes(boot);
  reset->add_flag("--then-up", into.then_up, "bring them to where `up` leads");
  reset->add_flag("--force", into.force,
                  "break the masters' quorum; leave agents to Mesos' own time-outs");
  add_lab_option(reset, into);
}

CLI::App* add_named(CLI::App& parent, const char* name, const char* description,
                    const char* examples, Invocation& into) {
  auto* command = add_command(parent, name, description, examples);
  command->add_option("NAME", into.checkpoint, "name of the checkpoint")
      ->type_name(" ")
      ->required();
  add_lab_option(command, into);
  return command;
}

void add_checkpoint(CLI::App& app, Invocation& into) {
  auto* checkpoint = add_command(app, "checkpoint", "memory and disks of a whole lab at one moment",
                                 "  vmlab checkpoint save before-upgrade\n"
                                 "  vmlab checkpoint list\n"
                                 "  vmlab checkpoint restore installed");
  add_named(*checkpoint, "save", "pause all nodes, save them, and let them go on together",
            "  vmlab checkpoint save before-upgrade", into)
      ->add_flag("--replace", into.replace, "give a taken name to what is now");
  auto* list = add_command(*checkpoint, "list", "what there is, and what disk it takes",
                           "  vmlab checkpoint list\n"
                           "  vmlab checkpoint list dcos --json");
  add_lab(list, into);
  add_lab_option(list, into);
  list->get_option("--lab")->excludes(list->get_option("LAB"));
  add_json(list, into);
  add_named(*checkpoint, "restore", "all nodes as they were; done when clocks and gates are right",
            "  vmlab checkpoint restore installed", into);
  add_named(*checkpoint, "delete", "give its disk space back",
            "  vmlab checkpoint delete before-upgrade", into);
}

void add_test(CLI::App& app, Invocation& into) {
  auto* test = add_command(app, "test", "a command of yours on the same lab, again and again",
                           "  vmlab test dcos -- pytest tests/integration\n"
                           "  vmlab test dcos --repeat 20 --junit runs.xml -- ./check.sh");
  add_lab(test, into);
  test->add_option("--from", into.checkpoint, "checkpoint that each run begins with")
      ->type_name("NAME")
      ->default_str("installed");
  test->add_option("--repeat", into.repeat, "so many runs")
      ->check(CLI::Range(1U, 10000U))
      ->type_name("N")
      ->capture_default_str();
  test->add_option("--junit", into.junit, "write a JUnit report there")->type_name("FILE");
}

}  // namespace

void add_recovery_commands(CLI::App& app, Invocation& into) {
  add_reset(app, into);
  add_checkpoint(app, into);
  add_test(app, into);
}

}  // namespace vmlab
