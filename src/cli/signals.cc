#include "cli/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/error.h"

namespace vmlab {

namespace {

// A signal handler can reach nothing but these.
std::atomic<int> write_end{-1};
std::atomic<int> seen{0};
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void on_interrupt(int /*signal*/) {
  if (seen.fetch_add(1) > 0) ::_exit(static_cast<int>(ExitCode::interrupted));
  const int saved = errno;
  const char byte = 'x';
  [[maybe_unused]] const auto written = ::write(write_end.load(), &byte, 1);
  errno = saved;
}

// A handler, and not SIG_IGN, since exec gives programs that are started the default back.
extern "C" void on_broken_pipe(int /*signal*/) {}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

struct Signals::Watcher {
  std::array<int, 2> pipe{-1, -1};
  std::jthread thread;
};

Signals::Signals(std::stop_source source) : watcher_(std::make_unique<Watcher>()) {
  if (::pipe2(watcher_->pipe.data(), O_CLOEXEC) != 0) {
    throw Error(std::string("cannot watch for signals: ") + std::strerror(errno));
  }
  write_end = watcher_->pipe[1];
  watcher_->thread = std::jthread([source, descriptor = watcher_->pipe[0]]() mutable {
    char byte = 0;
    while (::read(descriptor, &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte == 'x') source.request_stop();
  });
  handle(SIGINT, on_interrupt);
  handle(SIGTERM, on_interrupt);
  handle(SIGPIPE, on_broken_pipe);
}

Signals::~Signals() {
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
  ::close(watcher_->pipe[1]);  // ends the thread's read
  watcher_->thread.join();
  ::close(watcher_->pipe[0]);
}

}  // namespace vmlab
