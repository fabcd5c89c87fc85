// What can go wrong, as values: an operation that failed, or input that is wrong.
#pragma once

#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace vmlab {

/// Exit codes of the program; scripts rely on them.
enum class ExitCode { done = 0, failed = 1, bad_input = 2, locked = 3, interrupted = 130 };

/// An operation that failed. `message` has the form `cannot <verb> '<thing>': <cause>`; `trail`
/// holds what was being done, innermost first; `hint` is one action for the user, or empty.
class Error : public std::exception {
 public:
  explicit Error(std::string message, std::string hint = {}, ExitCode code = ExitCode::failed);

  const std::string& message() const noexcept { return message_; }
  const std::vector<std::string>& trail() const noexcept { return trail_; }
  const std::string& hint() const noexcept { return hint_; }
  ExitCode code() const noexcept { return code_; }

  /// Adds `while <what>` to the trail.
  void add_context(std::string what);
  /// Sets the hint unless a more specific one is there already.
  void suggest(std::string hint);

  /// Message, trail and hint, one per line, as `cli/output` prints them.
  const char* what() const noexcept override { return rendered_.c_str(); }

 private:
  void render();

  std::string message_;
  std::vector<std::string> trail_;
  std::string hint_;
  ExitCode code_;
  std::string rendered_;
};

/// Thrown by whatever was asked to stop by its stop_token; never shown as a failure.
class Cancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "interrupted"; }
};

/// Runs `f`; an Error that leaves it carries `while <what>`.
template <class F>
decltype(auto) doing(const std::string& what, F&& f) {
  try {
    return std::forward<F>(f)();
  } catch (Error& error) {
    error.add_context(what);
    throw;
  }
}

/// One problem in the user's input. Lines and columns start at 1; 0 means that there is none.
struct Diagnostic {
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;  // without position
  std::string help;     // "did you mean 'x'?", or empty

  bool operator==(const Diagnostic&) const = default;
};

/// All problems of the input at once. Ends the program with ExitCode::bad_input.
class BadInput : public std::exception {
 public:
  explicit BadInput(std::vector<Diagnostic> problems);

  const std::vector<Diagnostic>& problems() const noexcept { return problems_; }
  const char* what() const noexcept override { return rendered_.c_str(); }

 private:
  std::vector<Diagnostic> problems_;
  std::string rendered_;
};

}  // namespace vmlab
