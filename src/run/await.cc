#include "run/await.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "run/apply.h"

namespace vmlab {

namespace {

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

/// A node that does not run will not answer, however long one waits.
void refuse_dead(const std::vector<ProbeResult>& results, const Lab& lab, Ports& ports) {
  for (const auto& result : results) {
    if (result.reached || result.node.empty()) continue;
    const auto& node = lab.node(result.node);
    const auto domain = ports.hypervisor.domain(node.domain_name);
    if (domain && domain->state == DomainState::running) continue;
    throw Error(fmt::format("cannot reach node '{}': its domain is {}", node.name,
                            domain ? to_text(domain->state) : std::string("gone")),
                "`vmlab up` again starts it and continues");
  }
}

}  // namespace

Verdict ask(const Gate& gate, const Lab& lab, const Paths& paths, Ports& ports,
            std::stop_token stop) {
  std::vector<ProbeResult> results;
  for (const auto& probe : gate.probes) {
    if (const auto* guest = std::get_if<GuestProbe>(&probe)) {
      results.push_back(ask_guest(*guest, lab, paths, ports, stop));
    } else {
      results.push_back(ask_http(std::get<HttpProbe>(probe), ports, stop));
    }
  }
  auto verdict = gate.judge(results, gate.expect);
  if (verdict.kind == Verdict::Kind::not_yet) refuse_dead(results, lab, ports);
  return verdict;
}

void await(const Gate& gate, const Lab& lab, const Paths& paths, Ports& ports,
           const StepProgress& progress, std::stop_token stop) {
  const auto began = ports.system.monotonic();
  unsigned passes = 0;
  std::string missing;
  while (true) {
    const auto verdict = ask(gate, lab, paths, ports, stop);
    if (verdict.kind == Verdict::Kind::failed) {
      throw Error(fmt::format("cannot pass '{}': {}", gate.what, verdict.because));
    }
    passes = verdict.kind == Verdict::Kind::pass ? passes + 1 : 0;
    if (passes >= std::max(1U, gate.in_a_row)) return;
    if (verdict.kind == Verdict::Kind::not_yet && verdict.because != missing) {
      missing = verdict.because;
      progress(missing, 0, 0);
    }
    if (ports.system.monotonic() - began >= gate.limit) {
      throw Error(fmt::format("cannot pass '{}': not within {}: {}", gate.what,
                              format_duration(gate.limit), missing));
    }
    ports.system.wait(gate.interval, stop);
  }
}

}  // namespace vmlab
