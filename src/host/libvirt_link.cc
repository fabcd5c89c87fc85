#include "host/libvirt_link.h"

#include <fmt/format.h>

#include <future>
#include <string_view>
#include <thread>

namespace vmlab {

namespace {

/// Without an event loop libvirt neither sends nor answers keep-alive messages. It has to be there
/// before the first connection, and there is one for each process.
class EventLoop {
 public:
  static void ensure() { static EventLoop loop; }

  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

 private:
  EventLoop() {
    virSetErrorFunc(nullptr, [](void*, virErrorPtr) {});
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0) {
      throw_libvirt("cannot initialise libvirt");
    }
    // A timer that never fires by itself: rearming it is what ends the wait in the loop.
    timer_ = virEventAddTimeout(
        -1, [](int, void*) {}, nullptr, nullptr);
    thread_ = std::jthread([](const std::stop_token& stop) {
      while (!stop.stop_requested()) {
        if (virEventRunDefaultImpl() < 0) return;
      }
    });
  }
  ~EventLoop() {
    thread_.request_stop();
    virEventUpdateTimeout(timer_, 0);
  }

  int timer_ = -1;
  std::jthread thread_;
};

bool mentions(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The one action that helps, for causes that are known.
std::string hint_for(const virError& cause) {
  const std::string_view text = cause.message != nullptr ? cause.message : "";
  if (mentions(text, "already exists with uuid") ||
      mentions(text, "is already defined with uuid")) {
    return "somebody else's domain or network holds the name: rename the lab, or remove the other "
           "with virsh";
  }
  if (mentions(text, "already in use")) {
    return "another network of this host uses the same addresses or bridge: change `network.cidr`, "
           "or stop the other (virsh net-list)";
  }
  if (mentions(text, "Cannot allocate memory") || mentions(text, "cannot set up guest memory")) {
    return "free memory on this host, or run fewer or smaller nodes";
  }
  if (mentions(text, "No space left on device")) return "free space on the disk of the lab";
  if (mentions(text, "Permission denied") && cause.code != VIR_ERR_AUTH_FAILED) {
    return "let the user that runs QEMU (libvirt-qemu) search every directory above the lab's "
           "files";
  }
  if (mentions(text, "KVM") || mentions(text, "/dev/kvm")) {
    return "set `accelerator: tcg` in the topology to emulate";
  }
  return {};
}

std::string connect_hint(const std::string& uri, const LibvirtError& failure) {
  const std::string_view text = failure.message();
  const int code = failure.code();
  if (mentions(text, "Permission denied") || code == VIR_ERR_AUTH_FAILED ||
      code == VIR_ERR_AUTH_CANCELLED || code == VIR_ERR_AUTH_UNAVAILABLE ||
      code == VIR_ERR_ACCESS_DENIED || mentions(text, "authentication")) {
    return "join the group libvirt (`usermod -aG libvirt $USER`, then log in again), or run as "
           "root";
  }
  if (uri.starts_with("qemu:///")) {
    return "start libvirtd: `systemctl start libvirtd`; where there is no systemd: `./quickstart`";
  }
  return "check the URI (--connect): `virsh -c URI version` must answer";
}

struct Opened {
  Connection connection;
  std::unique_ptr<Error> failure;
};

Opened try_open(const std::string& uri) {
  Opened opened{Connection{virConnectOpen(uri.c_str())}, nullptr};
  if (!opened.connection) {
    const auto failure = last_failure("cannot connect to libvirt at '" + uri + "'");
    opened.failure = std::make_unique<Error>(failure.message(), connect_hint(uri, failure));
  }
  return opened;
}

Connection open(const std::string& uri, std::chrono::seconds limit) {
  // libvirt waits for the first answer as long as the other side keeps the socket. A thread that is
  // given up closes what it may still get.
  std::packaged_task<Opened()> task([uri] { return try_open(uri); });
  auto answer = task.get_future();
  std::thread(std::move(task)).detach();
  if (answer.wait_for(limit) != std::future_status::ready) {
    throw Error(fmt::format("cannot connect to libvirt at '{}': it accepts the connection and does "
                            "not answer within {} s",
                            uri, limit.count()),
                "libvirtd hangs: `systemctl restart libvirtd` leaves guests running");
  }
  auto opened = answer.get();
  if (opened.failure) throw *opened.failure;
  // Generous: a host that emulates several guests answers late. Drivers without it refuse.
  virConnectSetKeepAlive(opened.connection.get(), 15, 8);
  return std::move(opened.connection);
}

}  // namespace

LibvirtError::LibvirtError(const std::string& what, const virError& cause)
    : Error(what + ": " + (cause.message != nullptr ? cause.message : "no cause given"),
            hint_for(cause)),
      code_(cause.code) {}

LibvirtError last_failure(const std::string& what) {
  const virError none{};
  const auto* cause = virGetLastError();
  return {what, cause != nullptr ? *cause : none};
}

void throw_libvirt(const std::string& what) {
  throw last_failure(what);
}

LibvirtLink::LibvirtLink(std::string uri, std::chrono::seconds limit)
    : uri_(std::move(uri)), limit_(limit) {
  EventLoop::ensure();
  connection_ = open(uri_, limit_);
}

Connection LibvirtLink::get() {
  const std::lock_guard lock(mutex_);
  if (virConnectIsAlive(connection_.get()) != 1) connection_ = open(uri_, limit_);
  // Another thread may renew it meanwhile: each caller holds a reference of its own.
  if (virConnectRef(connection_.get()) < 0) throw_libvirt("cannot use libvirt's connection");
  return Connection{connection_.get()};
}

}  // namespace vmlab
