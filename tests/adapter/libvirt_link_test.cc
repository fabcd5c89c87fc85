// The connection to libvirt, where nobody answers.
#include "host/libvirt_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

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

// Six reverts at once from a slow disk: libvirtd did not read on after the fifth request, and after
// two minutes the connection was given up as dead.
TEST(LibvirtLinkTest, FewerCallsAtOnceThanLibvirtdReads) {
  LibvirtLink link("test:///default");
  std::mutex mutex;
  std::condition_variable more;
  std::ptrdiff_t now = 0;
  std::ptrdiff_t most = 0;
  const auto call = [&] {
    link.use([&](virConnectPtr) {
      std::unique_lock lock(mutex);
      most = std::max(most, ++now);
      more.notify_all();
      // Long enough for one call too many to come in.
      more.wait_for(lock, std::chrono::milliseconds(200),
                    [&] { return now > LibvirtLink::most_at_once; });
      --now;
    });
  };
  {
    std::vector<std::jthread> callers;
    for (int i = 0; i < 8; ++i) callers.emplace_back(call);
  }
  EXPECT_EQ(most, LibvirtLink::most_at_once);
  EXPECT_LT(LibvirtLink::most_at_once, 5);  // libvirtd.conf: max_client_requests
}

}  // namespace
}  // namespace vmlab
