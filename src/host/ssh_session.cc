#include "host/ssh_session.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/error.h"
#include "host/posix_files.h"
#include "host/ssh_wait.h"

namespace vmlab {

namespace {

using std::chrono::milliseconds;

std::string errno_text(int code) {
  return std::generic_category().message(code);
}

/// A guest that vanished without a word is noticed within about 90 s, even while a command is
/// silent for long.
void notice_death(int fd) {
  const auto set = [fd](int level, int name, int value) {
    setsockopt(fd, level, name, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, 30);
  set(IPPROTO_TCP, TCP_KEEPINTVL, 10);
  set(IPPROTO_TCP, TCP_KEEPCNT, 6);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, 90'000);
  set(IPPROTO_TCP, TCP_NODELAY, 1);
}

/// libssh's own connect cannot be stopped and hides the cause.
int connect_tcp(const SshTarget& target, const std::string& where, SshClock::time_point deadline,
                const std::stop_token& stop) {
  const auto fail = [&where](const std::string& cause) {
    return Unreachable(fmt::format("cannot reach {}", where), cause);
  };
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const auto port = std::to_string(target.port);
  if (const int code = getaddrinfo(target.address.c_str(), port.c_str(), &wanted, &list);
      code != 0) {
    throw fail(gai_strerror(code));
  }
  const Handle<addrinfo, freeaddrinfo> addresses{list};
  FileDescriptor socket{::socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!socket) throw fail(errno_text(errno));
  notice_death(socket.get());
  if (connect(socket.get(), list->ai_addr, list->ai_addrlen) < 0) {
    if (errno != EINPROGRESS) throw fail(errno_text(errno));
    while (!wait_for_socket(socket.get(), POLLOUT, deadline, stop)) {
      if (SshClock::now() >= deadline) throw fail("no answer to the connection request");
    }
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) throw fail(errno_text(error));
  }
  return socket.release();
}

std::string fingerprint(ssh_session session) {
  ssh_key raw = nullptr;
  if (ssh_get_server_publickey(session, &raw) != SSH_OK) return "unknown";
  const SshKey key{raw};
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(raw, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != 0) return "unknown";
  const CString text{ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size)};
  ssh_clean_pubkey_hash(&hash);
  return fmt::format("{} {}", ssh_key_type_to_char(ssh_key_type(raw)), text.get());
}

}  // namespace

bool wait_for_socket(int fd, short events, SshClock::time_point deadline,
                     const std::stop_token& stop) {
  if (stop.stop_requested()) throw Cancelled();
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - SshClock::now());
  const auto slice = std::clamp(left, milliseconds(0), stop_latency);
  pollfd wait{fd, events, 0};
  return poll(&wait, 1, static_cast<int>(slice.count())) > 0;
}

SshSession::SshSession(const SshTarget& target, milliseconds limit, const std::stop_token& stop)
    : where_(fmt::format("'{}' ({}@{})", target.node, target.user, target.address)),
      deadline_(SshClock::now() + limit) {
  open(target, stop);
  verify_host_key(target);
  log_in(target, stop);
}

void SshSession::open(const SshTarget& target, const std::stop_token& stop) {
  session_.reset(ssh_new());
  if (!session_) throw Error("cannot make an ssh session: out of memory");
  auto* session = session_.get();
  int fd = connect_tcp(target, where_, deadline_, stop);
  const bool no = false;
  const unsigned port = target.port;
  const auto known_hosts = target.known_hosts.string();
  // Neither the user's nor the system's ssh configuration has a say, and no agent is asked.
  if (ssh_options_set(session, SSH_OPTIONS_PROCESS_CONFIG, &no) != SSH_OK ||
      ssh_options_set(session, SSH_OPTIONS_FD, &fd) != SSH_OK ||
      ssh_options_set(session, SSH_OPTIONS_HOST, target.address.c_str()) != SSH_OK ||
      ssh_options_set(session, SSH_OPTIONS_PORT, &port) != SSH_OK ||
      ssh_options_set(session, SSH_OPTIONS_USER, target.user.c_str()) != SSH_OK ||
      ssh_options_set(session, SSH_OPTIONS_KNOWNHOSTS, known_hosts.c_str()) != SSH_OK ||
      ssh_options_set(session, SSH_OPTIONS_GLOBAL_KNOWNHOSTS, known_hosts.c_str()) != SSH_OK) {
    ::close(fd);
    throw Error(fmt::format("cannot set up ssh to {}: {}", where_, ssh_get_error(session)));
  }
  ssh_set_blocking(session, 0);
  const int code =
      repeat_ssh(session, SSH_AGAIN, deadline_, stop, [&] { return ssh_connect(session); });
  if (code == SSH_OK) return;
  throw Unreachable(
      fmt::format("cannot reach {}", where_),
      code == SSH_AGAIN ? "its sshd accepts but does not answer" : ssh_get_error(session));
}

void SshSession::verify_host_key(const SshTarget& target) {
  const auto refuse = [&](const std::string& cause, const std::string& hint) {
    throw Untrusted(fmt::format("cannot trust {}: {}", where_, cause), hint);
  };
  const auto pins = target.known_hosts.string();
  switch (ssh_session_is_known_server(session_.get())) {
    case SSH_KNOWN_HOSTS_OK:
      return;
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER:
      refuse(fmt::format("its ssh host key {} is not the one that '{}' pins; another machine may "
                         "be answering at its address",
                         fingerprint(session_.get()), pins),
             "find out which machine answers there before you go on");
      break;
    case SSH_KNOWN_HOSTS_UNKNOWN:
    case SSH_KNOWN_HOSTS_NOT_FOUND:
      refuse(fmt::format("'{}' pins no ssh host key for it, and unknown keys are refused", pins),
             "");
      break;
    case SSH_KNOWN_HOSTS_ERROR:
      refuse(ssh_get_error(session_.get()), "");
  }
}

void SshSession::log_in(const SshTarget& target, const std::stop_token& stop) {
  ssh_key raw = nullptr;
  if (ssh_pki_import_privkey_file(target.private_key.c_str(), nullptr, nullptr, nullptr, &raw) !=
      SSH_OK) {
    throw Error(fmt::format("cannot use private key '{}': no readable key without passphrase",
                            target.private_key.string()));
  }
  const SshKey key{raw};
  const int code = repeat_ssh(session_.get(), SSH_AUTH_AGAIN, deadline_, stop,
                              [&] { return ssh_userauth_publickey(session_.get(), nullptr, raw); });
  if (code == SSH_AUTH_SUCCESS) return;
  std::string cause = ssh_get_error(session_.get());
  if (code == SSH_AUTH_DENIED || code == SSH_AUTH_PARTIAL) cause = "it refuses the lab's key";
  if (code == SSH_AUTH_AGAIN) cause = "no answer in time";
  throw Unreachable(fmt::format("cannot log in to {}", where_), cause);
}

bool SshSession::alive() const {
  if (broken_ || ssh_is_connected(session_.get()) == 0) return false;
  char byte = 0;
  return recv(ssh_get_fd(session_.get()), &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

}  // namespace vmlab
