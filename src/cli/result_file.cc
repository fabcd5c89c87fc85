#include "cli/result_file.h"

#include <fmt/format.h>

namespace vmlab {

void write_result_file(const Context& context, const std::filesystem::path& path,
                       const std::string& text, unsigned mode) {
  auto& system = context.ports.system;
  const auto parent = std::filesystem::absolute(path).parent_path();
  const auto refuse = [&path](const std::string& why, const std::string& hint = {}) {
    throw Error(fmt::format("cannot write '{}': {}", path.string(), why), hint,
                ExitCode::bad_input);
  };
  const auto there = system.stat(path);
  if (there && there->directory) refuse("it is a directory");
  // A link or a device would be replaced by a file.
  if (there && there->special) {
    refuse("it is a link or a device, no file",
           "without --output the result goes to standard output");
  }
  const auto around = system.stat(parent);
  if (!around || !around->directory) {
    refuse(fmt::format("there is no directory '{}'", parent.string()));
  }
  try {
    system.write(path, text, mode);
  } catch (const Error& error) {
    // Its hint is about the state directory.
    throw Error(error.message());
  }
}

void write_result(const Context& context, const std::string& text) {
  const auto& output = context.invocation.output;
  if (output.empty()) {
    context.console.result(text);
  } else {
    write_result_file(context, output, text, 0644);
  }
}

}  // namespace vmlab
