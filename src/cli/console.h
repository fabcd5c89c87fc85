// The program's own streams and how it speaks on them: results on standard output, the rest on
// standard error.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/error.h"
#include "cli/options.h"
#include "cli/output_diagnostics.h"
#include "cli/output_summary.h"
#include "cli/progress_json.h"
#include "cli/progress_plain.h"
#include "cli/terminal.h"
#include "run/reporter.h"

namespace vmlab {

/// Writes to a file descriptor, from any thread: texts do not mix. A reader that went away makes it
/// silent; any other failure is kept for `failure()`, since output that is lost must not look like
/// success.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  void write(std::string_view text);
  /// Whether the reader of a pipe is known to have gone.
  bool closed() const;
  std::string failure() const;  // empty: none

 private:
  int descriptor_;
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::string failure_;
};

struct Streams {
  Write out;
  Write err;
  std::function<bool()> out_closed;  // empty: never
  Style out_style;
  Style err_style;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  std::function<TerminalSize()> err_size;
  Now now;
  SourceOf source;  // of files that diagnostics name
  Write log;        // --log-file, which is told all; empty: none
};

/// How this invocation speaks.
class Console {
 public:
  Console(Streams streams, LogFormat format, Detail detail);

  void result(const std::string& text) { streams_.out(text); }  // standard output
  void note(const std::string& message);
  void error(const Error& error);
  void problems(const BadInput& input);
  bool result_is_read() const { return !streams_.out_closed || !streams_.out_closed(); }
  bool out_is_terminal() const { return streams_.out_is_terminal; }
  Style out_style() const { return streams_.out_style; }
  Style err_style() const { return streams_.err_style; }
  bool json() const { return format_ == LogFormat::json; }
  /// Text for people that is no result: tables at the end, summaries. Nothing in JSON.
  void say(const std::string& text);
  /// The same, but for --quiet.
  void tell(const std::string& text) {
    if (detail_ != Detail::quiet) say(text);
  }
  /// Whether lines may be written over on standard error.
  bool shows_progress() const {
    return format_ == LogFormat::tty && streams_.err_is_terminal && detail_ != Detail::quiet;
  }
  std::size_t columns() const { return streams_.err_size().columns; }

  /// Calls `run` with the reporter of this invocation's format, then tells what it came to.
  RunSummary watch(const SummaryContext& context, const std::stop_token& stop,
                   const std::function<RunSummary(Reporter&)>& run);

 private:
  void log(const std::string& text) {
    if (streams_.log) streams_.log(text);
  }
  /// Calls `run` with `shown`, and has the log hear the same.
  RunSummary run_and_log(Reporter& shown, const std::stop_token& stop,
                         const std::function<RunSummary(Reporter&)>& run);

  Streams streams_;
  LogFormat format_;
  Detail detail_;
  JsonEvents events_;
};

}  // namespace vmlab
