// vmlab: reads the command line, gives the command what it works with, and tells how it ended.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/world.h"
#include "run/accelerator.h"

namespace vmlab {

namespace {

std::optional<std::string> read_source(const std::string& file) {
  const std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

Streams real_streams(Descriptor& out, Descriptor& err) {
  Streams streams;
  streams.out = [&out](std::string_view text) { out.write(text); };
  streams.err = [&err](std::string_view text) { err.write(text); };
  streams.out_closed = [&out] { return out.closed(); };
  streams.out_style = style_for(STDOUT_FILENO);
  streams.err_style = style_for(STDERR_FILENO);
  streams.out_is_terminal = is_terminal(STDOUT_FILENO);
  streams.err_is_terminal = is_terminal(STDERR_FILENO);
  streams.err_size = [] { return terminal_size(STDERR_FILENO); };
  streams.now = [] { return std::chrono::system_clock::now(); };
  streams.source = read_source;
  return streams;
}

ExitCode run(const Invocation& invocation, Console& console, const std::stop_token& stop) {
  Settings settings;
  settings.paths.root = std::filesystem::absolute(invocation.state_dir).lexically_normal();
  settings.accelerator = invocation.accelerator;
  settings.checkpoints = !invocation.no_checkpoint;
  settings.replace = invocation.replace;
  settings.overrides = invocation.overrides;
  settings.prune = invocation.prune;
  World world(real_makers(invocation.connect), [&](Ports& ports) {
    try {
      return proven_accelerator(invocation.accelerator, settings.paths, ports, stop) ==
             Accelerator::kvm;
    } catch (const Error&) {
      return false;  // images can be made where no libvirt answers; emulation works everywhere
    }
  });
  auto& ports = world.ports();
  settings.library = read_library(find_library(library_search(),
                                               [](const std::filesystem::path& path) {
                                                 std::error_code ignored;
                                                 return std::filesystem::exists(path, ignored);
                                               }),
                                  ports.system);
  return run_command({invocation, settings, ports, console, stop});
}

/// The one place where what went wrong becomes words and an exit code.
ExitCode run_and_tell(const Invocation& invocation, Console& console, const std::stop_token& stop) {
  try {
    return run(invocation, console, stop);
  } catch (const BadInput& input) {
    console.problems(input);
    return ExitCode::bad_input;
  } catch (const Error& error) {
    console.error(error);
    return error.code();
  } catch (const Cancelled&) {
    console.note(invocation.command == "up" ? "interrupted; run it again to continue"
                                            : "interrupted");
    return ExitCode::interrupted;
  } catch (const std::exception& error) {
    console.error(Error(fmt::format("cannot {}: {}", invocation.command, error.what())));
    return ExitCode::failed;
  }
}

int main_of(const std::vector<std::string>& words) {
  Descriptor out(STDOUT_FILENO);
  Descriptor err(STDERR_FILENO);
  const auto streams = real_streams(out, err);
  Invocation invocation;
  try {
    invocation = parse_command_line(words);
  } catch (const Error& error) {
    err.write(render_error(error, streams.err_style));
    return static_cast<int>(error.code());
  }
  if (!invocation.text.empty()) {
    out.write(invocation.text);
    return 0;
  }
  const std::stop_source stop;
  const Signals signals(stop);
  const auto detail = invocation.quiet         ? Detail::quiet
                      : invocation.verbose > 0 ? Detail::verbose
                                               : Detail::normal;
  Console console(streams, invocation.log_format, detail);
  auto code = run_and_tell(invocation, console, stop.get_token());
  if (code == ExitCode::done && !out.failure().empty()) {
    console.error(Error("cannot write the result: " + out.failure()));
    code = ExitCode::failed;
  }
  return static_cast<int>(code);
}

}  // namespace

}  // namespace vmlab

int main(int argc, char** argv) {
  return vmlab::main_of({argv + 1, argv + argc});
}
