#include "host/libvirt_console.h"

#include <fmt/format.h>

#include <array>
#include <mutex>

#include "host/libvirt_link.h"
#include "host/libvirt_objects.h"

namespace vmlab {

namespace {

using Stream = Handle<virStream, virStreamFree>;

constexpr int would_block = -2;
constexpr int listening =
    VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP;

/// Shared with libvirt's event loop, which may still be in a callback when the console is let go.
class Wire {
 public:
  Wire(Stream stream, std::string what, ConsoleEvents events)
      : stream_(std::move(stream)), what_(std::move(what)), events_(std::move(events)) {}

  virStreamPtr stream() const { return stream_.get(); }

  void send(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    if (ended_) throw Error(what_ + ": it has closed");
    pending_ += text;
    flush();
  }

  void on_event(int events) {
    const std::scoped_lock lock(mutex_);
    if (ended_) return;
    if ((events & VIR_STREAM_EVENT_WRITABLE) != 0) flush();
    if ((events & (VIR_STREAM_EVENT_READABLE | VIR_STREAM_EVENT_HANGUP)) != 0) receive();
    if (!ended_ && (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP)) != 0) end("");
  }

  /// Nothing is called any more when this returns.
  void let_go() {
    const std::scoped_lock lock(mutex_);
    if (!ended_) virStreamAbort(stream_.get());
    ended_ = true;
  }

 private:
  void receive() {
    std::array<char, 4096> buffer{};
    while (true) {
      const int count = virStreamRecv(stream_.get(), buffer.data(), buffer.size());
      if (count == would_block) return;
      if (count > 0) {
        events_.on_output({buffer.data(), static_cast<std::size_t>(count)});
        continue;
      }
      end(count < 0 ? last_failure(what_).message() : std::string());
      return;
    }
  }

  void flush() {
    while (!pending_.empty()) {
      const int count = virStreamSend(stream_.get(), pending_.data(), pending_.size());
      if (count == would_block) break;
      if (count < 0) {
        end(last_failure(what_).message());
        return;
      }
      pending_.erase(0, static_cast<std::size_t>(count));
    }
    virStreamEventUpdateCallback(
        stream_.get(), pending_.empty() ? listening : listening | VIR_STREAM_EVENT_WRITABLE);
  }

  void end(const std::string& why) {
    ended_ = true;
    virStreamAbort(stream_.get());
    events_.on_end(why);
  }

  Stream stream_;
  std::string what_;
  ConsoleEvents events_;
  std::mutex mutex_;
  std::string pending_;
  bool ended_ = false;
};

class LibvirtConsole final : public SerialConsole {
 public:
  explicit LibvirtConsole(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  LibvirtConsole(const LibvirtConsole&) = delete;
  LibvirtConsole& operator=(const LibvirtConsole&) = delete;
  ~LibvirtConsole() override {
    wire_->let_go();
    virStreamEventRemoveCallback(wire_->stream());
  }
  void send(std::string_view text) override { wire_->send(text); }

 private:
  std::shared_ptr<Wire> wire_;
};

}  // namespace

std::unique_ptr<SerialConsole> open_console(virConnectPtr connection, const std::string& domain,
                                            bool force, ConsoleEvents events) {
  const auto what = fmt::format("cannot open the console of domain '{}'", domain);
  const auto found = need_domain(connection, domain, what);
  Stream stream = require(Stream{virStreamNew(connection, VIR_STREAM_NONBLOCK)}, what);
  if (virDomainOpenConsole(found.get(), nullptr, stream.get(),
                           force ? static_cast<unsigned>(VIR_DOMAIN_CONSOLE_FORCE) : 0U) < 0) {
    const auto failure = last_failure(what);
    const bool taken = failure.message().find("Active console session") != std::string::npos;
    throw Error(failure.message(), taken ? "--force takes it over" : failure.hint());
  }
  auto wire = std::make_shared<Wire>(std::move(stream), what, std::move(events));
  auto* shared = new std::shared_ptr<Wire>(wire);
  const int added = virStreamEventAddCallback(
      wire->stream(), listening,
      [](virStreamPtr, int happened, void* opaque) {
        // Held, so that it outlives a callback in which it is let go.
        const auto held = *static_cast<std::shared_ptr<Wire>*>(opaque);
        held->on_event(happened);
      },
      shared, [](void* opaque) { delete static_cast<std::shared_ptr<Wire>*>(opaque); });
  if (added < 0) {
    delete shared;
    throw_libvirt(what);
  }
  return std::make_unique<LibvirtConsole>(std::move(wire));
}

}  // namespace vmlab
