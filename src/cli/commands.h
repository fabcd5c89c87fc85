// The commands, each from an invocation to an exit code.
#pragma once

#include <stop_token>

#include "cli/console.h"
#include "cli/library.h"
#include "cli/options.h"
#include "run/session.h"

namespace vmlab {

/// What a command works with.
struct Context {
  const Invocation& invocation;
  const Settings& settings;
  Ports& ports;
  Console& console;
  std::stop_token stop;
};

/// Runs the invocation's command. Throws BadInput, Error, Cancelled.
ExitCode run_command(const Context& context);

ExitCode run_up(const Context& context);
ExitCode run_plan(const Context& context);
ExitCode run_validate(const Context& context);
ExitCode run_status(const Context& context);
ExitCode run_down(const Context& context);
ExitCode run_completion(const Context& context);
ExitCode run_complete(const Context& context);
ExitCode run_manual(const Context& context);
ExitCode run_version(const Context& context);
ExitCode run_endpoints(const Context& context);
ExitCode run_nodes(const Context& context);
ExitCode run_services(const Context& context);
/// Replaces the process by the user's OpenSSH client; returns only by an Error.
ExitCode run_ssh(const Context& context);
ExitCode run_exec(const Context& context);
ExitCode run_console(const Context& context);
ExitCode run_cp(const Context& context);
ExitCode run_logs(const Context& context);
ExitCode run_export(const Context& context);
ExitCode run_doctor(const Context& context);
ExitCode run_graph(const Context& context);
ExitCode run_report(const Context& context);
ExitCode run_reset(const Context& context);
/// The code is that of the user's command: any number.
ExitCode run_test(const Context& context);
ExitCode run_checkpoint_save(const Context& context);
ExitCode run_checkpoint_list(const Context& context);
ExitCode run_checkpoint_restore(const Context& context);
ExitCode run_checkpoint_delete(const Context& context);
ExitCode run_start(const Context& context);
ExitCode run_stop(const Context& context);
ExitCode run_restart(const Context& context);
ExitCode run_protect(const Context& context);
ExitCode run_gc(const Context& context);
ExitCode run_image_list(const Context& context);
ExitCode run_image_build(const Context& context);
ExitCode run_image_pull(const Context& context);
ExitCode run_image_verify(const Context& context);
ExitCode run_image_prune(const Context& context);

/// The lab that FILE or LAB names: a file is read, a name is recalled; nothing at all means the
/// only lab that is known. `no_host`: see load_lab.
Lab lab_of(const Context& context, const std::string& target,
           Installer installer = Installer::verified, std::optional<Error>* no_host = nullptr);

ExitCode code_of(const RunSummary& summary);

/// The name that FILE or LAB stands for, for commands that need no more.
std::string lab_name_of(const Context& context, const std::string& target);
/// A lab's checkpoint, as a command is given it.
std::string checkpoint_words(const std::string& checkpoint, const Lab& lab);

}  // namespace vmlab
