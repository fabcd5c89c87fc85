// `vmlab report`: gathers what the last run left, and makes its page.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/result_file.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

std::string local_time(std::chrono::system_clock::time_point when) {
  const auto seconds = std::chrono::system_clock::to_time_t(when);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", local);
}

/// Only what this run collected: its steps say so. An earlier one may have left more.
std::vector<FailureEvidence> read_evidence(const RunRecord& record, const fs::path& directory,
                                           System& system) {
  std::vector<FailureEvidence> all;
  for (const auto& step : record.steps) {
    const auto place = directory / mark_name(step.id);
    const bool collected = std::ranges::any_of(
        step.trail, [&place](const std::string& line) { return line.ends_with(place.string()); });
    if (!collected) continue;
    FailureEvidence found{step.id, {}};
    auto names = system.list(place);
    std::ranges::sort(names);
    for (const auto& name : names) {
      const auto text = system.read(place / name);
      if (text) found.files.push_back(evidence_file((place / name).string(), *text));
    }
    all.push_back(std::move(found));
  }
  return all;
}

std::vector<LabFile> sizes_of(const Lab& lab, const Paths& paths, System& system) {
  std::vector<LabFile> files;
  // `holds_mib`: as the guest sees it; 0: a file of no guest.
  const auto add = [&](const std::string& name, const fs::path& path, std::uint64_t holds_mib = 0) {
    if (const auto info = system.stat(path)) {
      const auto size = holds_mib > 0 ? holds_mib << 20U : info->size_bytes;
      files.push_back({name, info->allocated_bytes, size});
    }
  };
  for (const auto& [name, image] : lab.images) add("image " + name, paths.prepared_image(image));
  for (const auto& node : lab.nodes) {
    add("disk of " + node.name, paths.root_disk(lab.name, node.name), node.disk_mib);
    for (const auto& disk : node.disks) {
      add(fmt::format("{} of {}", disk.mount, node.name),
          paths.data_disk(lab.name, node.name, disk), disk.size_mib);
    }
    add("console of " + node.name, paths.console(lab.name, node.name));
  }
  if (lab.dcos && !lab.dcos->release.path.empty()) add("installer", lab.dcos->release.path);
  return files;
}

}  // namespace

ExitCode run_report(const Context& context) {
  const auto lab = lab_of(context, context.invocation.target, Installer::unseen);
  const auto& paths = context.settings.paths;
  auto& system = context.ports.system;
  const auto text = system.read(paths.run_record(lab.name));
  if (!text) {
    throw Error(fmt::format("cannot report on lab '{}': it has no run yet", lab.name),
                "for example: vmlab up " + lab.file);
  }
  Report report;
  report.lab = lab.name;
  report.topology = lab.file;
  report.record = parse_record(*text);
  report.began = local_time(report.record.began);
  report.running = !report.record.ended && system.locked(paths.lock(lab.name));
  for (const auto& node : lab.nodes) report.nodes.push_back(&node);
  report.evidence = read_evidence(report.record, paths.evidence(lab.name), system);
  report.files = sizes_of(lab, paths, system);
  const auto page = report_html(report);
  if (context.invocation.output.empty()) {
    context.console.result(page);
  } else {
    // Evidence is for the owner of the lab.
    write_result_file(context, context.invocation.output, page, 0600);
  }
  return ExitCode::done;
}

}  // namespace vmlab
