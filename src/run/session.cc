#include "run/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "dcos/config.h"
#include "dcos/install.h"
#include "plan/history.h"
#include "run/accelerator.h"
#include "run/apply.h"
#include "run/executor.h"
#include "run/space.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

/// The coordinator's reporter, and the lab's history beside it.
class Recorder : public Reporter {
 public:
  Recorder(Reporter& to, System& system, fs::path history)
      : to_(to), system_(system), history_(std::move(history)) {}

  void planned(const Plan& plan) override { to_.planned(plan); }
  void started(const PlannedStep& step) override { to_.started(step); }
  void progress(const PlannedStep& step, const std::string& text, std::uint64_t done,
                std::uint64_t total) override {
    to_.progress(step, text, done, total);
  }
  void finished(const PlannedStep& step, const StepOutcome& outcome) override {
    if (outcome.result == StepResult::done || outcome.result == StepResult::failed) {
      const bool done = outcome.result == StepResult::done;
      try {
        system_.append(history_, format_entry({.started = system_.now() - outcome.took,
                                               .took = outcome.took,
                                               .id = outcome.id,
                                               .result = done ? "done" : "failed"}));
      } catch (const Error&) {
        // A full disk must not turn a step that worked into one that failed.
      }
    }
    to_.finished(step, outcome);
  }
  void tick(std::chrono::milliseconds elapsed) override { to_.tick(elapsed); }
  void ended(const RunSummary& summary) override {
    // `up` may take several rounds; it says itself when all has ended.
    (void)summary;
  }

 private:
  Reporter& to_;
  System& system_;
  fs::path history_;
};

PoolLimits pool_limits(const Settings& settings, Accelerator accelerator, Ports& ports) {
  PoolLimits limits = {{Pool::disk, 1}, {Pool::network, 1}};
  if (settings.boot_places > 0) {
    limits[Pool::boot] = settings.boot_places;
  } else if (accelerator == Accelerator::tcg) {
    // An emulated boot is CPU time and nothing else. On 2 cores six nodes at once take 44 s each
    // and two at a time 30 s: their virtual CPUs wait for each other's locks while they are off the
    // core.
    limits[Pool::boot] = std::max(1U, ports.hypervisor.info().cpus);
  }
  return limits;
}

HostView host_view(const std::string& lab, Ports& ports) {
  HostView view;
  std::vector<Cidr> libvirt;
  for (const auto& network : ports.hypervisor.networks()) {
    libvirt.insert(libvirt.end(), network.cidrs.begin(), network.cidrs.end());
    if (network.cidrs.empty()) continue;
    const bool own = network.label && network.label->lab == lab;
    if (own) {
      view.own_network = network.cidrs.front();
      for (const auto& [address, names] : network.hosts) {
        const auto ip = parse_ipv4(address);
        // The short name is the node's.
        for (const auto& name : names) {
          if (ip && name.find('.') == std::string::npos) view.own_hosts[name] = *ip;
        }
      }
    } else {
      view.other_networks.emplace(network.name, network.cidrs.front());
    }
  }
  for (const auto& route : ports.system.routes()) {
    // A libvirt network's route is the network itself, named above with its owner.
    if (std::ranges::find(libvirt, route) == libvirt.end()) view.routes.push_back(route);
  }
  return view;
}

/// The installer's sum is what "the same release" means; it is computed once per file.
void check_release(Lab& lab, Ports& ports) {
  if (!lab.dcos) return;
  auto& release = lab.dcos->release;
  if (release.path.empty()) return;
  const auto sum = ports.system.sha256(release.path, [](const auto&, auto, auto) {}, {});
  if (!release.sha256.empty() && release.sha256 != sum) {
    throw BadInput({{.file = lab.file,
                     .line = release.mark.line,
                     .column = release.mark.column,
                     .message = fmt::format("installer '{}' has SHA-256 {}, not {}", release.path,
                                            sum, release.sha256),
                     .help = "fetch it again, or correct `sha256`"}});
  }
  release.sha256 = sum;
}

}  // namespace

Lab load_lab(const fs::path& file, const Settings& settings, Ports& ports, Installer installer) {
  const auto text = ports.system.read(file);
  if (!text) {
    throw BadInput({{.file = file.string(),
                     .line = 0,
                     .column = 0,
                     .message = "there is no such file",
                     .help = ""}});
  }
  const auto read = [&ports](const std::string& path) { return ports.system.read(path); };
  FileExists exists;
  if (installer == Installer::verified) {
    exists = [&ports](const std::string& path) {
      const auto info = ports.system.stat(path);
      return info && !info->directory;
    };
  }
  auto lab = load(*text, file.string(), settings.library, read, exists,
                  fs::absolute(file).parent_path().string());
  const auto host = host_view(lab.name, ports);
  lab = resolve(std::move(lab), host);
  if (installer == Installer::verified) {
    if (lab.dcos) {
      const auto lint = lint_config(lab);
      if (!lint.errors.empty()) throw BadInput(lint.errors);
    }
    check_release(lab, ports);
  }
  if (settings.accelerator != Accelerator::automatic) lab.accelerator = settings.accelerator;
  return lab;
}

std::vector<std::string> known_labs(const Settings& settings, Ports& ports) {
  std::vector<std::string> names;
  for (const auto& name : ports.system.list(settings.paths.root / "labs")) {
    if (ports.system.stat(settings.paths.topology(name))) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

Lab recall_lab(const std::string& name, const Settings& settings, Ports& ports,
               Installer installer) {
  const auto file = ports.system.read(settings.paths.topology(name));
  if (!file) {
    const auto known = known_labs(settings, ports);
    std::string hint = "`vmlab up FILE` makes a lab";
    if (const auto near = closest(name, known)) {
      hint = fmt::format("did you mean '{}'?", *near);
    } else if (!known.empty()) {
      hint = "known labs: " + join(known, ", ");
    }
    throw Error(fmt::format("cannot find lab '{}': `vmlab up` has not made it", name), hint,
                ExitCode::bad_input);
  }
  return load_lab(std::string(trim(*file)), settings, ports, installer);
}

namespace {

/// `known` is `wanted` with the accelerator that was proven.
Plan make_plan(const Lab& wanted, const Lab& known, const Settings& settings, Ports& ports,
               const std::stop_token& stop) {
  auto plan = plan_up(known, observe(known, settings, ports, stop), settings.paths);
  const bool fallen_back =
      wanted.accelerator == Accelerator::automatic && known.accelerator == Accelerator::tcg;
  if (fallen_back && !plan.steps.empty()) {
    plan.notes.emplace_back("KVM was tried and does not work here: nodes are emulated, and slow");
  }
  return plan;
}

}  // namespace

Plan plan_for(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop) {
  Lab known = lab;
  known.accelerator = proven_accelerator(lab.accelerator, settings.paths, ports, stop);
  return make_plan(lab, known, settings, ports, stop);
}

namespace {

/// After so many rounds something undoes what was done; better said than tried for ever.
constexpr int max_rounds = 5;

void append(RunSummary& all, RunSummary round) {
  std::ranges::move(round.steps, std::back_inserter(all.steps));
  all.interrupted = round.interrupted;
}

void remember_topology(const Lab& lab, const Settings& settings, Ports& ports) {
  const auto path = settings.paths.topology(lab.name);
  const auto text = fs::absolute(lab.file).lexically_normal().string() + "\n";
  ports.system.make_directory(settings.paths.lab(lab.name), 0711);
  if (ports.system.read(path) != text) ports.system.write(path, text, 0644);
}

}  // namespace

RunSummary up(const Lab& lab, const Settings& settings, Ports& ports, Reporter& reporter,
              std::stop_token stop) {
  const auto lock = ports.system.lock(settings.paths.lock(lab.name));
  Lab known = lab;
  known.accelerator = proven_accelerator(lab.accelerator, settings.paths, ports, stop);
  const auto clock = [&ports] { return ports.system.monotonic(); };
  const auto began = clock();
  Recorder recorder(reporter, ports.system, settings.paths.history(lab.name));
  const ApplyContext context{&known, settings.paths, ports};
  const ApplyStep apply_step = [&context](const PlannedStep& step, const StepProgress& progress,
                                          std::stop_token step_stop) {
    apply(step, context, progress, std::move(step_stop));
  };
  RunSummary all;
  bool planned_anything = false;
  for (int round = 0;; ++round) {
    const auto plan = make_plan(lab, known, settings, ports, stop);
    if (plan.steps.empty()) {
      if (!planned_anything) {
        remember_topology(known, settings, ports);
        reporter.planned(plan);
      }
      break;
    }
    if (round == max_rounds) {
      throw Error(
          fmt::format("cannot bring lab '{}' up: after {} rounds '{}' is still to be done ({})",
                      lab.name, round, plan.steps.front().title, plan.steps.front().why));
    }
    require_space(plan, settings.paths, ports.system);
    if (!planned_anything) remember_topology(known, settings, ports);
    planned_anything = true;
    append(all, execute(plan, pool_limits(settings, known.accelerator, ports), apply_step, recorder,
                        clock, stop));
    if (!all.ok() || plan.unknown.empty()) break;
  }
  all.took = clock() - began;
  reporter.ended(all);
  return all;
}

RunSummary down(const std::string& name, const Settings& settings, Ports& ports, Reporter& reporter,
                std::stop_token stop) {
  const auto lock = ports.system.lock(settings.paths.lock(name));
  Observed observed;
  observed.directory = ports.system.stat(settings.paths.lab(name)).has_value();
  for (auto& domain : ports.hypervisor.domains()) {
    if (!domain.label || domain.label->lab != name) continue;
    const auto node = domain.label->node;
    observed.nodes[node].domain = std::move(domain);
  }
  for (auto& network : ports.hypervisor.networks()) {
    if (network.label && network.label->lab == name) observed.network = std::move(network);
  }
  const auto plan = plan_down(name, observed, settings.paths);
  const auto clock = [&ports] { return ports.system.monotonic(); };
  const ApplyContext context{nullptr, settings.paths, ports};
  const ApplyStep apply_step = [&context](const PlannedStep& step, const StepProgress& progress,
                                          std::stop_token step_stop) {
    apply(step, context, progress, std::move(step_stop));
  };
  auto summary = execute(plan, pool_limits(settings, Accelerator::automatic, ports), apply_step,
                         reporter, clock, stop);
  if (summary.ok()) ports.system.remove(settings.paths.lock(name));
  return summary;
}

SshTarget ssh_target(const Lab& lab, const Node& node, const Settings& settings) {
  return ssh_target_of(lab, node, settings.paths);
}

}  // namespace vmlab
