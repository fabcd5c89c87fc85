// A user's command on this host.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "host/adapters.h"

namespace vmlab {
namespace {

TEST(HostCommand, HandsOverWhatItWritesAndItsCode) {
  std::string said;
  const auto code =
      run_host_command({"/bin/sh", "-c", "echo $ONE; echo two >&2; exit 7"}, {{"ONE", "a b"}},
                       [&](std::string_view text) { said += text; }, {});
  EXPECT_EQ(code, 7);
  EXPECT_EQ(said, "a b\ntwo\n");
}

TEST(HostCommand, ASignalAndAnAbsentProgramAreCodesAsAShellSaysThem) {
  std::string said;
  const auto keep = [&](std::string_view text) { said += text; };
  EXPECT_EQ(run_host_command({"/bin/sh", "-c", "kill -9 $$"}, {}, keep, {}), 137);
  EXPECT_EQ(run_host_command({"/no/such"}, {}, keep, {}), 127);
  EXPECT_EQ(said, "cannot start '/no/such': No such file or directory\n");
}

TEST(HostCommand, AStopEndsItWithItsChildren) {
  std::stop_source stop;
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THROW(run_host_command(
                   {"/bin/sh", "-c", "echo on; sleep 60"}, {},
                   [&](std::string_view) { stop.request_stop(); }, stop.get_token()),
               Cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
}

}  // namespace
}  // namespace vmlab
