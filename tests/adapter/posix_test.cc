// Files, locks, routes and clock of this host.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "adapter/temp_dir.h"
#include "base/digest.h"
#include "base/text.h"
#include "host/adapters.h"
#include "host/posix_files.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;

unsigned mode_of(const fs::path& path) {
  return static_cast<unsigned>(fs::status(path).permissions());
}

class PosixTest : public testing::Test {
 protected:
  TempDir directory_;
  std::unique_ptr<System> system_ = make_posix();
};

TEST_F(PosixTest, WritesWholeFilesWithTheirMode) {
  const auto path = directory_ / "a" / "b" / "file";
  const auto old_mask = umask(0077);
  system_->write(path, "one", 0644);
  umask(0);
  EXPECT_EQ(mode_of(path), 0644U);
  system_->write(directory_ / "s" / "secret", std::string("t\0o", 3), 0600);
  umask(old_mask);
  EXPECT_EQ(system_->read(path), "one");
  EXPECT_EQ(mode_of(path.parent_path()), 0755U);
  EXPECT_EQ(mode_of(directory_ / "s" / "secret"), 0600U);
  EXPECT_EQ(mode_of(directory_ / "s"), 0700U) << "a directory made for a secret";
  EXPECT_EQ(system_->read(directory_ / "s" / "secret"), std::string("t\0o", 3));
  system_->write(path, "two", 0600);
  EXPECT_EQ(system_->read(path), "two");
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(system_->list(path.parent_path()), std::vector<std::string>{"file"}) << "no leftovers";
}

TEST_F(PosixTest, FailedWriteLeavesTheOldFileAndNothingElse) {
  write_text(directory_ / "file", "old");
  fs::create_directory(directory_ / "taken");
  EXPECT_THROW(system_->write(directory_ / "taken", "x", 0644), Error);
  EXPECT_THROW(system_->write(directory_ / "file" / "below", "x", 0644), Error);
  EXPECT_EQ(system_->read(directory_ / "file"), "old");
  EXPECT_EQ(system_->list(directory_.path()), (std::vector<std::string>{"file", "taken"}));
}

TEST_F(PosixTest, FullDiskSaysSo) {
  try {
    const FileDescriptor full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};
    write_all(full.get(), "x", "/some/file");
    FAIL() << "wrote to a full disk";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "cannot write '/some/file': No space left on device");
    EXPECT_NE(error.hint().find("free space"), std::string::npos);
  }
}

TEST_F(PosixTest, AbsenceIsNoError) {
  EXPECT_EQ(system_->read(directory_ / "none"), std::nullopt);
  EXPECT_EQ(system_->stat(directory_ / "none"), std::nullopt);
  EXPECT_TRUE(system_->list(directory_ / "none").empty());
  EXPECT_NO_THROW(system_->remove(directory_ / "none"));
  EXPECT_THROW(system_->read(directory_.path()), Error);
}

TEST_F(PosixTest, AppendsWholeLines) {
  const auto path = directory_ / "log" / "history";
  system_->append(path, "one");
  system_->append(path, "two\n");
  EXPECT_EQ(system_->read(path), "one\ntwo\n");
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int line = 0; line < 50; ++line) system_->append(path, std::string(100, 'x'));
    });
  }
  threads.clear();
  const auto all = lines(*system_->read(path));
  EXPECT_EQ(all.size(), 202U);
  for (std::size_t i = 2; i < all.size(); ++i) EXPECT_EQ(all[i], std::string(100, 'x'));
}

TEST_F(PosixTest, Directories) {
  system_->make_directory(directory_ / "a" / "b", 0755);
  system_->make_directory(directory_ / "a" / "b", 0755);
  EXPECT_TRUE(system_->stat(directory_ / "a" / "b")->directory);
  EXPECT_EQ(mode_of(directory_ / "a" / "b"), 0755U);
  system_->make_directory(directory_ / "a" / "b", 0700);
  EXPECT_EQ(mode_of(directory_ / "a" / "b"), 0700U) << "secrets go there now";
  write_text(directory_ / "file", "x");
  EXPECT_THROW(system_->make_directory(directory_ / "file", 0755), Error);
  system_->write(directory_ / "a" / "deep" / "x", "y", 0644);
  system_->remove(directory_ / "a");
  EXPECT_EQ(system_->list(directory_.path()), std::vector<std::string>{"file"});
}

TEST_F(PosixTest, SparseFileTakesWhatItTakes) {
  const auto path = directory_ / "disk";
  write_text(path, "x");
  fs::resize_file(path, 1'000'000'000);
  const auto info = system_->stat(path);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->size_bytes, 1'000'000'000U);
  EXPECT_LT(info->allocated_bytes, 1'000'000U);
  EXPECT_FALSE(info->directory);
}

TEST_F(PosixTest, FreeSpaceAlsoOfWhatIsNotThereYet) {
  EXPECT_GT(system_->free_bytes(directory_.path()), 0U);
  EXPECT_GT(system_->free_bytes(directory_ / "not" / "yet"), 0U);
}

TEST_F(PosixTest, DigestWithProgress) {
  const std::string data(3'500'000, 'd');
  write_text(directory_ / "file", data);
  std::uint64_t last = 0;
  EXPECT_EQ(system_->sha256(directory_ / "file",
                            [&](const std::string&, std::uint64_t done, std::uint64_t total) {
                              EXPECT_GT(done, last);
                              EXPECT_EQ(total, data.size());
                              last = done;
                            },
                            {}),
            sha256_hex(data));
  EXPECT_EQ(last, data.size());
  std::stop_source stop;
  EXPECT_THROW(system_->sha256(
                   directory_ / "file",
                   [&](const std::string&, std::uint64_t, std::uint64_t) { stop.request_stop(); },
                   stop.get_token()),
               Cancelled);
  EXPECT_THROW(system_->sha256(directory_ / "none", {}, {}), Error);
}

/// Runs `body` in another process, which then says that it is ready and lives until it is killed.
class Child {
 public:
  template <class F>
  explicit Child(F&& body) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    pid_ = fork();
    if (pid_ == 0) {
      close(ends[0]);
      const auto kept = body();
      static_cast<void>(write(ends[1], "r", 1));
      while (true) pause();
    }
    close(ends[1]);
    char ready = 0;
    EXPECT_EQ(read(ends[0], &ready, 1), 1);
    close(ends[0]);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { end(); }
  pid_t pid() const { return pid_; }
  void end() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
};

TEST_F(PosixTest, LockOfAnotherProcessIsNamed) {
  const auto path = directory_ / "labs" / "dcos.lock";
  Child child([&] { return lock_file(path); });
  try {
    system_->lock(path);
    FAIL() << "two owners";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::locked);
    EXPECT_NE(error.message().find(fmt::format("process {} (", child.pid())), std::string::npos)
        << error.what();
    EXPECT_NE(error.message().find("adapter_tests"), std::string::npos) << error.what();
  }
  child.end();
  EXPECT_TRUE(fs::exists(path)) << "its owner could not remove it";
  EXPECT_NO_THROW(system_->lock(path)) << "a dead owner's lock is none";
}

TEST_F(PosixTest, LockLeavesNothingBehind) {
  const auto path = directory_ / "dcos.lock";
  {
    const auto lock = system_->lock(path);
    EXPECT_TRUE(fs::exists(path));
    EXPECT_THROW(system_->lock(path), Error);
  }
  EXPECT_FALSE(fs::exists(path));
  {
    const auto lock = system_->lock(path);
    system_->remove(directory_.path());  // as `down` does
  }
  EXPECT_NO_THROW(system_->lock(path));
}

/// The end of a run whose file had been removed took the next run's away, and a third got in.
TEST_F(PosixTest, TheLockOfAnotherIsNotRemoved) {
  const auto path = directory_ / "dcos.lock";
  auto first = system_->lock(path);
  system_->remove(path);
  const auto second = system_->lock(path);
  first.reset();
  EXPECT_TRUE(fs::exists(path));
  EXPECT_THROW(system_->lock(path), Error);
}

TEST_F(PosixTest, WhoAsksForALockIsInNobodysWay) {
  const auto path = directory_ / "dcos.lock";
  EXPECT_FALSE(system_->locked(path));
  EXPECT_FALSE(fs::exists(path)) << "asking makes nothing";
  {
    const auto lock = system_->lock(path);
    EXPECT_TRUE(system_->locked(path));
  }
  std::atomic<bool> over = false;
  std::atomic<int> asked = 0;
  const std::jthread reader([&] {
    while (!over) {
      system_->locked(path);
      ++asked;
    }
  });
  for (int round = 0; round < 100 || asked < 1000; ++round) {
    EXPECT_NO_THROW(system_->lock(path)) << round;
  }
  over = true;
}

TEST_F(PosixTest, OnlyOneOwnerAtATime) {
  const auto path = directory_ / "dcos.lock";
  std::atomic<int> owners = 0;
  std::atomic<int> won = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        try {
          const auto lock = system_->lock(path);
          EXPECT_EQ(++owners, 1);
          ++won;
          --owners;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ExitCode::locked) << error.what();
        }
      }
    });
  }
  threads.clear();
  EXPECT_GT(won, 0);
}

TEST(PosixRoutes, DefaultAndRefusedOnesAreLeftOut) {
  const auto routes = parse_routes(
      "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
      "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
      "vl-dcos\t005AA8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"
      "vl-dcos\t005AA8C0\t00000000\t0001\t0\t0\t9\t00FFFFFF\t0\t0\t0\n"
      "*\t0000000A\t00000000\t0200\t0\t0\t0\t000000FF\t0\t0\t0\n"
      "tun0\t0101010A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0\n");
  std::vector<std::string> texts;
  for (const auto& route : routes) texts.push_back(route.text());
  EXPECT_EQ(texts, (std::vector<std::string>{"172.17.0.0/16", "192.168.90.0/24", "10.1.1.1/32"}));
  EXPECT_TRUE(parse_routes("").empty());
}

TEST_F(PosixTest, RoutesOfThisHostCanBeRead) {
  for (const auto& route : system_->routes()) EXPECT_GT(route.prefix, 0);
}

TEST_F(PosixTest, WaitEndsEarlyWhenStopped) {
  const auto start = system_->monotonic();
  system_->wait(milliseconds(30), {});
  EXPECT_GE(system_->monotonic() - start, milliseconds(30));
  std::stop_source stop;
  std::jthread stopper([&] { stop.request_stop(); });
  EXPECT_THROW(system_->wait(seconds(600), stop.get_token()), Cancelled);
  EXPECT_THROW(system_->wait(milliseconds(0), stop.get_token()), Cancelled);
  EXPECT_LT(system_->monotonic() - start, seconds(60));
}

TEST_F(PosixTest, StatTellsLinksAndDevicesFromFiles) {
  system_->write(directory_ / "file", "x", 0600);
  EXPECT_FALSE(system_->stat(directory_ / "file")->special);
  EXPECT_FALSE(system_->stat(directory_.path())->special);
  EXPECT_TRUE(system_->stat("/dev/null")->special);
  std::filesystem::create_symlink("file", directory_ / "link");
  EXPECT_TRUE(system_->stat(directory_ / "link")->special);
}

TEST_F(PosixTest, BootIdIsOneWord) {
  const auto id = system_->boot_id();
  EXPECT_EQ(id.size(), 36U);
  EXPECT_EQ(id, system_->boot_id());
}

TEST_F(PosixTest, RandomBytesAreNeverTheSame) {
  const auto bytes = system_->random_bytes(600);
  EXPECT_EQ(bytes.size(), 600U);
  EXPECT_NE(bytes, system_->random_bytes(600));
  EXPECT_NE(bytes.substr(0, 300), bytes.substr(300));
}

TEST_F(PosixTest, ClockIsWhatTheKernelSays) {
  timex state{};
  const bool error = ::adjtimex(&state) == TIME_ERROR;
  EXPECT_EQ(system_->clock_synchronised(), !error && (state.status & STA_UNSYNC) == 0);
}

TEST_F(PosixTest, StatTellsWhoseAFileIs) {
  const auto path = directory_ / "mine";
  system_->write(path, "x", 0640);
  const auto info = system_->stat(path);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->mode, 0640U);
  EXPECT_EQ(info->owner, ::geteuid());
  EXPECT_EQ(info->group, ::getegid());
}

TEST_F(PosixTest, StatTellsWhomAnAccessListLetsThrough) {
  const auto path = directory_ / "closed";
  system_->make_directory(path, 0700);
  EXPECT_TRUE(system_->stat(path)->admitted.empty());
  const auto set = "setfacl -m u:64055:x,u:7:r '" + path.string() + "'";
  if (std::system(set.c_str()) != 0) GTEST_SKIP() << "no access lists here";
  EXPECT_EQ(system_->stat(path)->admitted, std::vector<unsigned>{64055});
  ASSERT_EQ(std::system(("setfacl -m m::r '" + path.string() + "'").c_str()), 0);
  EXPECT_TRUE(system_->stat(path)->admitted.empty()) << "the mask forbids it";
}

}  // namespace
}  // namespace vmlab
