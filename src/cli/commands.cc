#include "cli/commands.h"

#include <fmt/format.h>

#include <map>

#include "base/text.h"
#include "cli/output_outlook.h"
#include "cli/output_tables.h"
#include "dcos/config.h"
#include "run/doctor.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

/// A path has a slash or the extension; a bare word is a lab, whatever lies in this directory.
bool names_a_file(const std::string& target) {
  if (target.find('/') != std::string::npos) return true;
  const auto extension = fs::path(target).extension();
  return extension == ".yaml" || extension == ".yml";
}

std::string only_lab(const Context& context) {
  const auto known = known_labs(context.settings, context.ports);
  if (known.size() == 1) return known.front();
  if (known.empty()) {
    throw Error("no lab is known, and no file was named",
                "for example: vmlab up topologies/dcos.yaml", ExitCode::bad_input);
  }
  throw Error(fmt::format("which lab? there are {}: {}", known.size(), join(known, ", ")),
              fmt::format("for example: vmlab {} {}", context.invocation.command, known.front()),
              ExitCode::bad_input);
}

/// `did you mean` a topology that lies beside; empty: none is close.
std::string near_file(const fs::path& file, System& system) {
  std::vector<std::string> names;
  for (auto& name : system.list(file.has_parent_path() ? file.parent_path() : fs::path("."))) {
    if (names_a_file(name)) names.push_back(std::move(name));
  }
  const auto near = closest(file.filename().string(), names);
  if (!near) return {};
  return fmt::format("did you mean '{}'?", (file.parent_path() / *near).string());
}

std::string read_topology(const std::string& file, System& system) {
  const auto info = system.stat(file);
  if (!info) throw BadInput({{file, 0, 0, "no such file", near_file(file, system)}});
  if (info->directory) throw BadInput({{file, 0, 0, "is a directory, not a topology file", ""}});
  auto text = system.read(file);
  if (!text) throw BadInput({{file, 0, 0, "cannot be read", ""}});
  return std::move(*text);
}

/// A name that no lab has, and that a topology file here begins with, was meant as that file.
void suggest_topology(const Context& context, const std::string& name) {
  auto& system = context.ports.system;
  if (system.stat(context.settings.paths.topology(name))) return;
  for (const auto& file : {name + ".yaml", name + ".yml", "topologies/" + name + ".yaml"}) {
    if (!system.stat(file)) continue;
    throw Error(fmt::format("cannot find lab '{}': `vmlab up` has not made it", name),
                fmt::format("did you mean the file '{}'?", file), ExitCode::bad_input);
  }
}

SummaryContext summary_context(const Context& context, const Lab& lab) {
  SummaryContext summary;
  summary.verb = "up";
  summary.lab = lab.name;
  summary.target = lab.file.empty() ? lab.name : lab.file;
  summary.evidence = context.settings.paths.evidence(lab.name).string();
  summary.nodes = lab.nodes.size();
  const auto masters = lab.with_role(Role::master);
  if (!masters.empty()) {
    summary.first_node = masters.front()->name;
  } else if (!lab.nodes.empty()) {
    summary.first_node = lab.nodes.front().name;
  }
  summary.dcos = lab.dcos.has_value();
  return summary;
}

}  // namespace

ExitCode code_of(const RunSummary& summary) {
  if (summary.interrupted) return ExitCode::interrupted;
  return summary.ok() ? ExitCode::done : ExitCode::failed;
}

std::string lab_name_of(const Context& context, const std::string& target) {
  if (target.empty()) return only_lab(context);
  if (names_a_file(target)) {
    auto& system = context.ports.system;
    return load(read_topology(target, system), target, context.settings.library,
                [&](const std::string& path) { return system.read(path); })
        .name;
  }
  // It becomes part of paths that are removed.
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
  if (target.find_first_not_of(allowed) != std::string::npos || target.front() == '-') {
    throw Error(fmt::format("'{}' is no name of a lab, and no file", target),
                "lab names are made of a-z, 0-9 and -", ExitCode::bad_input);
  }
  return target;
}

std::string checkpoint_words(const std::string& checkpoint, const Lab& lab) {
  return checkpoint + " --lab " + lab.name;
}

Lab lab_of(const Context& context, const std::string& target, Installer installer,
           std::optional<Error>* no_host) {
  if (target.empty() || !names_a_file(target)) {
    const auto name = lab_name_of(context, target);
    suggest_topology(context, name);
    return recall_lab(name, context.settings, context.ports, installer, no_host, context.stop);
  }
  read_topology(target, context.ports.system);  // says what is wrong with the path itself
  return load_lab(target, context.settings, context.ports, installer, no_host, context.stop);
}

ExitCode run_up(const Context& context) {
  std::optional<Error> no_host;
  const auto lab = lab_of(context, context.invocation.target, Installer::verified, &no_host);
  require_host(lab.name, context.settings, context.ports, context.stop);  // says how to mend it
  if (no_host) throw Error(*no_host);
  const auto summary =
      context.console.watch(summary_context(context, lab), context.stop, [&](Reporter& reporter) {
        return up(lab, context.settings, context.ports, reporter, context.stop);
      });
  return code_of(summary);
}

ExitCode run_plan(const Context& context) {
  const auto lab = lab_of(context, context.invocation.target);
  const auto outlook = look_ahead(lab, context.settings, context.ports, context.stop);
  auto& console = context.console;
  console.result(context.invocation.json ? dump(outlook_json(lab.name, outlook))
                                         : render_outlook(lab.name, outlook, console.out_style()));
  return ExitCode::done;
}

ExitCode run_validate(const Context& context) {
  std::vector<Diagnostic> problems;
  std::optional<Error> no_host;
  for (const auto& file : context.invocation.files) {
    try {
      read_topology(file, context.ports.system);  // says what is wrong with the path itself
      const auto lab = load_lab(file, context.settings, context.ports, Installer::verified,
                                &no_host, context.stop);
      if (lab.dcos) {
        for (const auto& warning : lint_config(lab).warnings) {
          context.console.note(fmt::format("{}: {}", file, warning));
        }
      }
      context.console.result(
          fmt::format("{}: lab '{}', {}\n", file, lab.name, counted(lab.nodes.size(), "node")));
    } catch (const BadInput& input) {
      problems.insert(problems.end(), input.problems().begin(), input.problems().end());
    }
  }
  if (no_host) {
    context.console.note("not compared with this host's networks: " + no_host->message());
  }
  if (!problems.empty()) throw BadInput(std::move(problems));
  return ExitCode::done;
}

ExitCode run_down(const Context& context) {
  SummaryContext summary;
  summary.verb = "down";
  summary.lab = lab_name_of(context, context.invocation.target);
  summary.target = summary.lab;
  const auto known = known_labs(context.settings, context.ports);
  const auto ended = context.console.watch(summary, context.stop, [&](Reporter& reporter) {
    return down(summary.lab, context.settings, context.ports, reporter, context.stop);
  });
  if (ended.steps.empty() && !known.empty()) {
    const auto near = closest(summary.lab, known);
    context.console.note(near ? fmt::format("did you mean '{}'?", *near)
                              : "known labs: " + join(known, ", "));
  }
  return code_of(ended);
}

ExitCode run_version(const Context& context) {
  context.console.result("vmlab " VMLAB_VERSION "\n");
  return ExitCode::done;
}

ExitCode run_command(const Context& context) {
  using Command = ExitCode (*)(const Context&);
  static const std::map<std::string, Command> commands = {
      {"up", run_up},
      {"plan", run_plan},
      {"validate", run_validate},
      {"status", run_status},
      {"down", run_down},
      {"endpoints", run_endpoints},
      {"nodes", run_nodes},
      {"services", run_services},
      {"ssh", run_ssh},
      {"exec", run_exec},
      {"console", run_console},
      {"cp", run_cp},
      {"logs", run_logs},
      {"export", run_export},
      {"doctor", run_doctor},
      {"graph", run_graph},
      {"report", run_report},
      {"reset", run_reset},
      {"test", run_test},
      {"checkpoint save", run_checkpoint_save},
      {"checkpoint list", run_checkpoint_list},
      {"checkpoint restore", run_checkpoint_restore},
      {"checkpoint delete", run_checkpoint_delete},
      {"start", run_start},
      {"stop", run_stop},
      {"restart", run_restart},
      {"protect", run_protect},
      {"gc", run_gc},
      {"image list", run_image_list},
      {"image build", run_image_build},
      {"image pull", run_image_pull},
      {"image verify", run_image_verify},
      {"image prune", run_image_prune},
      {"version", run_version},
      {"completion", run_completion},
      {"__complete", run_complete},
      {"__manual", run_manual},
  };
  const auto found = commands.find(context.invocation.command);
  if (found == commands.end()) {
    throw Error("no such command: " + context.invocation.command, "", ExitCode::bad_input);
  }
  return found->second(context);
}

}  // namespace vmlab
