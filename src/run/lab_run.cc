#include "run/lab_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "plan/builder.h"
#include "run/accelerator.h"
#include "run/executor.h"
#include "run/outlook.h"
#include "run/recorder.h"
#include "run/space.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

/// After so many rounds something undoes what was done; better said than tried for ever.
constexpr int max_rounds = 5;

/// What a node's gates said of an earlier time is worth nothing once it has begun to run anew: they
/// are asked again. That it was prepared stays.
void forget_gates(const std::string& node, Observed& observed) {
  std::erase_if(observed.nodes[node].marks, [&](const auto& mark) {
    return mark.first.starts_with("gate.") && mark.first != mark_name(prepared_step(node));
  });
}

void remember_topology(const Lab& lab, const Settings& settings, Ports& ports) {
  const auto path = settings.paths.topology(lab.name);
  auto text = remembered_file(lab) + "\n";
  for (const auto& override : lab.overrides) text += override + "\n";
  ports.system.make_directory(settings.paths.lab(lab.name), 0711);
  if (ports.system.read(path) != text) ports.system.write(path, text, 0644);
}

/// The words that want this lab as it is wanted now.
std::string command_of(const Lab& lab) {
  auto words = "vmlab up " + shell_quote(lab.file);
  for (const auto& override : lab.overrides) {
    // `@ROLE.count=N` is what `--masters N` and `--agents N` stand for.
    const auto number = override.substr(override.find('=') + 1);
    words += override.starts_with("@master.count=")  ? " --masters " + number
             : override.starts_with("@agent.count=") ? " --agents " + number
                                                     : " --set " + shell_quote(override);
  }
  return words;
}

}  // namespace

PoolLimits pool_limits(const Settings& settings, Accelerator accelerator, Ports& ports) {
  PoolLimits limits = {{Pool::disk, 1}, {Pool::network, 1}};
  if (accelerator == Accelerator::tcg) {
    // What an emulated guest is told to do is CPU time and nothing else. On 2 cores six nodes that
    // boot at once take 44 s each and two at a time 30 s: their virtual CPUs wait for each other's
    // locks while they are off the core.
    limits[Pool::boot] = std::max(1U, ports.hypervisor.info().cpus);
    limits[Pool::guest] = limits[Pool::boot];
    // A fork waits as well, for a copy, for libvirt and for its agent: on 2 cores six take 34 s two
    // at a time, and 29 s four at a time. One that fails boots in its place: slower, but rare.
    limits[Pool::fork] = 2 * limits[Pool::boot];
  }
  if (settings.boot_places > 0) {
    for (const auto pool : {Pool::boot, Pool::fork}) limits[pool] = settings.boot_places;
  }
  return limits;
}

LabRun::LabRun(const Lab& lab, const Settings& settings, Ports& ports, Reporter& reporter,
               std::stop_token stop)
    : wanted_(lab),
      known_(lab),
      settings_(settings),
      ports_(ports),
      reporter_(reporter),
      stop_(std::move(stop)),
      lock_(ports.system.lock(settings.paths.lock(lab.name))),
      recorder_(std::make_unique<Recorder>(reporter, ports.system, settings.paths, lab.name,
                                           settings.command)) {
  known_.accelerator = proven_accelerator(lab.accelerator, settings.paths, ports, stop_);
  began_ = ports.system.monotonic();
}

LabRun::~LabRun() = default;

Observed LabRun::recall() const {
  if (!ports_.system.stat(settings_.paths.history(known_.name))) return observe();
  auto observed = observe_disks(known_, settings_, ports_);
  remember_marks(known_, settings_, ports_, observed);
  return observed;
}

bool LabRun::apply(const Plan& plan) {
  require_space(plan, settings_.paths, ports_.system);
  const ApplyContext context{&known_, settings_.paths, ports_};
  const ApplyStep apply_step = [&context](const PlannedStep& step, const StepProgress& progress,
                                          std::stop_token stop) {
    vmlab::apply(step, context, progress, std::move(stop));
  };
  const auto clock = [this] { return ports_.system.monotonic(); };
  auto round = execute(plan, pool_limits(settings_, known_.accelerator, ports_), apply_step,
                       *recorder_, clock, stop_, clock() - began_);
  remember_durations(known_, plan, round, settings_.paths, ports_.system);
  std::ranges::move(round.steps, std::back_inserter(all_.steps));
  all_.interrupted = round.interrupted;
  planned_anything_ = true;
  return all_.ok();
}

bool LabRun::up() {
  try {
    return bring_up();
  } catch (const Error& error) {
    recorder_->failed(error);
    throw;
  }
}

bool LabRun::bring_up() {
  std::set<std::string> begun;  // nodes that were not reached before they were waited for
  for (int round = 0;; ++round) {
    auto observed = observe();
    for (const auto& node : begun) forget_gates(node, observed);
    const auto plan = make_plan(wanted_, known_, observed, settings_, ports_.system);
    if (!plan.must_wipe.empty() && !settings_.replace) {
      throw Error("cannot change an installed cluster: " + wipe_reason(plan),
                  fmt::format("`{} --replace` wipes the cluster and installs it anew",
                              command_of(wanted_)));
    }
    const bool removes = std::ranges::any_of(plan.steps, [](const PlannedStep& step) {
      return std::holds_alternative<RemoveDomain>(step.step);
    });
    if (removes || !plan.must_wipe.empty())
      refuse_protected(wanted_.name, settings_, ports_.system);
    if (plan.steps.empty()) {
      if (!planned_anything_) {
        remember_topology(known_, settings_, ports_);
        reporter_.planned(plan);
      }
      return all_.ok();
    }
    if (round == max_rounds) {
      throw Error(
          fmt::format("cannot bring lab '{}' up: after {} rounds '{}' is still to be done ({})",
                      wanted_.name, round, plan.steps.front().title, plan.steps.front().why));
    }
    if (!planned_anything_) {
      require_space(plan, settings_.paths, ports_.system);
      remember_topology(known_, settings_, ports_);
    }
    if (!apply(plan)) return false;
    if (plan.unknown.empty()) return true;
    begun.insert(plan.unknown.begin(), plan.unknown.end());
  }
}

RunSummary LabRun::end() {
  all_.took = ports_.system.monotonic() - began_;
  recorder_->run_ended(all_);
  return std::move(all_);
}

}  // namespace vmlab
