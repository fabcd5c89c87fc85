#include "run/clock.h"

#include <fmt/format.h>

#include "base/text.h"
#include "run/apply.h"

namespace vmlab {

namespace {

// The emulated hardware clock is no help: it comes back from a snapshot some seconds off. What a
// node follows by NTP is asked anew at once: chrony would take minutes to trust it again.
constexpr auto script = R"(
now=$(date +%s)
off=$((host - now))
if [ "$off" -gt 2 ] || [ "$off" -lt -2 ]; then
  date -u -s "@$host" >/dev/null || exit 1
fi
command -v chronyc >/dev/null || exit 0
if grep -qs '^server ' /etc/chrony/conf.d/vmlab.conf; then
  chronyc burst 3/6 >/dev/null && chronyc waitsync 20 0.5 0 1 >/dev/null
  chronyc makestep >/dev/null
fi
exit 0
)";

}  // namespace

void correct_clock(const Lab& lab, const Node& node, const Paths& paths, Ports& ports,
                   std::stop_token stop) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(ports.system.now().time_since_epoch())
          .count();
  const auto result = ports.guests.run(ssh_target_of(lab, node, paths),
                                       {.script = fmt::format("host={}\n{}", seconds, script),
                                        .input = {},
                                        .timeout = std::chrono::seconds(120),
                                        .on_line = {}},
                                       stop);
  if (result.exit_code == 0) return;
  throw Error(fmt::format("cannot set the clock of '{}': {}", node.name, trim(result.err)));
}

}  // namespace vmlab
