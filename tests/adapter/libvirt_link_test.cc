// The connection to libvirt, where nobody answers.
#include "host/libvirt_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "adapter/temp_dir.h"

namespace vmlab {
namespace {

TEST(LibvirtLinkTest, WhoAcceptsAndNeverAnswersIsWaitedForWithALimit) {
  const TempDir directory;
  const auto path = (directory / "deaf").string();
  const int deaf = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(deaf, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(::listen(deaf, 1), 0);
  try {
    LibvirtLink("qemu+unix:///system?socket=" + path, std::chrono::seconds(1));
    ADD_FAILURE() << "connected to nobody";
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("does not answer within 1 s"), std::string::npos)
        << error.what();
    EXPECT_FALSE(error.hint().empty());
  }
  ::close(deaf);  // the thread that was given up ends with it
}

}  // namespace
}  // namespace vmlab
