// What stays and what goes: protect, gc.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/output_tables.h"
#include "run/leftovers.h"
#include "run/stored_templates.h"

namespace vmlab {

ExitCode run_protect(const Context& context) {
  const auto name = lab_name_of(context, context.invocation.target);
  const auto known = known_labs(context.settings, context.ports);
  if (std::ranges::find(known, name) == known.end()) {
    const auto near = closest(name, known);
    throw Error(
        fmt::format("cannot protect lab '{}': `vmlab up` has not made it", name),
        near ? fmt::format("did you mean '{}'?", *near) : "known labs: " + join(known, ", "),
        ExitCode::bad_input);
  }
  auto& system = context.ports.system;
  const auto file = context.settings.paths.protection(name);
  if (context.invocation.off) {
    system.remove(file);
  } else if (!system.stat(file)) {
    system.write(file, "", 0644);
  }
  context.console.note(
      fmt::format("lab '{}' is {}", name, context.invocation.off ? "not protected" : "protected"));
  return ExitCode::done;
}

namespace {

ExitCode remove_leftovers(const std::vector<Leftover>& found,
                          const std::vector<LeftTemplate>& templates,
                          const UnusedReleases& releases, const Context& context) {
  for (const auto& left : found) {
    SummaryContext summary;
    summary.verb = "down";
    summary.lab = summary.target = left.lab;
    const auto ended = context.console.watch(summary, context.stop, [&](Reporter& reporter) {
      return down(left.lab, context.settings, context.ports, reporter, context.stop);
    });
    if (ended.interrupted) return ExitCode::interrupted;
    if (!ended.ok()) return ExitCode::failed;
  }
  for (const auto& left : templates) {
    remove_left_template(left, context.settings.paths, context.ports);
  }
  for (const auto& file : releases.files) context.ports.system.remove(file);
  return ExitCode::done;
}

}  // namespace

ExitCode run_gc(const Context& context) {
  auto& console = context.console;
  const auto found = leftovers(context.settings, context.ports);
  const auto releases = unused_releases(context.settings, context.ports);
  const auto& paths = context.settings.paths;
  const auto templates = left_templates(paths, context.ports);
  const bool dry = context.invocation.dry_run;
  auto record = nlohmann::ordered_json::array();
  auto files = nlohmann::ordered_json::array();
  Table table({"LAB", "KIND", "NAME"});
  for (const auto& left : found) {
    for (const auto& domain : left.domains) table.add({left.lab, "domain", domain});
    if (!left.network.empty()) table.add({left.lab, "network", left.network});
    const auto directory = paths.lab(left.lab).string();
    if (left.directory) table.add({left.lab, "directory", directory});
    record.push_back({{"lab", left.lab},
                      {"domains", left.domains},
                      {"network", text_or_null(left.network)},
                      {"directory", text_or_null(left.directory ? directory : std::string())}});
  }
  auto halves = nlohmann::ordered_json::array();
  for (const auto& left : templates) {
    if (!left.domain.empty()) table.add({"-", "domain", left.domain});
    const auto directory = paths.template_directory(left.name).string();
    if (left.directory) table.add({"-", "template", directory});
    halves.push_back({{"name", left.name},
                      {"domain", text_or_null(left.domain)},
                      {"directory", text_or_null(left.directory ? directory : std::string())}});
  }
  for (const auto& file : releases.files) {
    table.add({"-", "release", file.string()});
    files.push_back(file.string());
  }
  const bool json = context.invocation.json;
  if (!json) {
    console.result(table.empty() ? "nothing is left over\n" : table.render(console.out_style()));
  }
  if (!releases.unknown.empty()) console.note("all releases are kept: " + releases.unknown);
  const auto code = dry ? ExitCode::done : remove_leftovers(found, templates, releases, context);
  // A program is told what is true: nothing of a removal that failed half-way.
  if (json && code == ExitCode::done) {
    console.result(dump({{"removed", !dry},
                         {"leftovers", std::move(record)},
                         {"templates", std::move(halves)},
                         {"releases", std::move(files)}}));
  }
  return code;
}

}  // namespace vmlab
