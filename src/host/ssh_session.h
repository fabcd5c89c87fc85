// One authenticated ssh connection and the commands that run on it.
#pragma once

#include <libssh/callbacks.h>
#include <libssh/libssh.h>

#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "host/handle.h"
#include "host/ports.h"

namespace vmlab {

inline void close_ssh(ssh_session session) noexcept {
  ssh_disconnect(session);
  ssh_free(session);
}
using SshHandle = Handle<ssh_session_struct, close_ssh>;
using SshKey = Handle<ssh_key_struct, ssh_key_free>;

using SshClock = std::chrono::steady_clock;

/// Streams of a command. Without `input` its standard input is empty.
struct SshStreams {
  /// Fills the buffer with what comes next and tells how much that was; 0: the end.
  std::function<std::size_t(char* buffer, std::size_t size)> input;
  std::function<void(std::string_view)> out;
  std::function<void(std::string_view)> err;
};

/// Not thread-safe: one user at a time.
class SshSession {
 public:
  /// Connects, checks the host key against the pinned one and logs in, all within `limit`. Throws
  /// Unreachable; Error when the host key is not the pinned one or the private key is unusable.
  SshSession(const SshTarget& target, std::chrono::milliseconds limit, const std::stop_token& stop);

  /// Thrown by exec() when the command certainly has not been started.
  class NotStarted : public Unreachable {
   public:
    using Unreachable::Unreachable;
  };

  /// Runs a script of /bin/sh to its end and tells its exit code (128+n when a signal ended it).
  /// Throws Unreachable when the connection breaks, TimedOut, and Cancelled when stopped; all
  /// of the script's processes are then sent SIGTERM, and the session is not alive() any more.
  int exec(const std::string& script, const SshStreams& streams, std::chrono::milliseconds timeout,
           const std::stop_token& stop);

  /// As far as this side knows.
  bool alive() const;

 private:
  void open(const SshTarget& target, const std::stop_token& stop);
  void verify_host_key(const SshTarget& target);
  void log_in(const SshTarget& target, const std::stop_token& stop);
  void end(const std::string& process_group) noexcept;

  std::string where_;  // `'master-1' (root@192.168.90.11)`
  SshHandle session_;
  SshClock::time_point deadline_;
  bool broken_ = false;
};

}  // namespace vmlab
