// Commands on nodes: ssh, exec, endpoints.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <thread>

#include "base/text.h"
#include "base/units.h"
#include "cli/commands.h"
#include "cli/output_nodes.h"
#include "cli/ssh_config.h"
#include "dcos/ports.h"

namespace vmlab {

namespace {

/// So many nodes are asked at once; each is a thread and a connection.
constexpr std::size_t most_at_once = 32;

/// Calls `work(i)` for each i below `count`, several at a time.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < std::min(count, most_at_once); ++i) {
    threads.emplace_back([&] {
      for (std::size_t mine = next++; mine < count; mine = next++) work(mine);
    });
  }
}

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

std::vector<const Node*> matching(const Lab& lab, const std::string& pattern) {
  std::vector<const Node*> found;
  for (const auto& node : lab.nodes) {
    for (const auto& one : split(pattern, ',')) {
      if (!glob_match(trim(one), node.name)) continue;
      found.push_back(&node);
      break;
    }
  }
  if (!found.empty()) return found;
  std::vector<std::string> names;
  for (const auto& node : lab.nodes) names.push_back(node.name);
  const auto near = closest(pattern, names);
  throw Error(fmt::format("no node of lab '{}' matches '{}'", lab.name, pattern),
              near ? fmt::format("did you mean '{}'?", *near) : "its nodes: " + join(names, ", "),
              ExitCode::bad_input);
}

EndpointState ask(const Endpoint& endpoint, const Context& context) {
  const auto reply =
      context.ports.system.http_get(endpoint.url, std::chrono::seconds(10), context.stop);
  EndpointState state{.endpoint = endpoint, .up = false, .status = 0, .because = {}};
  if (!reply.reached) {
    state.because = reply.error.empty() ? "no answer" : reply.error;
    return state;
  }
  state.status = reply.status;
  // 401 and 403 are the answers of something that works and wants a login.
  state.up = reply.status < 400 || reply.status == 401 || reply.status == 403;
  if (!state.up) state.because = fmt::format("HTTP status {}", reply.status);
  return state;
}

}  // namespace

ExitCode run_ssh(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target);
  const auto& node = lab.node(invocation.node);
  std::vector<SshTarget> targets;
  for (const auto& other : lab.nodes) targets.push_back(ssh_target(lab, other, context.settings));
  const auto& paths = context.settings.paths;
  if (!context.ports.system.stat(paths.known_hosts(lab.name))) {
    throw Error(fmt::format("cannot reach node '{}': lab '{}' is not up", node.name, lab.name),
                fmt::format("vmlab up {}", shell_quote(lab.file.empty() ? lab.name : lab.file)));
  }
  const auto config = paths.ssh_config(lab.name);
  const auto text = render_ssh_config(targets);
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
  const auto lab = lab_of(context, invocation.target);
  const auto nodes = matching(lab, invocation.pattern);
  std::size_t name_width = 0;
  for (const auto* node : nodes) name_width = std::max(name_width, width(node->name));

  const auto script = remote_command(invocation.words);
  std::vector<ExecOutcome> outcomes(nodes.size());
  std::mutex out;
  in_parallel(nodes.size(), [&](std::size_t i) {
    auto& outcome = outcomes[i];
    outcome.node = nodes[i]->name;
    const auto prefix = context.console.out_style().cyan(pad(nodes[i]->name, name_width) + " |");
    const auto began = context.ports.system.monotonic();
    try {
      const GuestCommand command{.script = script,
                                 .input = {},
                                 .timeout = invocation.timeout,
                                 .on_line = [&](std::string_view line) {
                                   const std::scoped_lock lock(out);
                                   context.console.result(fmt::format("{} {}\n", prefix, line));
                                 }};
      const auto target = ssh_target(lab, *nodes[i], context.settings);
      outcome.exit_code = context.ports.guests.run(target, command, context.stop).exit_code;
    } catch (const Error& error) {
      outcome.error = error.message();
    } catch (const Cancelled&) {
      outcome.error = "interrupted";
    }
    outcome.took = context.ports.system.monotonic() - began;
  });
  context.console.say(render_exec(outcomes, context.console.err_style()));
  if (context.stop.stop_requested()) return ExitCode::interrupted;
  return std::ranges::all_of(outcomes, &ExecOutcome::ok) ? ExitCode::done : ExitCode::failed;
}

ExitCode run_endpoints(const Context& context) {
  const auto lab = lab_of(context, context.invocation.target);
  const auto known = endpoints(lab);
  if (known.empty()) {
    throw Error(fmt::format("lab '{}' offers no endpoints: nothing is installed on it", lab.name),
                "`install: {dcos: …}` in its topology file asks for an install");
  }
  std::vector<EndpointState> states(known.size());
  in_parallel(known.size(), [&](std::size_t i) {
    try {
      states[i] = ask(known[i], context);
    } catch (const Error& error) {
      states[i] = {.endpoint = known[i], .up = false, .status = 0, .because = error.message()};
    } catch (const Cancelled&) {
      states[i] = {.endpoint = known[i], .up = false, .status = 0, .because = "interrupted"};
    }
  });
  if (context.stop.stop_requested()) throw Cancelled();
  auto& console = context.console;
  console.result(context.invocation.json ? dump(endpoints_json(lab.name, states))
                                         : render_endpoints(states, console.out_style()));
  return std::ranges::all_of(states, &EndpointState::up) ? ExitCode::done : ExitCode::failed;
}

}  // namespace vmlab
