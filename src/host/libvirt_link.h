// The connection to libvirt, kept alive, and what its failures are called.
#pragma once

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include <chrono>
#include <mutex>
#include <semaphore>
#include <string>

#include "base/error.h"
#include "host/handle.h"

namespace vmlab {

using Connection = Handle<virConnect, virConnectClose>;
using Domain = Handle<virDomain, virDomainFree>;
using VirNetwork = Handle<virNetwork, virNetworkFree>;

/// A failed libvirt call. `code` and `domain` are libvirt's own (virErrorNumber, virErrorDomain).
class LibvirtError : public Error {
 public:
  LibvirtError(const std::string& what, const virError& cause);
  int code() const noexcept { return code_; }

 private:
  int code_;
};

/// The last failure on this thread: `<what>: <libvirt's message>`.
LibvirtError last_failure(const std::string& what);
[[noreturn]] void throw_libvirt(const std::string& what);

template <class H>
H require(H handle, const std::string& what) {
  if (!handle) throw_libvirt(what);
  return handle;
}

/// For libvirt's functions that answer -1 when they fail.
inline int require(int result, const std::string& what) {
  if (result < 0) throw_libvirt(what);
  return result;
}

/// One URI; safe for several threads. Opens anew when libvirtd was restarted.
class LibvirtLink {
 public:
  /// Connects at once, here and when it has to anew within `limit`.
  explicit LibvirtLink(std::string uri, std::chrono::seconds limit = std::chrono::seconds(60));

  const std::string& uri() const noexcept { return uri_; }

  /// So many calls at once. libvirtd reads no more from a client that has five requests open
  /// (max_client_requests), not even its answers to keep-alive messages: while six domains were
  /// reverted from a slow disk the connection was given up.
  static constexpr std::ptrdiff_t most_at_once = 4;

  /// Calls `f(virConnectPtr)`; waits while there are `most_at_once` calls, so `f` must not call
  /// this. When it failed because the connection died, once more on a new one: `f` must bear being
  /// repeated.
  template <class F>
  decltype(auto) use(F&& f) {
    const Place place(places_);
    const Connection connection = get();
    try {
      return f(connection.get());
    } catch (const LibvirtError&) {
      if (virConnectIsAlive(connection.get()) != 0) throw;
    }
    const Connection renewed = get();
    return f(renewed.get());
  }

 private:
  using Places = std::counting_semaphore<most_at_once>;
  class Place {
   public:
    explicit Place(Places& places) : places_(places) { places_.acquire(); }
    ~Place() { places_.release(); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

   private:
    Places& places_;
  };

  Connection get();

  Places places_{most_at_once};
  std::string uri_;
  std::chrono::seconds limit_;
  std::mutex mutex_;
  Connection connection_;
};

}  // namespace vmlab
