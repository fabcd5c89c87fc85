// The ssh adapter against a real sshd.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "adapter/sshd.h"
#include "base/digest.h"
#include "base/text.h"
#include "host/adapters.h"

namespace vmlab {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class SshTest : public testing::Test {
 protected:
  GuestResult run(const std::string& script, const std::string& input = {}) {
    return guests_->run(sshd_.target(), {script, input, seconds(60), {}}, {});
  }
  /// The text of the Error that `f` throws; a test fails without one.
  template <class E = Error, class F>
  std::string error_of(F&& f) {
    try {
      f();
    } catch (const E& error) {
      return error.what();
    } catch (const std::exception& error) {
      ADD_FAILURE() << "another exception: " << error.what();
      return {};
    }
    ADD_FAILURE() << "no error";
    return {};
  }
  std::size_t open_files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry :
         std::filesystem::directory_iterator("/proc/self/fd")) {
      ++count;
    }
    return count;
  }

  Sshd sshd_;
  std::unique_ptr<Guests> guests_ = make_ssh();
};

TEST_F(SshTest, TellsStreamsAndExitCode) {
  const auto result = run("echo out; echo err >&2; exit 7");
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(run("true").exit_code, 0);
  EXPECT_EQ(run("no-such-command-here").exit_code, 127);
  EXPECT_EQ(run("kill -TERM $$").exit_code, 128 + 15);
  EXPECT_EQ(run("echo $0").out, "/bin/sh\n");
}

TEST_F(SshTest, OneHandshakeForManyCommands) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(run("exit " + std::to_string(i)).exit_code, i);
  EXPECT_EQ(sshd_.connections(), 1);
}

TEST_F(SshTest, ScriptArrivesAsWritten) {
  const auto script = "printf %s " + shell_quote("it's \"$HOME\" `x` \\ \n *");
  EXPECT_EQ(run(script).out, "it's \"$HOME\" `x` \\ \n *");
}

TEST_F(SshTest, LinesComeAsTheyAreWritten) {
  std::vector<std::string> seen;
  std::stop_source stop;
  // The command only ends when this side has seen its first line: streaming is the way out.
  const auto fifo = sshd_.directory() / "fifo";
  const GuestCommand command{
      fmt::format("mkfifo {0}; echo one; cat {0}; printf 'two\\r\\nthree'", fifo.string()),
      {},
      seconds(60),
      [&](std::string_view line) {
        seen.emplace_back(line);
        if (line == "one") write_text(fifo, "go\n");
      }};
  EXPECT_EQ(guests_->run(sshd_.target(), command, {}).exit_code, 0);
  EXPECT_EQ(seen, (std::vector<std::string>{"one", "go", "two", "three"}));
}

TEST_F(SshTest, LargeOutputOnBothStreams) {
  const auto result =
      run("head -c 5000000 /dev/zero | tr '\\0' a & head -c 5000000 /dev/zero | tr '\\0' b >&2; "
          "wait");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, std::string(5'000'000, 'a'));
  EXPECT_EQ(result.err, std::string(5'000'000, 'b'));
}

TEST_F(SshTest, BinaryInputAndBack) {
  const auto data = noise(5'000'000);
  const auto result = run("cat", data);
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_TRUE(result.out == data);
}

TEST_F(SshTest, InputThatNobodyReads) {
  EXPECT_EQ(run("exit 3", noise(5'000'000)).exit_code, 3);
  EXPECT_EQ(run("exec <&-; echo still", noise(5'000'000)).out, "still\n");
  EXPECT_EQ(run("echo next").out, "next\n");
}

TEST_F(SshTest, InputGoesOnAfterOutputHasEnded) {
  const auto data = noise(3'000'000);
  const auto file = sshd_.directory() / "copy";
  EXPECT_EQ(run("exec >&- 2>&-; cat >" + file.string(), data).exit_code, 0);
  EXPECT_TRUE(read_text(file) == data);
}

TEST_F(SshTest, DaemonLeftBehindDoesNotHoldTheCommand) {
  const auto start = steady_clock::now();
  const auto result = run("timeout 120 tail -f /dev/null >/dev/null & echo $!; exit 4");
  EXPECT_EQ(result.exit_code, 4);
  EXPECT_LT(steady_clock::now() - start, seconds(30));
  EXPECT_EQ(run("kill " + std::string(trim(result.out))).exit_code, 0);
}

TEST_F(SshTest, TimeIsOver) {
  const auto pid_file = sshd_.directory() / "pid";
  const GuestCommand command{
      "echo $$ >" + pid_file.string() + "; timeout 120 tail -f /dev/null", {}, seconds(1), {}};
  const auto start = steady_clock::now();
  const auto text = error_of<TimedOut>([&] { guests_->run(sshd_.target(), command, {}); });
  EXPECT_NE(text.find("'master-1'"), std::string::npos) << text;
  EXPECT_NE(text.find("no end within 1 s"), std::string::npos) << text;
  EXPECT_LT(steady_clock::now() - start, seconds(15));
  // Nothing of it goes on in the guest.
  const auto pid = std::string(trim(read_text(pid_file)));
  EXPECT_EQ(run("timeout 30 tail --pid=" + pid + " -f /dev/null && echo gone").out, "gone\n");
}

TEST_F(SshTest, StopIsNoticedSoon) {
  std::stop_source stop;
  std::atomic<steady_clock::time_point> asked{};
  const GuestCommand command{
      "echo started; timeout 120 tail -f /dev/null", {}, seconds(60), [&](std::string_view) {
        asked = steady_clock::now();
        stop.request_stop();
      }};
  EXPECT_THROW(guests_->run(sshd_.target(), command, stop.get_token()), Cancelled);
  EXPECT_LT(steady_clock::now() - asked.load(), std::chrono::milliseconds(1500));
  EXPECT_THROW(guests_->run(sshd_.target(), {"true", {}, seconds(9), {}}, stop.get_token()),
               Cancelled);
}

TEST_F(SshTest, StopWhileConnecting) {
  sshd_.freeze();
  std::stop_source stop;
  std::jthread stopper([&] {
    while (sshd_.connections() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  EXPECT_THROW(guests_->run(sshd_.target(), {"true", {}, seconds(60), {}}, stop.get_token()),
               Cancelled);
}

TEST_F(SshTest, NobodyListens) {
  auto target = sshd_.target();
  target.port = 1;
  const auto text = error_of<Unreachable>([&] {
    guests_->run(target, {"true", {}, seconds(5), {}}, {});
  });
  EXPECT_NE(text.find("refused"), std::string::npos) << text;
}

TEST_F(SshTest, SshdThatNeverSpeaks) {
  sshd_.freeze();
  const auto text = error_of<Unreachable>([&] {
    guests_->run(sshd_.target(), {"true", {}, seconds(1), {}}, {});
  });
  EXPECT_NE(text.find("does not answer"), std::string::npos) << text;
}

TEST_F(SshTest, OtherHostKeyIsRefusedAsSuch) {
  write_text(sshd_.known_hosts(), sshd_.pin(guests_->generate_key().second));
  const auto text = error_of<Untrusted>([&] { run("true"); });
  EXPECT_NE(text.find("cannot trust 'master-1'"), std::string::npos) << text;
  EXPECT_NE(text.find("ssh-ed25519 SHA256:"), std::string::npos) << text;
  EXPECT_NE(text.find("another machine"), std::string::npos) << text;
  EXPECT_EQ(text.find("cannot reach"), std::string::npos) << text;
}

TEST_F(SshTest, UnknownHostKeyIsRefusedAsSuch) {
  write_text(sshd_.known_hosts(), "");
  EXPECT_NE(error_of([&] { run("true"); }).find("unknown keys are refused"), std::string::npos);
  std::filesystem::remove(sshd_.known_hosts());
  EXPECT_NE(error_of([&] { run("true"); }).find("unknown keys are refused"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(sshd_.known_hosts())) << "never learned silently";
}

TEST_F(SshTest, OtherUserKeyCannotLogIn) {
  write_text(sshd_.directory() / "user_key", guests_->generate_key().first);
  const auto text = error_of<Unreachable>([&] { run("true"); });
  EXPECT_NE(text.find("refuses the lab's key"), std::string::npos) << text;
  write_text(sshd_.directory() / "user_key", "no key");
  EXPECT_NE(error_of([&] { run("true"); }).find("cannot use private key"), std::string::npos);
}

TEST_F(SshTest, DeadSessionIsReplacedUnnoticed) {
  EXPECT_EQ(run("echo a").out, "a\n");
  sshd_.cut();
  EXPECT_EQ(run("echo b").out, "b\n");
  EXPECT_EQ(sshd_.connections(), 2);
}

TEST_F(SshTest, CommandThatBrokeOffIsNotRepeated) {
  const auto log = sshd_.directory() / "log";
  const GuestCommand command{
      "echo x >>" + log.string() + "; echo started; timeout 120 tail -f /dev/null",
      {},
      seconds(60),
      [&](std::string_view) { sshd_.cut(); }};
  const auto text = error_of<Unreachable>([&] { guests_->run(sshd_.target(), command, {}); });
  EXPECT_NE(text.find("cannot finish a command on 'master-1'"), std::string::npos) << text;
  EXPECT_EQ(read_text(log), "x\n");
}

TEST_F(SshTest, ManyAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([this, i] {
      for (int round = 0; round < 5; ++round) {
        const auto word = fmt::format("{}-{}", i, round);
        EXPECT_EQ(run("cat", word).out, word);
      }
    });
  }
  threads.clear();
  EXPECT_LE(sshd_.connections(), 12);
}

TEST_F(SshTest, NothingLeaks) {
  run("true");
  const auto before = open_files();
  for (int i = 0; i < 5; ++i) {
    sshd_.cut();
    run("true");
  }
  auto target = sshd_.target();
  target.port = 1;
  for (int i = 0; i < 5; ++i) {
    EXPECT_THROW(guests_->run(target, {"true", {}, seconds(5), {}}, {}), Unreachable);
  }
  guests_.reset();
  EXPECT_LE(open_files(), before + 4) << "the relay of the last connection may still be ending";
}

class SshCopyTest : public SshTest {
 protected:
  void upload(const std::string& data, unsigned mode = 0644, std::stop_token stop = {}) {
    write_text(local_, data);
    guests_->upload(
        sshd_.target(), local_, remote_.string(), mode, sha256_hex(data),
        [this](const std::string&, std::uint64_t done, std::uint64_t total) {
          if (first_done_ == 0) first_done_ = done;
          EXPECT_LE(done, total);
        },
        stop);
  }

  std::filesystem::path local_ = sshd_.directory() / "local file";
  std::filesystem::path remote_ = sshd_.directory() / "deep er" / "it's remote";
  std::filesystem::path part_ = remote_.string() + ".part";
  std::uint64_t first_done_ = 0;  // bytes across when the first piece had been sent
};

TEST_F(SshCopyTest, UploadOfAnySize) {
  for (const std::size_t size : {0UL, 1UL, 512UL * 1024, 512UL * 1024 + 1, 6'000'000UL}) {
    const auto data = noise(size);
    upload(data, 0750);
    EXPECT_TRUE(read_text(remote_) == data) << size;
    EXPECT_EQ(std::filesystem::status(remote_).permissions(), std::filesystem::perms(0750));
    EXPECT_FALSE(std::filesystem::exists(part_));
  }
}

TEST_F(SshCopyTest, UploadThatIsThereAlreadySendsNothing) {
  const auto data = noise(3'000'000);
  upload(data);
  const auto when = std::filesystem::last_write_time(remote_);
  first_done_ = 0;
  upload(data, 0600);
  EXPECT_EQ(first_done_, 0U);
  EXPECT_EQ(std::filesystem::last_write_time(remote_), when);
  EXPECT_EQ(std::filesystem::status(remote_).permissions(), std::filesystem::perms(0600));
}

TEST_F(SshCopyTest, UploadGoesOnWhereItWasCut) {
  const auto data = noise(6'000'000);
  sshd_.cut_after(3'000'000);
  upload(data);
  EXPECT_TRUE(read_text(remote_) == data);
  EXPECT_EQ(sshd_.connections(), 2);
}

TEST_F(SshCopyTest, UploadGoesOnFromAnEarlierRun) {
  const auto data = noise(6'000'000);
  std::filesystem::create_directories(remote_.parent_path());
  write_text(part_, data.substr(0, 4'000'000));
  upload(data);
  EXPECT_TRUE(read_text(remote_) == data);
  EXPECT_GT(first_done_, 4'000'000U) << "sent from the beginning";
}

TEST_F(SshCopyTest, UploadOverTheBeginningOfAnotherFile) {
  const auto data = noise(3'000'000);
  std::filesystem::create_directories(remote_.parent_path());
  write_text(part_, noise(2'000'000));
  upload(data);
  EXPECT_TRUE(read_text(remote_) == data);
  write_text(part_, noise(4'000'000));
  upload(noise(3'000'001));
  EXPECT_TRUE(read_text(remote_) == noise(3'000'001));
}

TEST_F(SshCopyTest, UploadWithAnotherSumKeepsWhatWasThere) {
  upload("good");
  for (const std::size_t size : {10UL, 1'000'000UL}) {
    write_text(local_, noise(size));
    const auto text = error_of([&] {
      guests_->upload(sshd_.target(), local_, remote_.string(), 0644, sha256_hex("x"), {}, {});
    });
    EXPECT_NE(text.find(sha256_hex("x")), std::string::npos) << text;
    EXPECT_NE(text.find(sha256_hex(noise(size))), std::string::npos) << text;
    EXPECT_EQ(read_text(remote_), "good");
    EXPECT_FALSE(std::filesystem::exists(part_));
  }
}

TEST_F(SshCopyTest, UploadToWhereNothingCanBeWritten) {
  write_text(local_, "x");
  const auto text = error_of([&] {
    guests_->upload(sshd_.target(), local_, "/proc/none/x", 0644, sha256_hex("x"), {}, {});
  });
  EXPECT_NE(text.find("/proc/none"), std::string::npos) << text;
  EXPECT_NE(error_of([&] {
              guests_->upload(sshd_.target(), "/no/such", "/tmp/x", 0644, "", {}, {});
            }).find("No such file"),
            std::string::npos);
}

TEST_F(SshCopyTest, UploadStops) {
  std::stop_source stop;
  const auto data = noise(6'000'000);
  write_text(local_, data);
  EXPECT_THROW(guests_->upload(
                   sshd_.target(), local_, remote_.string(), 0644, sha256_hex(data),
                   [&](const std::string&, std::uint64_t done, std::uint64_t) {
                     if (done > 1'000'000) stop.request_stop();
                   },
                   stop.get_token()),
               Cancelled);
  EXPECT_FALSE(std::filesystem::exists(remote_));
  first_done_ = 0;
  upload(data);
  EXPECT_TRUE(read_text(remote_) == data);
}

TEST_F(SshCopyTest, Download) {
  const auto data = noise(5'000'000);
  std::filesystem::create_directories(remote_.parent_path());
  write_text(remote_, data);
  const auto to = sshd_.directory() / "new" / "file";
  std::filesystem::create_directories(to.parent_path());
  std::uint64_t last = 0;
  guests_->download(sshd_.target(), remote_.string(), to, 0640,
                    [&](const std::string&, std::uint64_t done, std::uint64_t) { last = done; },
                    {});
  EXPECT_TRUE(read_text(to) == data);
  EXPECT_EQ(last, data.size());
  EXPECT_EQ(std::filesystem::status(to).permissions(), std::filesystem::perms(0640));
  const auto none = sshd_.directory() / "none";
  const auto text =
      error_of([&] { guests_->download(sshd_.target(), "/no/such/file", none, 0644, {}, {}); });
  EXPECT_NE(text.find("/no/such/file"), std::string::npos) << text;
  EXPECT_FALSE(std::filesystem::exists(none));
  EXPECT_FALSE(std::filesystem::exists(none.string() + ".part"));
  const auto unwritable = error_of([&] {
    guests_->download(sshd_.target(), remote_.string(), "/proc/none/file", 0644, {}, {});
  });
  EXPECT_NE(unwritable.find("'/proc/none/file': cannot write there"), std::string::npos)
      << unwritable;
}

TEST(SshKeyTest, OpensshUnderstandsThePair) {
  const TempDir directory;
  const auto guests = make_ssh();
  const auto [secret, open] = guests->generate_key();
  EXPECT_TRUE(secret.starts_with("-----BEGIN OPENSSH PRIVATE KEY-----\n")) << "another format";
  EXPECT_TRUE(open.starts_with("ssh-ed25519 AAAA"));
  EXPECT_EQ(open.find('\n'), std::string::npos);
  EXPECT_NE(guests->generate_key().first, secret);
  write_text(directory / "key", secret);
  std::filesystem::permissions(directory / "key", std::filesystem::perms(0600));
  const auto command = fmt::format("ssh-keygen -y -f {0}/key >{0}/out", directory.path().string());
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(trim(read_text(directory / "out")), open);
}

}  // namespace
}  // namespace vmlab
