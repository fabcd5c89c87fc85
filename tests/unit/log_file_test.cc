// --log-file and -v: what is kept and what is told of a run.
#include "cli/log_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "cli/trace.h"
#include "support/commands_fixture.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto midnight = [] { return std::chrono::system_clock::time_point{}; };

class Log : public test::CommandsFixture {
 protected:
  Log() : path_(fs::path(testing::TempDir()) / "vmlab-log-test") { fs::remove(path_); }
  ~Log() override { fs::remove(path_); }

  std::string text() const {
    std::ostringstream read;
    read << std::ifstream(path_).rdbuf();
    return read.str();
  }
  unsigned mode() const {
    struct stat info {};
    EXPECT_EQ(::stat(path_.c_str(), &info), 0);
    return info.st_mode & 0777U;
  }

  fs::path path_;
};

TEST_F(Log, KeepsLinesWithTimesAndWithoutColours) {
  {
    LogFile log(path_, midnight);
    log.write("one\n\x1b[31mtwo\x1b[0m\n");
    log.write("bell \x07\n");
    EXPECT_EQ(log.failure(), "");
  }
  LogFile(path_, midnight).write("again");
  EXPECT_EQ(text(),
            "1970-01-01T00:00:00.000Z one\n"
            "1970-01-01T00:00:00.000Z two\n"
            "1970-01-01T00:00:00.000Z bell ?\n"
            "1970-01-01T00:00:00.000Z again\n");
}

TEST_F(Log, IsItsOwnersAloneAlsoWhenItWasNot) {
  std::ofstream(path_) << "of before\n";
  fs::permissions(path_, static_cast<fs::perms>(0644));
  LogFile(path_, midnight).write("now");
  EXPECT_EQ(mode(), 0600U);
  EXPECT_EQ(text(), "of before\n1970-01-01T00:00:00.000Z now\n");
}

TEST_F(Log, SaysWhyItCannotBe) {
  try {
    LogFile(path_ / "below", midnight);
    FAIL() << "a log in a directory that is not there";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::bad_input);
    EXPECT_NE(error.message().find("cannot write the log '"), std::string::npos);
    EXPECT_NE(error.message().find("No such file or directory"), std::string::npos);
  }
  LogFile full("/dev/full", midnight);
  full.write("x");
  EXPECT_EQ(full.failure(), "No space left on device");
}

TEST_F(Log, HoldsAllOfARunThatTheScreenIsSpared) {
  serve();
  LogFile log(path_, midnight);
  Streams streams;
  std::string shown;
  streams.out = [](std::string_view) {};
  streams.err = [&](std::string_view said) { shown += said; };
  streams.now = midnight;
  streams.log = [&](std::string_view said) { log.write(said); };
  Console console(streams, LogFormat::automatic, Detail::quiet);
  const auto invocation = parse_command_line({"up", "/topologies/small.yaml"});
  EXPECT_EQ(run_command({invocation, settings_, ports_, console, stop_.get_token()}),
            ExitCode::done);
  EXPECT_TRUE(shown.starts_with("lab 'small' is up: 2 nodes")) << shown;
  EXPECT_EQ(std::ranges::count(shown, '\n'), 1) << shown;
  console.error(Error("cannot frob 'it': no", "try"));
  const auto kept = text();
  for (const auto* part : {"Z 00:00:00 planned   ", " started   ", "finished  ",
                           "Z error: cannot frob 'it': no\n", "lab 'small' is up"}) {
    EXPECT_NE(kept.find(part), std::string::npos) << part << "\n" << kept;
  }
}

TEST(Trace, TellsEachCallOfNodesButNotItsScript) {
  class Guest : public Guests {
   public:
    GuestResult run(const SshTarget&, const GuestCommand&, std::stop_token) override {
      throw Unreachable("cannot reach 'n'", "no route\nmore");
    }
    void upload(const SshTarget&, const fs::path&, const std::string&, unsigned, const std::string&,
                const Progress&, std::stop_token) override {}
    void download(const SshTarget&, const std::string&, const fs::path&, unsigned, const Progress&,
                  std::stop_token) override {}
    std::pair<std::string, std::string> generate_key() override { return {"key", "public"}; }
  };
  std::string told;
  const auto guests = traced_guests(std::make_unique<Guest>(),
                                    [&](const std::string& line) { told += line + "\n"; });
  SshTarget target;
  target.node = "master-1";
  GuestCommand command;
  command.script = "echo secret";
  EXPECT_THROW(guests->run(target, command, {}), Unreachable);
  guests->upload(target, "/a", "/b", 0644, "", {}, {});
  guests->download(target, "/c", "/d", 0644, {}, {});
  EXPECT_EQ(guests->generate_key().first, "key");
  EXPECT_NE(told.find("ssh master-1: a command: "), std::string::npos) << told;
  EXPECT_NE(told.find(" ms, cannot reach 'n': no route\n"), std::string::npos) << told;
  EXPECT_NE(told.find("ssh master-1: /a to /b: "), std::string::npos) << told;
  EXPECT_NE(told.find("ssh master-1: /d from /c: "), std::string::npos) << told;
  EXPECT_EQ(told.find("secret"), std::string::npos) << told;
}

TEST(Trace, TellsWhatIsAskedByHttpButNoSecretOfItsUrl) {
  class Net : public test::FakeWorld {
   public:
    void download(const std::string& url, const fs::path&, const std::string&, const std::string&,
                  const Progress&, std::stop_token) override {
      throw Error("cannot download '" + url + "': no");
    }
  };
  auto net = std::make_unique<Net>();
  net->answer_http = [](const std::string& url) {
    return url.find("down") == std::string::npos
               ? HttpReply{.reached = true, .status = 404, .body = "secret", .error = {}}
               : HttpReply{
                     .reached = false, .status = 0, .body = {}, .error = "Connection refused"};
  };
  net->answer_post = [](const std::string&, const std::string&) {
    return HttpReply{.reached = true, .status = 200, .body = {}, .error = {}};
  };
  std::string told;
  const auto system =
      traced_system(std::move(net), [&](const std::string& line) { told += line + "\n"; });
  EXPECT_EQ(system->http_get("http://me:secret@h:1/p?token=secret", 1s, {}).status, 404);
  system->http_get("http://down/", 1s, {});
  system->http_post("http://h/api", "secret", 1s, {});
  EXPECT_THROW(system->download("https://h/r.sh?key=secret", "/r.sh", "", "", {}, {}), Error);
  const std::regex form(
      "http: GET http://h:1/p\\?\\.\\.\\.: [0-9]+ ms, 404\n"
      "http: GET http://down/: [0-9]+ ms, Connection refused\n"
      "http: POST http://h/api: [0-9]+ ms, 200\n"
      "http: download https://h/r.sh\\?\\.\\.\\. to /r.sh: [0-9]+ ms, cannot download "
      "'https://h/r.sh\\?\\.\\.\\.': no\n");
  EXPECT_TRUE(std::regex_match(told, form)) << told;
}

// Steps told of their calls while the coordinator wrote, and lines came out in pieces.
TEST(Streams, TextsOfTwoThreadsDoNotMix) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  // A pipe that does not wait takes less at a time than a line has.
  ASSERT_EQ(::fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
  constexpr int count = 20;
  const std::string body(200'000, '.');
  std::string read;
  std::jthread reader([&] {
    std::array<char, 4096> buffer{};
    for (;;) {
      const auto got = ::read(ends[0], buffer.data(), buffer.size());
      if (got <= 0) return;
      read.append(buffer.data(), static_cast<std::size_t>(got));
    }
  });
  {
    Descriptor descriptor(ends[1]);
    const auto write = [&](char who) {
      for (int i = 0; i < count; ++i) descriptor.write(who + body + who + "\n");
    };
    const std::jthread one(write, 'a');
    const std::jthread other(write, 'b');
  }
  ::close(ends[1]);
  reader.join();
  ::close(ends[0]);
  const auto written = lines(read);
  EXPECT_EQ(written.size(), 2U * count);
  for (const auto& line : written) {
    EXPECT_TRUE(line == 'a' + body + 'a' || line == 'b' + body + 'b') << "lines are mixed";
  }
}

TEST(Trace, SilentWhereNobodyListens) {
  EXPECT_EQ(traced({}, "x", [] { return 7; }), 7);
  EXPECT_EQ(traced_guests(nullptr, {}), nullptr);
}

TEST(Verbose, TellsInLinesAlsoOnATerminal) {
  Streams streams;
  streams.out = streams.err = [](std::string_view) {};
  streams.err_is_terminal = true;
  streams.err_size = [] { return TerminalSize{}; };
  EXPECT_TRUE(Console(streams, LogFormat::automatic, Detail::normal).shows_progress());
  EXPECT_FALSE(Console(streams, LogFormat::automatic, Detail::verbose).shows_progress());
  EXPECT_TRUE(Console(streams, LogFormat::tty, Detail::verbose).shows_progress());
}

}  // namespace
}  // namespace vmlab
