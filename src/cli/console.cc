#include "cli/console.h"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/log_file.h"
#include "cli/progress_tty.h"

namespace vmlab {

void Descriptor::write(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  while (!text.empty() && !closed_ && failure_.empty()) {
    const auto written = ::write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{descriptor_, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno != EINTR) {
      failure_ = std::strerror(errno);
    }
  }
}

std::string Descriptor::failure() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

bool Descriptor::closed() const {
  const std::scoped_lock lock(mutex_);
  pollfd pipe{descriptor_, 0, 0};
  return closed_ || (::poll(&pipe, 1, 0) > 0 && (pipe.revents & POLLERR) != 0);
}

Console::Console(Streams streams, LogFormat format, Detail detail)
    : streams_(std::move(streams)),
      // A line per node has no room for all that --verbose tells.
      format_(format != LogFormat::automatic                          ? format
              : streams_.err_is_terminal && detail != Detail::verbose ? LogFormat::tty
                                                                      : LogFormat::plain),
      detail_(detail),
      events_(streams_.out, streams_.now) {}

void Console::note(const std::string& message) {
  log("note: " + message);
  if (json()) {
    events_.note(message);
  } else if (detail_ != Detail::quiet) {
    streams_.err(streams_.err_style.yellow("note:") + " " + printable(message) + "\n");
  }
}

void Console::error(const Error& error) {
  log(render_error(error, {}));
  if (json()) {
    events_.error(error);
  } else {
    streams_.err(render_error(error, streams_.err_style));
  }
}

void Console::problems(const BadInput& input) {
  log(render_diagnostics(input.problems(), {}, {}));
  if (json()) {
    for (const auto& problem : input.problems()) events_.diagnostic(problem);
    return;
  }
  streams_.err(render_diagnostics(input.problems(), streams_.source, streams_.err_style));
}

void Console::say(const std::string& text) {
  log(text);
  if (!json()) streams_.err(text);
}

RunSummary Console::run_and_log(Reporter& shown, const std::stop_token& stop,
                                const std::function<RunSummary(Reporter&)>& run) {
  if (!streams_.log) return run(shown);
  PlainProgress logged(streams_.log, {}, Detail::verbose, stop);
  BothReporters both(shown, logged);
  return run(both);
}

RunSummary Console::watch(const SummaryContext& context, const std::stop_token& stop,
                          const std::function<RunSummary(Reporter&)>& run) {
  events_.set_lab(context.lab);
  if (format_ == LogFormat::json) {
    JsonProgress progress(events_);
    return run_and_log(progress, stop, run);
  }
  if (format_ == LogFormat::tty && detail_ != Detail::quiet) {
    TtyProgress progress(streams_.err, streams_.err_style, context.lab, streams_.err_size, stop);
    auto summary = run_and_log(progress, stop, run);
    say(render_summary(summary, progress.model(), context, streams_.err_style));
    return summary;
  }
  PlainProgress progress(streams_.err, streams_.err_style, detail_, stop);
  auto summary = run_and_log(progress, stop, run);
  auto text = render_summary(summary, progress.model(), context, streams_.err_style);
  // What to do next is no word on how it ended, unless it failed.
  if (detail_ == Detail::quiet && summary.ok()) text.resize(text.find('\n') + 1);
  say(text);
  return summary;
}

}  // namespace vmlab
