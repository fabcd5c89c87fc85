#include "base/error.h"

#include <fmt/format.h>

namespace vmlab {

Error::Error(std::string message, std::string hint, ExitCode code)
    : message_(std::move(message)), hint_(std::move(hint)), code_(code) {
  render();
}

void Error::add_context(std::string what) {
  trail_.push_back(std::move(what));
  render();
}

void Error::suggest(std::string hint) {
  if (hint_.empty()) hint_ = std::move(hint);
  render();
}

void Error::render() {
  rendered_ = message_;
  for (const auto& what : trail_) rendered_ += "\n  while " + what;
  if (!hint_.empty()) rendered_ += "\n  hint: " + hint_;
}

BadInput::BadInput(std::vector<Diagnostic> problems) : problems_(std::move(problems)) {
  for (const auto& p : problems_) {
    if (!rendered_.empty()) rendered_ += '\n';
    rendered_ += p.line > 0 ? fmt::format("{}:{}:{}: {}", p.file, p.line, p.column, p.message)
                            : fmt::format("{}: {}", p.file, p.message);
  }
}

}  // namespace vmlab
