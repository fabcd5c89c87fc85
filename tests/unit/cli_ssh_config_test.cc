#include "cli/ssh_config.h"

#include <gtest/gtest.h>

#include "support/golden.h"

namespace vmlab {
namespace {

SshTarget target(const std::string& node, const std::string& address) {
  return {.node = node,
          .address = address,
          .port = 22,
          .user = "root",
          .private_key = "/var/lib/my labs/50%/secrets/id_ed25519",
          .known_hosts = "/var/lib/my labs/50%/known_hosts"};
}

TEST(SshConfig, PinsKeysAndQuotesPaths) {
  test::expect_golden("cli/ssh_config.txt",
                      render_ssh_config({target("bootstrap", "192.168.90.10"),
                                         target("master-1", "192.168.90.11")}));
}

TEST(SshConfig, RefusesAPathThatCannotBeWritten) {
  auto bad = target("a", "1.2.3.4");
  bad.private_key = "/a\"b";
  EXPECT_THROW(render_ssh_config({bad}), Error);
}

TEST(SshConfig, OneWordIsAScriptSeveralAreACommand) {
  EXPECT_EQ(remote_command({}), "");
  EXPECT_EQ(remote_command({"ls | wc -l"}), "ls | wc -l");
  EXPECT_EQ(remote_command({"echo", "a b", "$HOME", "it's"}), "echo 'a b' '$HOME' 'it'\\''s'");
}

}  // namespace
}  // namespace vmlab
