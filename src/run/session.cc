#include "run/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "dcos/config.h"
#include "dcos/install.h"
#include "plan/history.h"
#include "run/apply.h"
#include "run/executor.h"
#include "run/lab_run.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

HostView host_view(const Lab& lab, Ports& ports) {
  HostView view;
  if (lab.dcos) {
    for (const auto& range : inner_ranges(*lab.dcos)) {
      view.inner_ranges.emplace_back(range.first, range.last);
    }
  }
  std::vector<Cidr> libvirt;
  for (const auto& network : ports.hypervisor.networks()) {
    libvirt.insert(libvirt.end(), network.cidrs.begin(), network.cidrs.end());
    if (network.cidrs.empty()) continue;
    // Of a lab whose name is wrong there is no telling which network is its own.
    if (network.label && lab.name.empty()) continue;
    const bool own = network.label && network.label->lab == lab.name;
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
      for (const auto& cidr : network.cidrs) view.other_networks.emplace(network.name, cidr);
    }
  }
  for (const auto& route : ports.system.routes()) {
    // A libvirt network's route is the network itself, named above with its owner.
    if (std::ranges::find(libvirt, route) == libvirt.end()) view.routes.push_back(route);
  }
  return view;
}

/// The installer's sum is what "the same release" means. Computed each time, which takes seconds: a
/// file may be replaced by another of its size and time.
void check_release(Release& release, Ports& ports, Problems& problems, std::stop_token stop) {
  if (release.path.empty()) return;
  std::string sum;
  try {
    sum = ports.system.sha256(
        release.path, [](const auto&, auto, auto) {}, std::move(stop));
  } catch (const Error&) {
    if (!problems.any()) throw;
    return;  // what is wrong with the input is told first
  }
  if (!release.sha256.empty() && release.sha256 != sum) {
    problems.add(
        release.mark,
        fmt::format("installer '{}' has SHA-256 {}, not {}", release.path, sum, release.sha256),
        "fetch it again, or correct `sha256`");
  }
  release.sha256 = sum;
}

/// What the file says, with the changes of `settings`; the host is not asked.
Lab read_lab(const fs::path& file, const Settings& settings, Ports& ports, Installer installer,
             Problems& problems) {
  const auto text = ports.system.read(file);
  if (!text) {
    problems.add({}, "there is no such file");
    return {};
  }
  const auto read = [&ports](const std::string& path) { return ports.system.read(path); };
  FileExists exists;
  if (installer == Installer::verified) {
    exists = [&ports](const std::string& path) {
      const auto info = ports.system.stat(path);
      return info && !info->directory;
    };
  }
  return load(*text, problems, settings.library, read, exists,
              fs::absolute(file).parent_path().string(), settings.overrides);
}

/// Where `up` found the file of a lab that it made, and what the command line changed then.
struct Remembered {
  std::string file;
  std::vector<std::string> overrides;
};

std::optional<Remembered> remembered_topology(const std::string& name, const Settings& settings,
                                              System& system) {
  const auto text = system.read(settings.paths.topology(name));
  if (!text) return std::nullopt;
  auto said = lines(*text);
  if (said.empty()) said.emplace_back();
  return Remembered{said.front(), {said.begin() + 1, said.end()}};
}

}  // namespace

std::string remembered_file(const Lab& lab) {
  return fs::absolute(lab.file).lexically_normal().string();
}

Lab load_lab(const fs::path& file, const Settings& settings, Ports& ports, Installer installer,
             std::optional<Error>* no_host, std::stop_token stop) {
  Problems problems(file.string());
  auto lab = read_lab(file, settings, ports, installer, problems);
  std::optional<HostView> host;
  std::optional<Error> silent;
  try {
    host = host_view(lab, ports);
  } catch (const Error& error) {
    silent = error;
  }
  if (host) lab = resolve(std::move(lab), *host, problems);
  if (installer == Installer::verified && lab.dcos) {
    problems.add(lint_config(lab).errors);
    check_release(lab.dcos->release, ports, problems, std::move(stop));
  }
  if (no_host != nullptr && silent) *no_host = silent;
  problems.throw_if_any();
  if (no_host == nullptr && silent) throw Error(*silent);
  if (settings.accelerator != Accelerator::automatic) lab.accelerator = settings.accelerator;
  if (settings.boot) lab.boot = *settings.boot;
  lab.prune = settings.prune;
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

Lab recall_lab(const std::string& name, const Settings& settings, Ports& ports, Installer installer,
               std::optional<Error>* no_host, std::stop_token stop) {
  const auto remembered = remembered_topology(name, settings, ports.system);
  if (!remembered) {
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
  auto wanted = settings;
  wanted.overrides = remembered->overrides;
  for (const auto& override : settings.overrides) {
    const auto key = override.substr(0, override.find('=') + 1);
    std::erase_if(wanted.overrides, [&](const auto& older) { return older.starts_with(key); });
    wanted.overrides.push_back(override);
  }
  return load_lab(remembered->file, wanted, ports, installer, no_host, std::move(stop));
}

namespace {

/// By the file alone, for what hangs neither on the host nor on what is installed.
Lab read_remembered(const Remembered& remembered, Settings settings, Ports& ports) {
  settings.overrides = remembered.overrides;
  if (settings.library.practice_release.empty()) settings.library.practice_release = "not built";
  Problems problems(remembered.file);
  auto lab = read_lab(remembered.file, settings, ports, Installer::unseen, problems);
  problems.throw_if_any();
  return lab;
}

}  // namespace

std::vector<std::pair<std::string, Role>> recall_nodes(const std::string& name,
                                                       const Settings& settings, Ports& ports) {
  std::vector<std::pair<std::string, Role>> nodes;
  const auto remembered = remembered_topology(name, settings, ports.system);
  if (!remembered) return nodes;
  auto wanted = settings;
  // The names of nodes do not hang on what their images and fragments say, which takes most of the
  // time to read: somebody has pressed the Tab key.
  constexpr const char* least_image =
      "description: x\nfamily: debian\nbuild: {suite: x, packages: [x]}\ndisk: 1GiB\n";
  for (auto& image : wanted.library.images) image.second = least_image;
  for (auto& fragment : wanted.library.fragments) fragment.second = "#cloud-config\n{}\n";
  const auto lab = read_remembered(*remembered, std::move(wanted), ports);
  for (const auto& node : lab.nodes) nodes.emplace_back(node.name, node.role);
  return nodes;
}

std::vector<Image> recall_images(const std::string& name, const Settings& settings, Ports& ports) {
  std::vector<Image> images;
  const auto remembered = remembered_topology(name, settings, ports.system);
  if (!remembered) return images;
  const auto lab = read_remembered(*remembered, settings, ports);
  for (const auto& [written, image] : lab.images) images.push_back(image);
  return images;
}

Plan make_plan(const Lab& wanted, const Lab& known, const Observed& observed,
               const Settings& settings, System& system) {
  auto plan = plan_up(known, observed, settings.paths, settings.checkpoints);
  const auto before = remembered_topology(known.name, settings, system);
  if (before && before->file != remembered_file(known) && system.stat(before->file)) {
    plan.notes.insert(plan.notes.begin(),
                      fmt::format("lab '{}' was made from '{}'; it follows '{}' from now on",
                                  known.name, before->file, known.file));
  }
  const bool fallen_back =
      wanted.accelerator == Accelerator::automatic && known.accelerator == Accelerator::tcg;
  if (fallen_back && !plan.steps.empty()) {
    plan.notes.emplace_back("KVM was tried and does not work here: nodes are emulated, and slow");
  }
  return plan;
}

RunSummary up(const Lab& lab, const Settings& settings, Ports& ports, Reporter& reporter,
              std::stop_token stop) {
  LabRun run(lab, settings, ports, reporter, std::move(stop));
  run.up();
  return run.end();
}

void refuse_protected(const std::string& lab, const Settings& settings, System& system) {
  if (!system.stat(settings.paths.protection(lab))) return;
  throw Error(fmt::format("cannot touch lab '{}': it is protected", lab),
              fmt::format("vmlab protect {} --off", lab));
}

RunSummary down(const std::string& name, const Settings& settings, Ports& ports, Reporter& reporter,
                std::stop_token stop) {
  refuse_protected(name, settings, ports.system);
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
  return execute(plan, PoolLimits{{Pool::network, 1}}, apply_step, reporter, clock, stop);
}

SshTarget ssh_target(const Lab& lab, const Node& node, const Settings& settings) {
  return ssh_target_of(lab, node, settings.paths);
}

}  // namespace vmlab
