#include "run/outlook.h"

#include <unordered_map>

#include "run/accelerator.h"
#include "run/lab_run.h"
#include "run/space.h"

namespace vmlab {

namespace {

Durations known_durations(const Paths& paths, System& system) {
  return Durations::parse(system.read(paths.durations()).value_or(""));
}

}  // namespace

Outlook look_ahead(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop) {
  Lab known = lab;
  known.accelerator = proven_accelerator(lab.accelerator, settings.paths, ports, stop);
  const auto observed = observe(known, settings, ports, stop);
  Outlook outlook;
  outlook.plan = make_plan(lab, known, observed, settings, ports.system);
  outlook.forecast = forecast(known, outlook.plan, pool_limits(settings, known.accelerator, ports),
                              known_durations(settings.paths, ports.system));
  auto& resources = outlook.resources;
  resources = resources_of(known, observed, outlook.plan);
  const auto host = ports.hypervisor.info();
  resources.cpus_there = host.cpus;
  resources.memory_there_mib = host.memory_mib;
  resources.memory_free_mib = host.memory_free_mib;
  resources.disk_soon_bytes = space_needed(outlook.plan);
  resources.disk_free_bytes = ports.system.free_bytes(settings.paths.root);
  return outlook;
}

void remember_durations(const Lab& lab, const Plan& plan, const RunSummary& summary,
                        const Paths& paths, System& system) {
  std::unordered_map<std::string_view, const PlannedStep*> steps;
  for (const auto& step : plan.steps) steps.emplace(step.id, &step);
  try {
    auto durations = known_durations(paths, system);
    bool learnt = false;
    for (const auto& outcome : summary.steps) {
      const auto step = steps.find(outcome.id);
      if (outcome.result != StepResult::done || step == steps.end()) continue;
      durations.add(duration_key(lab, *step->second), outcome.took);
      learnt = true;
    }
    if (learnt) system.write(paths.durations(), durations.text(), 0644);
  } catch (const Error&) {
    // A run that worked must not fail for want of a statistic.
  }
}

}  // namespace vmlab
