#include "run/await.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"
#include "base/units.h"
#include "run/apply.h"
#include "run/boot_watch.h"
#include "run/console_log.h"

namespace vmlab {

namespace {

/// For a checkpoint: saving one takes seconds.
constexpr std::chrono::seconds pause_limit{60};

ProbeResult ask_guest(const GuestProbe& probe, const Lab& lab, const Paths& paths, Ports& ports,
                      const std::stop_token& stop) {
  ProbeResult result;
  result.node = probe.node;
  try {
    auto answer = ports.guests.run(
        ssh_target_of(lab, lab.node(probe.node), paths),
        {.script = probe.script, .input = {}, .timeout = probe.timeout, .on_line = {}}, stop);
    result.reached = true;
    result.status = answer.exit_code;
    result.out = std::move(answer.out);
    result.error = std::move(answer.err);
  } catch (const Unreachable& error) {
    result.error = error.cause();
  }
  return result;
}

ProbeResult ask_http(const HttpProbe& probe, Ports& ports, const std::stop_token& stop) {
  auto reply = ports.system.http_get(probe.url, probe.timeout, stop);
  return {.node = probe.node,
          .reached = reply.reached,
          .status = reply.status,
          .out = std::move(reply.body),
          .error = std::move(reply.error)};
}

struct Round {
  Verdict verdict;
  std::vector<std::string> unreached;  // nodes that no command could be given
};

class Wait {
 public:
  Wait(const Gate& gate, const Lab& lab, const Paths& paths, Ports& ports,
       const StepProgress& progress, std::stop_token stop)
      : gate_(gate),
        lab_(lab),
        paths_(paths),
        ports_(ports),
        progress_(progress),
        stop_(std::move(stop)),
        began_(now()) {
    if (!gate.boot) return;
    watch_.emplace(*gate.boot, console_of(gate.node).size_bytes(), began_);
    console_from_ = watch_->boot_from();
  }

  void run() {
    unsigned passes = 0;
    while (true) {
      const auto round = ask();
      const auto& verdict = round.verdict;
      if (verdict.kind == Verdict::Kind::failed) {
        throw Error(fmt::format("cannot pass '{}': {}", gate_.what, verdict.because));
      }
      passes = verdict.kind == Verdict::Kind::pass ? passes + 1 : 0;
      if (passes >= std::max(1U, gate_.in_a_row)) return;
      if (verdict.kind == Verdict::Kind::not_yet && verdict.because != missing_) {
        missing_ = verdict.because;
        progress_(missing_, 0, 0);
      }
      look_at_boot(round);
      if (now() - began_ >= gate_.limit) {
        throw Error(fmt::format("cannot pass '{}': not within {}: {}{}", gate_.what,
                                format_duration(gate_.limit), missing_,
                                left_on_console(round.unreached)));
      }
      // What holds is looked at once more soon: everything else waits for it.
      ports_.system.wait(passes > 0 ? std::min(gate_.interval, confirm_after) : gate_.interval,
                         stop_);
    }
  }

 private:
  static constexpr std::chrono::milliseconds confirm_after{1000};

  std::chrono::milliseconds now() const { return ports_.system.monotonic(); }
  ConsoleLog console_of(const std::string& node) const {
    return {paths_.console(lab_.name, node), ports_.system};
  }

  /// Every probe once, then the verdict.
  Round ask() {
    Round round;
    std::vector<ProbeResult> results;
    for (const auto& probe : gate_.probes) {
      if (const auto* guest = std::get_if<GuestProbe>(&probe)) {
        results.push_back(ask_guest(*guest, lab_, paths_, ports_, stop_));
        if (!results.back().reached) round.unreached.push_back(guest->node);
      } else {
        results.push_back(ask_http(std::get<HttpProbe>(probe), ports_, stop_));
      }
    }
    round.verdict = gate_.judge(results, gate_.expect);
    if (round.verdict.kind != Verdict::Kind::not_yet) return round;
    for (const auto& result : results) {
      if (!result.reached && !result.node.empty()) look_at_domain(result.node);
    }
    for (const auto& node : gate_.needs) look_at_domain(node, pause_limit);
    return round;
  }

  /// A node that does not run will not answer, however long one waits. One whose domain ends in its
  /// boot, as an emulator that crashes does, is started once more.
  /// One that is paused for less than `may_pause` counts as running.
  void look_at_domain(const std::string& name, std::chrono::milliseconds may_pause = {}) {
    const auto domain = ports_.hypervisor.domain(lab_.node(name).domain_name);
    if (domain && domain->state == DomainState::running) {
      paused_since_.erase(name);
      return;
    }
    if (domain && domain->state == DomainState::paused &&
        now() - paused_since_.try_emplace(name, now()).first->second < may_pause) {
      return;
    }
    if (!watch_ || name != gate_.node || !domain || domain->state != DomainState::shut_off) {
      throw Error(fmt::format("cannot reach node '{}': its domain is {}", name,
                              domain ? state_text(*domain) : std::string("gone")),
                  "`vmlab up` again starts it and continues");
    }
    const auto log = console_of(name);
    const auto said = log.since(console_from_);
    start_again(fmt::format("{} ended in its boot{} and is started again", name,
                            said ? " (its console " + last_words(*said) + ")" : std::string()),
                log);
  }

  void start_again(const std::string& remark, const ConsoleLog& log) {
    watch_.reset();
    progress_.remark(remark);
    const auto& domain = lab_.node(gate_.node).domain_name;
    ports_.hypervisor.stop_domain(domain);
    console_from_ = log.size_bytes();
    ports_.hypervisor.start_domain(domain);
    began_ = now();
    missing_.clear();
  }

  /// Starts a node that hangs once more. One that was reached, or asks for a login, has booted:
  /// what is wrong with it then is not to be hidden.
  void look_at_boot(const Round& round) {
    if (!watch_) return;
    if (round.unreached.empty()) return watch_.reset();
    const auto log = console_of(gate_.node);
    const bool silent = watch_->fell_silent(log.size_bytes(), now());
    console_from_ = watch_->boot_from();
    if (!silent) return;
    watch_.reset();
    const auto said = log.since(console_from_);
    if (!said || asks_for_login(*said)) return;
    start_again(fmt::format("{} hangs in its boot (its console {}) and is started again",
                            gate_.node, last_words(*said)),
                log);
  }

  /// Part of the sentence that tells of a failure.
  std::string left_on_console(const std::vector<std::string>& unreached) const {
    if (unreached.empty()) return {};
    const auto& node = unreached.front();
    const bool own = node == gate_.node;
    const auto said = console_of(node).since(own ? console_from_ : 0);
    if (!said) return {};
    return fmt::format("; {} {}", own ? "its console" : "the console of " + node,
                       last_words(*said));
  }

  const Gate& gate_;
  const Lab& lab_;
  const Paths& paths_;
  Ports& ports_;
  const StepProgress& progress_;
  std::stop_token stop_;
  std::chrono::milliseconds began_;
  std::string missing_;
  std::map<std::string, std::chrono::milliseconds> paused_since_;  // by node
  std::optional<BootWatch> watch_;  // as long as the node may hang in its boot
  std::uint64_t console_from_ = 0;  // bytes of the log of `gate_.node` that are of earlier boots
};

}  // namespace

void await(const Gate& gate, const Lab& lab, const Paths& paths, Ports& ports,
           const StepProgress& progress, std::stop_token stop) {
  Wait(gate, lab, paths, ports, progress, std::move(stop)).run();
}

}  // namespace vmlab
