#include "run/apply.h"

#include <fmt/format.h>

#include "base/digest.h"
#include "base/text.h"
#include "lab/cloud_init.h"
#include "run/await.h"
#include "run/checkpoint.h"
#include "run/clock.h"
#include "run/evidence.h"
#include "run/fork.h"
#include "run/gone.h"
#include "run/keys.h"
#include "run/pull.h"
#include "run/template.h"

namespace vmlab {

namespace fs = std::filesystem;

SshTarget ssh_target_of(const Lab& lab, const Node& node, const Paths& paths) {
  return {.node = node.name,
          .address = node.address.text(),
          .port = 22,
          .user = "root",
          .private_key = paths.user_key(lab.name),
          .known_hosts = paths.known_hosts(lab.name)};
}

fs::path local_release(const Release& release, const Paths& paths) {
  if (!release.path.empty()) return release.path;
  const auto key = release.sha256.empty() ? sha256_hex(release.url) : release.sha256;
  return paths.releases() / (key.substr(0, 16) + ".sh");
}

namespace {

/// `script`, then the mark that it was done with these inputs. The mark appears whole or not at
/// all, and not before all that the script wrote is on the disk: a node may lose its power at any
/// time.
std::string with_mark(const std::string& script, const std::string& mark, const std::string& hash) {
  if (mark.empty()) return script;
  const auto file = shell_quote("/var/lib/vmlab/done/" + mark);
  const auto part = shell_quote("/var/lib/vmlab/done/." + mark);
  return fmt::format(
      "(\n{}\n) || exit $?\n"
      "[ -d /var/lib/vmlab/done ] || mkdir -p /var/lib/vmlab/done || exit\n"
      "echo {} >{} && sync && mv {} {}\n",
      script, shell_quote(hash), part, part, file);
}

/// An emulated node that stops all of DC/OS takes a minute or two.
constexpr std::chrono::minutes shutdown_limit{4};

class Applier {
 public:
  Applier(const PlannedStep& step, const ApplyContext& context, const StepProgress& progress,
          std::stop_token stop)
      : step_(step), context_(context), progress_(progress), stop_(std::move(stop)) {}

  void operator()(const BuildBase& s) const {
    const auto path = paths().base_image(s.image);
    if (system().stat(path)) return;
    system().make_directory(paths().images(), 0711);
    images().build_base(s.image, path, progress_, stop_);
  }

  void operator()(const DownloadBase& s) const {
    pull_image(s.image, paths(), ports(), progress_, stop_);
  }

  void operator()(const PrepareImage& s) const {
    const auto path = paths().prepared_image(s.image);
    if (system().stat(path)) return;
    images().prepare(s.image, paths().base_image(s.image), path, progress_, stop_);
  }

  void operator()(const MakeKeys& s) const { make_keys(lab(), s.nodes, paths(), ports()); }

  void operator()(const DefineNetwork& s) const {
    hypervisor().define_network(s.xml);
    hypervisor().start_network(s.name);
  }

  void operator()(const SetDnsHosts& s) const { hypervisor().set_dns_hosts(s.network, s.hosts); }

  void operator()(const CreateOverlay& s) const {
    if (system().stat(s.path)) return;
    images().create_overlay(s.path, s.backing, "qcow2", s.size_mib);
  }

  void operator()(const CreateDataDisk& s) const {
    if (system().stat(s.path)) return;
    images().create_data_disk(s.path, s.size_mib, s.label, stop_);
  }

  void operator()(const WriteSeed& s) const {
    const Node& node = lab().node(s.node);
    const auto documents =
        seed_documents(lab(), node, read_keys(lab(), node.name, paths(), ports()));
    images().create_seed(paths().seed(lab().name, node.name),
                         {documents.user_data, documents.meta_data, documents.network_config});
    system().write(paths().seed_hash(lab().name, node.name), step_.hash + "\n", 0644);
  }

  void operator()(const DefineDomain& s) const {
    system().make_directory(paths().console(lab().name, "any").parent_path(), 0711);
    hypervisor().define_domain(s.xml);
  }

  void operator()(const StartDomain& s) const { hypervisor().start_domain(s.name); }
  void operator()(const StopDomain& s) const { hypervisor().stop_domain(s.name); }
  void operator()(const MakeTemplate& s) const {
    make_template(s, paths(), ports(), progress_, stop_);
  }
  void operator()(const ForkDomain& s) const {
    fork_domain(s, lab(), paths(), ports(), progress_, stop_);
  }

  void operator()(const AwaitGate& s) const {
    await(s.gate, lab(), paths(), ports(), progress_, stop_);
    if (s.checkpoint) save_checkpoint(*s.checkpoint, lab(), paths(), ports(), progress_);
    if (s.mark.empty()) return;
    const auto& node = lab().node(s.mark_node);
    const auto result = guests().run(ssh_target_of(lab(), node, paths()),
                                     {.script = with_mark(":", s.mark, step_.hash),
                                      .input = {},
                                      .timeout = std::chrono::seconds(120),
                                      .on_line = {}},
                                     stop_);
    if (result.exit_code != 0) {
      throw Error(fmt::format("cannot leave a mark on '{}': {}", node.name, trim(result.err)));
    }
  }

  void operator()(const FetchRelease& s) const {
    if (s.release.url.empty()) return;
    const auto path = local_release(s.release, paths());
    if (system().stat(path)) {
      // Every node refuses one that was damaged here, and could not say why.
      const auto found = system().sha256(path, progress_, stop_);
      if (found == s.release.sha256) return;
      progress_.remark(
          fmt::format("'{}' is damaged (its SHA-256 is {}, not {}): it is fetched again",
                      path.string(), found, s.release.sha256));
    }
    system().make_directory(paths().releases(), 0755);
    system().download(s.release.url, path, "sha256", s.release.sha256, progress_, stop_);
  }

  void operator()(const UploadRelease& s) const {
    const auto local = local_release(s.release, paths());
    auto sum = s.release.sha256;
    if (sum.empty()) sum = system().sha256(local, progress_, stop_);
    guests().upload(target(s.node), local, s.remote, 0755, sum, progress_, stop_);
  }

  void operator()(const GuestScript& s) const {
    std::string last;
    const GuestCommand command{.script = with_mark(s.script, s.mark, step_.hash),
                               .input = s.input,
                               .timeout = s.timeout,
                               .on_line = [this](std::string_view line) {
                                 const auto text = strip_ansi(trim(line));
                                 if (!text.empty()) progress_(text, 0, 0);
                               }};
    const auto result = run_patiently(s.node, command);
    if (result.exit_code == 0) {
      if (s.warnings == nullptr) return;
      for (const auto& warning : s.warnings(result.out)) progress_.warn(warning);
      return;
    }
    auto cause =
        s.explain != nullptr ? s.explain(result.exit_code, result.out, result.err) : std::string();
    if (cause.empty()) {
      cause = fmt::format("it ended with {}", result.exit_code);
      const auto said = lines(strip_ansi(result.err.empty() ? result.out : result.err));
      if (!said.empty()) cause += ": " + said.back();
    }
    // Many titles name the node themselves, at the end.
    auto title = step_.title;
    if (const auto where = " on " + s.node; title.ends_with(where)) {
      title.resize(title.size() - where.size());
    }
    throw Error(fmt::format("cannot {} on '{}': {}", title, s.node, cause));
  }

  void operator()(const SaveCheckpoint& s) const {
    save_checkpoint(s, lab(), paths(), ports(), progress_);
  }
  void operator()(const RestoreCheckpoint& s) const {
    restore_checkpoint(s, hypervisor(), progress_);
  }
  void operator()(const RemoveCheckpoint& s) const {
    for (const auto& domain : s.domains) hypervisor().remove_snapshot(domain, s.name);
  }
  void operator()(const ForgetSnapshots& s) const { hypervisor().forget_snapshots(s.domain); }
  void operator()(const CorrectClock& s) const {
    correct_clock(lab(), lab().node(s.node), paths(), ports(), progress_, stop_);
  }
  void operator()(const MarkAgentGone& s) const {
    if (s.address.empty()) {
      mark_agent_gone(lab(), lab().node(s.node), system(), stop_);
      return;
    }
    Node gone;
    gone.name = s.node;
    gone.address = parse_ipv4(s.address).value_or(Ipv4{});
    mark_agent_gone(lab(), gone, system(), stop_);
  }
  void operator()(const ShutDown& s) const {
    const auto runs = [&] {
      const auto domain = hypervisor().domain(s.domain);
      return domain && domain->state == DomainState::running;
    };
    if (runs()) {
      try {
        guests().run(target(s.node),
                     {.script = "systemctl poweroff",
                      .input = {},
                      .timeout = std::chrono::seconds(30),
                      .on_line = {}},
                     stop_);
      } catch (const Unreachable& error) {
        // It went before it could answer; or it cannot be asked, and its power is cut below.
        progress_(error.message(), 0, 0);
      }
    }
    const auto began = system().monotonic();
    while (runs() && system().monotonic() - began < shutdown_limit) {
      system().wait(std::chrono::seconds(1), stop_);
    }
    hypervisor().stop_domain(s.domain);
  }
  void operator()(const WriteFile& s) const { system().write(s.path, s.text, 0644); }

  void operator()(const RemoveDomain& s) const { hypervisor().remove_domain(s.name); }
  void operator()(const RemoveNetwork& s) const { hypervisor().remove_network(s.name); }
  void operator()(const RemoveFiles& s) const { system().remove(s.path); }

 private:
  Ports& ports() const { return context_.ports; }
  Hypervisor& hypervisor() const { return ports().hypervisor; }
  Images& images() const { return ports().images; }
  Guests& guests() const { return ports().guests; }
  System& system() const { return ports().system; }
  const Paths& paths() const { return context_.paths; }
  const Lab& lab() const { return *context_.lab; }

  SshTarget target(const std::string& node) const {
    return ssh_target_of(lab(), lab().node(node), paths());
  }

  /// A step in a guest survives one lost connection: it is an "ensure" like every other. One that
  /// took all its time would take as much again.
  GuestResult run_patiently(const std::string& node, const GuestCommand& command) const {
    try {
      return guests().run(target(node), command, stop_);
    } catch (const TimedOut&) {
      throw;
    } catch (const Unreachable& error) {
      progress_(fmt::format("connection lost ({}), trying again", error.cause()), 0, 0);
    }
    return guests().run(target(node), command, stop_);
  }

  const PlannedStep& step_;
  const ApplyContext& context_;
  const StepProgress& progress_;
  std::stop_token stop_;
};

/// What a node installs comes from the bootstrap: it may be the cause that the node cannot know.
void tell_of_dead_bootstrap(Error& error, const PlannedStep& step, const ApplyContext& context) {
  const Node* bootstrap = context.lab->bootstrap();
  if (!std::holds_alternative<GuestScript>(step.step) || bootstrap == nullptr ||
      bootstrap->name == step.node) {
    return;
  }
  std::optional<DomainInfo> domain;
  try {
    domain = context.ports.hypervisor.domain(bootstrap->domain_name);
  } catch (const Error&) {
    return;  // the step's own error is the one to tell
  }
  if (domain && domain->state == DomainState::running) return;
  error.add_context(fmt::format("node '{}', which serves the installation files, is {}",
                                bootstrap->name,
                                domain ? state_text(*domain) : std::string("gone")));
  error.suggest("`vmlab up` again starts it and continues");
}

}  // namespace

void apply(const PlannedStep& step, const ApplyContext& context, const StepProgress& progress,
           std::stop_token stop) {
  try {
    std::visit(Applier(step, context, progress, stop), step.step);
  } catch (Error& error) {
    if (!step.node.empty()) error.add_context("working on node '" + step.node + "'");
    const bool in_guest = std::holds_alternative<AwaitGate>(step.step) ||
                          std::holds_alternative<GuestScript>(step.step);
    if (in_guest && context.lab != nullptr && !stop.stop_requested()) {
      tell_of_dead_bootstrap(error, step, context);
      const auto where =
          collect_evidence(step, *context.lab, context.paths, context.ports, progress, stop);
      if (!where.empty()) error.add_context("evidence is in " + where.string());
    }
    throw;
  }
}

}  // namespace vmlab
