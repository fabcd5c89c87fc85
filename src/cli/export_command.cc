// `vmlab export`: hands a lab over to other tools.
#include <fmt/format.h>

#include <functional>
#include <map>

#include "cli/commands.h"
#include "cli/export.h"
#include "cli/nodes_of.h"
#include "cli/output_tables.h"
#include "cli/ssh_config.h"

namespace vmlab {

ExitCode run_export(const Context& context) {
  const auto& invocation = context.invocation;
  const auto& settings = context.settings;
  auto& system = context.ports.system;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  if (!system.stat(settings.paths.known_hosts(lab.name))) {
    throw Error(fmt::format("cannot export lab '{}': it is not up", lab.name), up_command(lab));
  }
  const auto config = ssh_config_of(lab, settings);
  const std::map<std::string, std::function<std::string()>> formats = {
      {"ssh-config", [&] { return config; }},
      {"ansible", [&] { return ansible_inventory(lab, settings); }},
      {"hosts", [&] { return hosts_lines(lab); }},
      {"env", [&] { return env_lines(lab, settings); }},
      {"json", [&] { return dump(lab_json(lab, settings)); }},
  };
  // Some of them name this file.
  const auto path = settings.paths.ssh_config(lab.name);
  if (system.read(path) != config) system.write(path, config, 0644);
  const auto text = formats.at(invocation.format)();
  if (invocation.output.empty()) {
    context.console.result(text);
    return ExitCode::done;
  }
  const auto parent = std::filesystem::absolute(invocation.output).parent_path();
  const auto there = system.stat(invocation.output);
  if ((there && there->directory) || !system.stat(parent)) {
    throw Error(fmt::format("cannot write '{}': {}", invocation.output.string(),
                            there ? "it is a directory"
                                  : fmt::format("there is no directory '{}'", parent.string())),
                {}, ExitCode::bad_input);
  }
  system.write(invocation.output, text, 0644);
  return ExitCode::done;
}

}  // namespace vmlab
