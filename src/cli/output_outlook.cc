#include "cli/output_outlook.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "cli/output_tables.h"

namespace vmlab {

using nlohmann::ordered_json;

namespace {

constexpr std::uint64_t mib = 1048576;

std::string render_steps(const Plan& plan, Style style) {
  std::string text;
  std::size_t longest = 0;
  for (const auto& step : plan.steps) longest = std::max(longest, width(printable(step.title)));
  longest = std::min<std::size_t>(longest, 60);
  for (const auto& step : plan.steps) {
    text += fmt::format("  {}  {}\n", pad(printable(step.title), longest),
                        style.dim(printable(step.why)));
  }
  for (const auto& note : plan.notes) {
    text += fmt::format("{} {}\n", style.yellow("note:"), printable(note));
  }
  if (!plan.must_wipe.empty()) {
    return text + fmt::format(
                      "{} {}; only `vmlab up --replace` does it, and then installs the "
                      "cluster anew\n",
                      style.yellow("warning:"), printable(wipe_reason(plan)));
  }
  if (!plan.unknown.empty()) {
    text +=
        fmt::format("{} {} not answer yet; when they do there may be more to do inside\n",
                    counted(plan.unknown.size(), "node"), plan.unknown.size() == 1 ? "does" : "do");
  }
  return text;
}

std::string time_of(const Forecast& forecast) {
  if (forecast.known == 0) return "not known: no such step has run on this host yet";
  const auto takes = format_duration(forecast.takes);
  if (forecast.unknown == 0) {
    return fmt::format("about {}, as such steps took on this host", takes);
  }
  return fmt::format("at least {}; {} of {} steps are of a kind that has not run on this host yet",
                     takes, forecast.unknown, forecast.known + forecast.unknown);
}

std::string render_resources(const Resources& r, Style style) {
  auto text = fmt::format("memory  {} for {}", format_bytes(r.memory_needed_mib * mib),
                          counted(r.nodes, "node"));
  if (r.starting > 0 && r.starting < r.nodes) {
    text += fmt::format(", {} for the {} to start", format_bytes(r.memory_starting_mib * mib),
                        r.starting);
  }
  if (r.memory_templates_mib > 0) {
    text += fmt::format(", {} to make templates", format_bytes(r.memory_templates_mib * mib));
  }
  text += fmt::format("; {} of {} free\n", format_bytes(r.memory_free_mib * mib),
                      format_bytes(r.memory_there_mib * mib));
  text += fmt::format("cores   {} for {} virtual cpus\n", r.cpus_there, r.cpus_needed);
  text += fmt::format("disk    {} soon, {} more when all disks are full; {} free\n",
                      format_bytes(r.disk_soon_bytes), format_bytes(r.disk_full_bytes),
                      format_bytes(r.disk_free_bytes));
  for (const auto& sentence : overcommitted(r)) {
    text += fmt::format("{} {}\n", style.yellow("warning:"), sentence);
  }
  return text;
}

}  // namespace

std::string render_outlook(const std::string& lab, const Outlook& outlook, Style style) {
  const auto& plan = outlook.plan;
  auto text = render_steps(plan, style) + render_resources(outlook.resources, style);
  if (plan.steps.empty()) return text + fmt::format("lab '{}': nothing to do\n", lab);
  return text + fmt::format("time    {}\nlab '{}': {} to do\n", time_of(outlook.forecast), lab,
                            counted(plan.steps.size(), "step"));
}

ordered_json outlook_json(const std::string& lab, const Outlook& outlook) {
  const auto& plan = outlook.plan;
  const auto& forecast = outlook.forecast;
  ordered_json record;
  record["lab"] = lab;
  record["steps"] = ordered_json::array();
  for (const auto& step : plan.steps) {
    ordered_json entry;
    entry["id"] = step.id;
    entry["node"] = text_or_null(step.node);
    entry["title"] = step.title;
    entry["why"] = step.why;
    entry["hash"] = text_or_null(step.hash);
    entry["after"] = step.after;
    const auto expected = forecast.steps.find(step.id);
    entry["expected_ms"] = expected == forecast.steps.end()
                               ? ordered_json(nullptr)
                               : ordered_json(expected->second.count());
    record["steps"].push_back(std::move(entry));
  }
  record["notes"] = plan.notes;
  record["unknown"] = plan.unknown;
  record["must_wipe"] = plan.must_wipe;
  const auto& r = outlook.resources;
  record["resources"] = {{"nodes", r.nodes},
                         {"to_start", r.starting},
                         {"cpus", {{"needed", r.cpus_needed}, {"there", r.cpus_there}}},
                         {"memory_mib",
                          {{"needed", r.memory_needed_mib},
                           {"to_start", r.memory_starting_mib},
                           {"templates", r.memory_templates_mib},
                           {"there", r.memory_there_mib},
                           {"free", r.memory_free_mib}}},
                         {"disk_bytes",
                          {{"soon", r.disk_soon_bytes},
                           {"when_full", r.disk_full_bytes},
                           {"free", r.disk_free_bytes}}},
                         {"overcommitted", overcommitted(r)}};
  const bool foretold = forecast.known > 0 || forecast.unknown == 0;
  record["forecast"] = {
      {"ms", foretold ? ordered_json(forecast.takes.count()) : ordered_json(nullptr)},
      {"steps_known", forecast.known},
      {"steps_unknown", forecast.unknown}};
  return record;
}

}  // namespace vmlab
