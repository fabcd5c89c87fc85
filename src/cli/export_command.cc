// `vmlab export`: hands a lab over to other tools.
#include <fmt/format.h>

#include <functional>
#include <map>

#include "cli/commands.h"
#include "cli/export.h"
#include "cli/nodes_of.h"
#include "cli/output_tables.h"
#include "cli/result_file.h"
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
  write_result(context, formats.at(invocation.format)());
  return ExitCode::done;
}

}  // namespace vmlab
