// Programs on this host, to their end.
#include <gtest/gtest.h>
#include <poll.h>

#include <charconv>
#include <chrono>
#include <csignal>

extern "C" {  // which glibc 2.36 does not say itself
#include <sys/pidfd.h>
}

#include "base/error.h"
#include "host/adapters.h"
#include "host/guestfs_process.h"
#include "host/posix_files.h"

namespace vmlab {
namespace {

using std::chrono::seconds;

/// A process that a command has started and told the number of, held so that no other can take its
/// place.
class Started {
 public:
  void told(std::string_view text) {
    if (held_) return;
    std::from_chars(text.data(), text.data() + text.size(), pid_);
    held_ = FileDescriptor{pidfd_open(pid_, 0)};
  }
  bool told() const { return static_cast<bool>(held_); }
  /// Whether it ends in good time.
  bool ends() const {
    constexpr int limit_ms = 10'000;
    return ended(limit_ms);
  }
  bool runs() const { return told() && !ended(0); }
  ~Started() {
    if (runs()) kill(pid_, SIGKILL);
  }

 private:
  bool ended(int limit_ms) const {
    pollfd end{held_.get(), POLLIN, 0};
    return poll(&end, 1, limit_ms) == 1;
  }
  pid_t pid_ = 0;
  FileDescriptor held_;
};

const std::string lasting = "sleep 60 & echo $!; ";  // a child to be ended: nobody waits for it

class HostCommand : public testing::Test {
 protected:
  std::chrono::steady_clock::duration passed() const {
    return std::chrono::steady_clock::now() - begun_;
  }
  /// Begins a script that tells of a child first, and asks for a stop when it has.
  void expect_that_a_stop_ends(const std::string& script) {
    EXPECT_THROW(system_->run_command(
                     {"/bin/sh", "-c", script}, {},
                     [&](std::string_view text) {
                       child_.told(text);
                       stop_.request_stop();
                     },
                     stop_.get_token()),
                 Cancelled);
    EXPECT_LT(passed(), seconds(30));
    ASSERT_TRUE(child_.told());
    EXPECT_TRUE(child_.ends());
  }
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  const std::unique_ptr<System> system_ = make_posix();
  std::stop_source stop_;
  Started child_;
};

TEST_F(HostCommand, HandsOverWhatItWritesAndItsCode) {
  std::string said;
  const auto code =
      system_->run_command({"/bin/sh", "-c", "echo $ONE; echo two >&2; exit 7"}, {{"ONE", "a b"}},
                           [&](std::string_view text) { said += text; }, {});
  EXPECT_EQ(code, 7);
  EXPECT_EQ(said, "a b\ntwo\n");
}

TEST_F(HostCommand, ASignalAndAnAbsentProgramAreCodesAsAShellSaysThem) {
  std::string said;
  const auto keep = [&](std::string_view text) { said += text; };
  EXPECT_EQ(system_->run_command({"/bin/sh", "-c", "kill -9 $$"}, {}, keep, {}), 137);
  EXPECT_EQ(system_->run_command({"/no/such"}, {}, keep, {}), 127);
  EXPECT_EQ(said, "cannot start '/no/such': No such file or directory\n");
}

// A daemon, or ssh's ControlPersist, had `vmlab test` wait until that ended.
TEST_F(HostCommand, EndsWithItsProgramThoughAChildKeepsTheStreams) {
  constexpr std::size_t size = 200'000;  // more than a pipe holds
  std::string said;
  const auto code =
      system_->run_command({"/bin/sh", "-c", lasting + "head -c 200000 /dev/zero; exit 3"}, {},
                           [&](std::string_view text) {
                             child_.told(text);
                             said += text;
                           },
                           {});
  EXPECT_LT(passed(), seconds(30));
  EXPECT_EQ(code, 3);
  EXPECT_EQ(said.size() - said.find('\n') - 1, size);
  EXPECT_TRUE(child_.runs()) << "what a command leaves behind is its own business";
}

TEST_F(HostCommand, AStopEndsItWithItsChildren) {
  expect_that_a_stop_ends(lasting + "wait");
}

TEST_F(HostCommand, WhatDoesNotEndWhenItIsToldToIsKilled) {
  expect_that_a_stop_ends("trap '' TERM; " + lasting + "wait");
}

// The signal went to a group that the child had not made yet, and was not sent again.
TEST_F(HostCommand, AStopThatCameBeforeEndsItToo) {
  stop_.request_stop();
  const auto nothing = [](std::string_view) {};
  EXPECT_THROW(system_->run_command({"/bin/sleep", "60"}, {}, nothing, stop_.get_token()),
               Cancelled);
  EXPECT_THROW(run_program({"/bin/sleep", "60"}, nothing, stop_.get_token()), Cancelled);
  EXPECT_LT(passed(), seconds(30));
}

TEST_F(HostCommand, AFailureOfWhoListensEndsItWithItsChildren) {
  EXPECT_THROW(system_->run_command({"/bin/sh", "-c", lasting + "wait"}, {},
                                    [&](std::string_view text) {
                                      child_.told(text);
                                      throw Error("cannot write");
                                    },
                                    {}),
               Error);
  ASSERT_TRUE(child_.told());
  EXPECT_TRUE(child_.ends());
}

}  // namespace
}  // namespace vmlab
