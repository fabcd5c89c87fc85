// Commands that run something on nodes: ssh, exec.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/text.h"
#include "cli/commands.h"
#include "cli/nodes_of.h"
#include "cli/output_nodes.h"
#include "cli/ssh_config.h"
#include "run/for_all.h"

namespace vmlab {

namespace {

/// Replaces this process.
[[noreturn]] void become(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  ::execvp(arguments[0], arguments.data());
  throw Error(fmt::format("cannot start '{}': {}", words.front(), std::strerror(errno)),
              "install the package openssh-client");
}

}  // namespace

ExitCode run_ssh(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  const auto& node = lab.node(invocation.node);
  require_running(context, lab, node);
  const auto config = context.settings.paths.ssh_config(lab.name);
  const auto text = ssh_config_of(lab, context.settings);
  if (context.ports.system.read(config) != text) context.ports.system.write(config, text, 0644);
  std::vector<std::string> words = {"ssh", "-F", config.string(), node.name};
  const auto command = remote_command(invocation.words);
  if (!command.empty()) {
    words.emplace_back("--");
    words.push_back(command);
  }
  become(words);
}

ExitCode run_exec(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  const auto nodes = matching(lab, invocation.pattern);
  const auto down = nodes_down(context, lab);
  std::size_t name_width = 0;
  for (const auto* node : nodes) name_width = std::max(name_width, width(node->name));

  auto& console = context.console;
  const auto script = remote_command(invocation.words);
  std::vector<ExecOutcome> outcomes(nodes.size());
  std::mutex out;
  // Who has read enough (`| head`) ends it, as a signal would.
  std::stop_source stop;
  const std::stop_callback forwarded(context.stop, [&stop] { stop.request_stop(); });
  for_all(nodes.size(), asked_at_once, [&](std::size_t i) {
    auto& outcome = outcomes[i];
    outcome.node = nodes[i]->name;
    if (const auto found = down.find(outcome.node); found != down.end()) {
      outcome.error = found->second;
      return;
    }
    GuestCommand command{
        .script = script, .input = {}, .timeout = invocation.timeout, .on_line = {}};
    if (!invocation.json) {
      command.on_line = [&, prefix = console.out_style().cyan(pad(outcome.node, name_width) +
                                                              " |")](std::string_view line) {
        const std::scoped_lock lock(out);
        console.result(fmt::format("{} {}\n", prefix, line));
        if (!console.result_is_read()) stop.request_stop();
      };
    }
    const auto began = context.ports.system.monotonic();
    try {
      const auto target = ssh_target(lab, *nodes[i], context.settings);
      auto result = context.ports.guests.run(target, command, stop.get_token());
      outcome.exit_code = result.exit_code;
      outcome.out = std::move(result.out);
      outcome.err = std::move(result.err);
    } catch (const Cancelled&) {
      outcome.error =
          console.result_is_read() ? "interrupted" : "stopped: nobody reads what it says";
    } catch (const std::exception& error) {
      const auto* known = dynamic_cast<const Error*>(&error);
      outcome.error = known != nullptr ? known->message() : error.what();
    }
    outcome.took = context.ports.system.monotonic() - began;
  });
  if (invocation.json) {
    console.result(dump(exec_json(lab.name, script, outcomes)));
  } else {
    console.say(render_exec(outcomes, console.err_style()));
  }
  if (context.stop.stop_requested()) return ExitCode::interrupted;
  return std::ranges::all_of(outcomes, &ExecOutcome::ok) ? ExitCode::done : ExitCode::failed;
}

}  // namespace vmlab
