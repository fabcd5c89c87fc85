#include "run/clock.h"

#include <fmt/format.h>

#include "base/text.h"
#include "run/apply.h"

namespace vmlab {

namespace {

/// Until libvirt has heard of the agent of a guest that has just been reverted: less than a login.
constexpr std::chrono::milliseconds agent_limit{1500};
constexpr std::chrono::milliseconds look_every{100};

// Sets the clock where no guest agent does.
constexpr auto set_script = R"sh(
date -u -s "@$host_time" >/dev/null || exit 1
)sh";

void run_script(const Lab& lab, const Node& node, const Paths& paths, Ports& ports,
                const std::stop_token& stop, std::string script) {
  const auto result = ports.guests.run(ssh_target_of(lab, node, paths),
                                       {.script = std::move(script),
                                        .input = {},
                                        .timeout = std::chrono::seconds(120),
                                        .on_line = {}},
                                       stop);
  if (result.exit_code == 0) return;
  throw Error(fmt::format("cannot set the clock of '{}': {}", node.name, trim(result.err)));
}

/// The emulated hardware clock is no help: it comes back from a snapshot some seconds off.
bool set_by_agent(const Node& node, Ports& ports, const StepProgress& progress,
                  const std::stop_token& stop) {
  const auto began = ports.system.monotonic();
  while (true) {
    try {
      ports.hypervisor.set_clock(node.domain_name, ports.system.now());
      return true;
    } catch (const Error& error) {
      if (ports.system.monotonic() - began >= agent_limit) {
        progress(error.message(), 0, 0);
        return false;
      }
    }
    ports.system.wait(look_every, stop);
  }
}

}  // namespace

void correct_clock(const Lab& lab, const Node& node, const Paths& paths, Ports& ports,
                   const StepProgress& progress, std::stop_token stop) {
  if (set_by_agent(node, ports, progress, stop)) return;
  const auto now = std::chrono::duration<double>(ports.system.now().time_since_epoch());
  run_script(lab, node, paths, ports, stop,
             fmt::format("host_time={:.3f}\n{}", now.count(), set_script));
}

}  // namespace vmlab
