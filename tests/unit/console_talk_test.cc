// A conversation with a serial console, over pipes.
#include "cli/console_talk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>

#include "support/commands_fixture.h"

namespace vmlab {
namespace {

class ConsoleTalk : public test::CommandsFixture {
 protected:
  /// What is said to somebody who types `keys`.
  std::string said(std::string_view keys, std::string* why = nullptr) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    EXPECT_EQ(::write(ends[1], keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    std::string text;
    const auto ended = talk(
        world_, "small-box-1", false, ends[0], [&](std::string_view part) { text += part; },
        stop_.get_token());
    if (why != nullptr) *why = ended;
    ::close(ends[0]);
    ::close(ends[1]);
    return text;
  }
};

TEST_F(ConsoleTalk, EndsAtTheEscapeAndSendsNothingAfterIt) {
  bring_up();
  std::string why = "?";
  EXPECT_EQ(said("root\n\x1d"
                 "rm",
                 &why),
            "login: root\n");
  EXPECT_EQ(why, "");
  EXPECT_EQ(said("\x1d"), "login: ");
}

TEST_F(ConsoleTalk, EndsWithTheConsole) {
  bring_up();
  std::string why;
  EXPECT_EQ(said("poweroff\n", &why), "login: poweroff\n");
  EXPECT_EQ(why, "the console has closed");
}

TEST_F(ConsoleTalk, EndsWhenItIsStopped) {
  bring_up();
  stop_.request_stop();
  EXPECT_EQ(said(""), "login: ");
}

TEST_F(ConsoleTalk, ANodeThatIsDownHasNone) {
  bring_up();
  world_.domains_by_name.at("small-box-1").info.state = DomainState::shut_off;
  EXPECT_EQ(run({"console", "box-1"}), ExitCode::failed);
  EXPECT_NE(err_.find("cannot open the console of node 'box-1': its domain is shut off"),
            std::string::npos)
      << err_;
  EXPECT_EQ(run({"console", "bax-1"}), ExitCode::bad_input);
}

}  // namespace
}  // namespace vmlab
