// vmlab: reads the command line, gives the command what it works with, and tells how it ended.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "cli/commands.h"
#include "cli/log_file.h"
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

ExitCode run(const Invocation& invocation, Console& console, const Trace& trace,
             const std::stop_token& stop) {
  Settings settings;
  settings.paths.root = state_directory(invocation.state_dir);
  settings.uri = invocation.connect;
  settings.accelerator = invocation.accelerator;
  settings.boot = invocation.boot;
  settings.checkpoints = !invocation.no_checkpoint;
  settings.replace = invocation.replace;
  settings.overrides = invocation.overrides;
  settings.command = invocation.command;
  settings.prune = invocation.prune;
  const auto accelerated = [&](Ports& ports) {
    try {
      return proven_accelerator(invocation.accelerator, settings.paths, ports, stop) ==
             Accelerator::kvm;
    } catch (const Error&) {
      return false;  // images can be made where no libvirt answers; emulation works everywhere
    }
  };
  World world(real_makers(invocation.connect), accelerated, trace);
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
ExitCode run_and_tell(const Invocation& invocation, Console& console, const Trace& trace,
                      const std::stop_token& stop) {
  try {
    return run(invocation, console, trace, stop);
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
  auto streams = real_streams(out, err);
  Invocation invocation;
  std::optional<LogFile> log;
  try {
    invocation = parse_command_line(words);
    if (!invocation.log_file.empty()) log.emplace(invocation.log_file, streams.now);
  } catch (const Error& error) {
    err.write(render_error(error, streams.err_style));
    return static_cast<int>(error.code());
  }
  if (!invocation.text.empty()) {
    out.write(invocation.text);
    if (out.failure().empty()) return 0;
    err.write(render_error(Error("cannot write the help: " + out.failure()), streams.err_style));
    return static_cast<int>(ExitCode::failed);
  }
  if (log) {
    streams.log = [&log](std::string_view text) { log->write(text); };
    // Its words may hold what is nobody else's business; the command alone does not.
    log->write(fmt::format("vmlab {} {}", invocation.command, invocation.target));
  }
  const std::stop_source stop;
  const Signals signals(stop);
  const auto detail = invocation.quiet         ? Detail::quiet
                      : invocation.verbose > 0 ? Detail::verbose
                                               : Detail::normal;
  Console console(streams, invocation.log_format, detail);
  Trace trace;
  const bool shown = invocation.verbose > 1 && invocation.log_format != LogFormat::json;
  if (log || shown) {
    trace = [&log, &err, shown](const std::string& line) {
      if (log) log->write(line);
      if (shown) err.write(printable(line) + "\n");
    };
  }
  auto code = run_and_tell(invocation, console, trace, stop.get_token());
  if (code == ExitCode::done && !out.failure().empty()) {
    console.error(Error("cannot write the result: " + out.failure()));
    code = ExitCode::failed;
  }
  if (log) {
    log->write(fmt::format("exit code {}", static_cast<int>(code)));
    if (!log->failure().empty()) console.note("the log is not whole: " + log->failure());
  }
  return static_cast<int>(code);
}

}  // namespace

}  // namespace vmlab

int main(int argc, char** argv) {
  return vmlab::main_of({argv + 1, argv + argc});
}
