// A real sshd on loopback behind a relay that counts, cuts and freezes connections.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "adapter/temp_dir.h"
#include "host/ports.h"

namespace vmlab {

/// Listens on an ephemeral port of 127.0.0.1; each connection gets an `sshd -i` of its own.
class Sshd {
 public:
  Sshd();
  Sshd(const Sshd&) = delete;
  Sshd& operator=(const Sshd&) = delete;
  ~Sshd();

  /// Logs in as the user who runs the test; the host key is pinned.
  SshTarget target() const;
  const TempDir& directory() const { return directory_; }
  std::filesystem::path known_hosts() const { return directory_ / "known_hosts"; }
  /// A line of known_hosts that pins `public_key` for this sshd.
  std::string pin(const std::string& public_key) const;

  int connections() const { return connections_; }  // accepted so far
  void cut();                                       // ends every open connection
  /// The next connection that has sent this many bytes is ended; once.
  void cut_after(std::uint64_t bytes_from_client) { cut_after_ = bytes_from_client; }
  /// Connections made from now on are accepted and never answered.
  void freeze() { frozen_ = true; }

 private:
  void serve(const std::stop_token& stop);
  void relay(const std::stop_token& stop, int client);

  TempDir directory_;
  std::string user_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<std::uint64_t> cut_after_ = std::numeric_limits<std::uint64_t>::max();
  std::atomic<unsigned> cuts_ = 0;
  std::atomic<bool> frozen_ = false;
  std::mutex mutex_;
  std::vector<std::jthread> relays_;
  std::jthread thread_;
};

}  // namespace vmlab
