// How problems look: bad input with the source line and a caret, failed operations with what was
// being done.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/terminal.h"

namespace vmlab {

/// Text of a file that a diagnostic names; nullopt when it cannot be read.
using SourceOf = std::function<std::optional<std::string>(const std::string& file)>;

/// All problems, each as `file:line:column: error: message`, the source line, a caret under the
/// place and the help; in the order given, at most `most` of them and then how many more there are.
std::string render_diagnostics(const std::vector<Diagnostic>& problems, const SourceOf& source,
                               Style style, std::size_t most = 100);

/// `error: message`, then `while …` lines, innermost first, then the hint.
std::string render_error(const Error& error, Style style);
std::string render_error(const std::string& message, const std::vector<std::string>& trail,
                         const std::string& hint, Style style);

}  // namespace vmlab
