// Where a command's result goes: standard output, or the file of --output.
#pragma once

#include <filesystem>
#include <string>

#include "cli/commands.h"

namespace vmlab {

/// Throws Error with ExitCode::bad_input when nothing can be written there.
void write_result_file(const Context& context, const std::filesystem::path& path,
                       const std::string& text, unsigned mode);

/// To the file of --output, else to standard output.
void write_result(const Context& context, const std::string& text);

}  // namespace vmlab
