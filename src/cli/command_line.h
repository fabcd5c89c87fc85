// Pieces of which the descriptions of commands are made.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/command_tree.h"
#include "cli/options.h"

namespace vmlab {

inline constexpr const char* targets_help =
    "a topology file, or the name of a lab; may be left out when only one lab is known";

/// A command with its help; it takes the program's own options too.
CLI::App* add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::string& examples);

/// Has the option take one of these words alone, with "did you mean".
CLI::Option* take_only(CLI::Option* option, const std::vector<std::string>& words);

void add_json(CLI::App* command, Invocation& into);
/// The positional LAB, or the option --lab where other words stand there.
void add_lab(CLI::App* command, Invocation& into);
void add_lab_option(CLI::App* command, Invocation& into);

/// --boot: how new nodes come to run.
CLI::Option* add_boot(CLI::App* command, Invocation& into, const std::string& description);

/// --set, --masters, --agents, --prune.
void add_changes(CLI::App* command, Invocation& into);

/// Commands that look at a lab and work on its nodes.
void add_node_commands(CLI::App& app, Invocation& into);

/// Commands that show a lab and its runs: graph, report.
void add_picture_commands(CLI::App& app, Invocation& into);

/// Commands about the host itself: doctor.
void add_host_commands(CLI::App& app, Invocation& into);

/// Commands that go back: reset, checkpoint, test.
void add_recovery_commands(CLI::App& app, Invocation& into);

/// What helps with the command line itself: completion, and those that only scripts call.
void add_help_commands(CLI::App& app, Invocation& into);

/// Puts the program's commands into the order and under the headings in which help, manual page and
/// completion show them.
void group_commands(CLI::App& app);

/// Of `app` and all below it; `parent`: the path of the command above.
CommandView view_of(const CLI::App& app, const std::string& parent);

}  // namespace vmlab
