// When a guest counts as hung in its boot, and what is told of its console.
#include "run/boot_watch.h"

#include <gtest/gtest.h>

#include "lab/readiness.h"
#include "run/console_log.h"
#include "support/dcos_lab.h"
#include "support/fake_world.h"

namespace vmlab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr GuestBoot boot{.silence = seconds{100}, .begins = true, .speaks = false};

TEST(BootWatch, AConsoleThatFallsSilentForTheLimitHangs) {
  BootWatch watch(boot, 0, seconds{1000});
  EXPECT_FALSE(watch.fell_silent(80, seconds{1050})) << "it speaks";
  EXPECT_FALSE(watch.fell_silent(80, seconds{1149}));
  EXPECT_TRUE(watch.fell_silent(80, seconds{1150}));
}

TEST(BootWatch, ASlowOneThatGoesOnSpeakingDoesNot) {
  BootWatch watch(boot, 10, seconds{0});
  for (int i = 1; i < 20; ++i) {
    EXPECT_FALSE(watch.fell_silent(10 + static_cast<std::uint64_t>(i), seconds{99 * i})) << i;
  }
}

TEST(BootWatch, AnEmptyLogIsSilenceOnlyWhereTheImageSpeaks) {
  BootWatch mute(boot, 0, seconds{0});
  EXPECT_FALSE(mute.fell_silent(0, seconds{1000}));
  auto speaks = boot;
  speaks.speaks = true;
  BootWatch watch(speaks, 0, seconds{0});
  EXPECT_FALSE(watch.fell_silent(0, milliseconds{99'999}));
  EXPECT_TRUE(watch.fell_silent(0, seconds{100}));
}

TEST(BootWatch, WhatWasSaidInEarlierBootsShowsThatTheImageSpeaksAndIsNotOfThisOne) {
  BootWatch watch(boot, 500, seconds{0});
  EXPECT_EQ(watch.boot_from(), 500U);
  EXPECT_TRUE(watch.fell_silent(500, seconds{100}));
  auto already = boot;
  already.begins = false;
  EXPECT_EQ(BootWatch(already, 500, seconds{0}).boot_from(), 0U);
}

TEST(BootWatch, ALogThatIsPutAsideAsTooLargeIsNoSilence) {
  BootWatch watch(boot, 2'000'000, seconds{0});
  EXPECT_FALSE(watch.fell_silent(300, seconds{100}));
  EXPECT_EQ(watch.boot_from(), 0U);
  EXPECT_TRUE(watch.fell_silent(300, seconds{200}));
}

TEST(SshGate, WatchesTheBootOfANodeThatBoots) {
  auto lab = test::dcos_lab();
  auto& node = lab.nodes.front();
  node.image = "debian-12";
  EXPECT_FALSE(ssh_gate(lab, node, Booting::no).boot);
  lab.accelerator = Accelerator::kvm;
  EXPECT_EQ(ssh_gate(lab, node, Booting::now).boot, (GuestBoot{seconds{120}, true, false}));
  lab.accelerator = Accelerator::tcg;
  lab.images["debian-12"].kernel_arguments = {"rw", "console=ttyS0,115200"};
  const auto gate = ssh_gate(lab, node, Booting::already);
  EXPECT_EQ(gate.boot, (GuestBoot{seconds{360}, false, true}));
  EXPECT_LT(gate.boot->silence, gate.limit) << "else nobody would ever see it";
}

TEST(ConsoleLog, LastWordsAreOneReadableLine) {
  EXPECT_EQ(last_words(""), "is silent");
  EXPECT_EQ(last_words("\r\n \x1b[0m\r\n"), "is silent");
  EXPECT_EQ(last_words("[   12.3] one\r\n[   12.4] \x1b[1;31mtwo\x1b[0m\x07\r\n\r\n"),
            "ends with '[   12.4] two'");
  EXPECT_EQ(last_words("10 %\r20 %\r30 %"), "ends with '30 %'");
  const auto shown = last_words(std::string(119, 'x') + "ä" + std::string(50, 'y'));
  EXPECT_EQ(shown, "ends with '" + std::string(119, 'x') + "…'") << "no half of a letter";
}

TEST(ConsoleLog, AGuestThatAsksForALoginHasBootedWhateverFollows) {
  EXPECT_TRUE(asks_for_login("Debian GNU/Linux 12 box ttyS0\r\n\r\nbox login: "));
  EXPECT_TRUE(asks_for_login("box login: [   62.8] cloud-init-stages[295]: running\r\n"));
  EXPECT_FALSE(asks_for_login("SELinux:  Could not open policy file\r\n"));
}

TEST(ConsoleLog, IsReadFromWhereItIsAsked) {
  test::FakeWorld world;
  const ConsoleLog log("/console/box.log", world);
  EXPECT_EQ(log.size_bytes(), 0U);
  EXPECT_EQ(log.since(0), "");
  world.files["/console/box.log"] = "one\ntwo\n";
  EXPECT_EQ(log.size_bytes(), 8U);
  EXPECT_EQ(log.since(4), "two\n");
  EXPECT_EQ(log.since(8), "");
  EXPECT_EQ(log.since(100), "one\ntwo\n") << "it is a new one";
}

}  // namespace
}  // namespace vmlab
