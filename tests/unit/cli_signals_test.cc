#include "cli/signals.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <mutex>

#include "cli/console.h"

namespace vmlab {
namespace {

/// Exit code of a child that runs `f`; -1 when a signal ended it.
int in_child(int (*f)()) {
  const auto child = ::fork();
  if (child == 0) ::_exit(f());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void wait_for_stop(const std::stop_token& stop) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any changed;
  changed.wait(lock, stop, [] { return false; });
}

TEST(Signals, TheFirstOneRequestsAStop) {
  EXPECT_EQ(in_child([] {
              const std::stop_source stop;
              const Signals signals(stop);
              ::raise(SIGTERM);
              wait_for_stop(stop.get_token());  // would hang, were nothing requested
              return 7;
            }),
            7);
}

TEST(Signals, TheSecondOneLeavesAtOnce) {
  EXPECT_EQ(in_child([] {
              const std::stop_source stop;
              const Signals signals(stop);
              ::raise(SIGINT);
              ::raise(SIGINT);
              return 7;
            }),
            130);
}

TEST(Signals, EndQuietlyWithoutASignal) {
  EXPECT_EQ(in_child([] {
              const std::stop_source stop;
              { const Signals signals(stop); }
              return stop.stop_requested() ? 1 : 7;
            }),
            7);
}

TEST(Signals, AReaderThatWentAwayIsNoSignal) {
  EXPECT_EQ(in_child([] {
              const Signals signals{std::stop_source()};
              int ends[2];
              if (::pipe(ends) != 0) return 1;
              ::close(ends[0]);
              Descriptor out(ends[1]);
              out.write("nobody reads this\n");
              out.write("nor this\n");
              return out.failure().empty() ? 7 : 2;
            }),
            7);
}

TEST(Signals, ProgramsThatAreStartedDieOfABrokenPipeAgain) {
  EXPECT_EQ(in_child([] {
              const Signals signals{std::stop_source()};
              ::execl("/bin/sh", "sh", "-c", "kill -PIPE $$; exit 7", nullptr);
              return 1;
            }),
            -1);
}

TEST(Descriptor, LostOutputIsAFailure) {
  Descriptor full(::open("/dev/full", O_WRONLY));
  full.write("x");
  EXPECT_EQ(full.failure(), "No space left on device");
}

}  // namespace
}  // namespace vmlab
