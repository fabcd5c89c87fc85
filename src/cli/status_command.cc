// `vmlab status`: once, or again whenever it changes.
#include "cli/commands.h"
#include "cli/output_tables.h"

namespace vmlab {

namespace {

constexpr std::chrono::milliseconds watch_interval{2000};

std::string shown(const LabStatus& found, const Context& context) {
  if (!context.invocation.json) return render_status(found, context.console.out_style());
  // A record a line, so that a reader knows where one ends.
  return context.invocation.watch ? dump_line(status_json(found)) : dump(status_json(found));
}

}  // namespace

ExitCode run_status(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  const auto ask = invocation.probe ? Ask::guests : Ask::host;
  auto& console = context.console;
  std::string last;
  while (true) {
    auto text = shown(status(lab, ask, context.settings, context.ports, context.stop), context);
    if (text != last) {
      const bool redraw = invocation.watch && console.out_is_terminal() && !invocation.json;
      if (redraw) console.result("\x1b[H\x1b[2J");
      if (!redraw && !last.empty() && !invocation.json) console.result("\n");
      console.result(text);
      last = std::move(text);
    }
    if (!invocation.watch || !console.result_is_read()) return ExitCode::done;
    try {
      context.ports.system.wait(watch_interval, context.stop);
    } catch (const Cancelled&) {
      return ExitCode::done;  // the way to end it
    }
  }
}

}  // namespace vmlab
