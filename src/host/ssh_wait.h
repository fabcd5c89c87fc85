// Waiting for a socket such that a stop is noticed soon.
#pragma once

#include <poll.h>

#include "host/ssh_session.h"

namespace vmlab {

constexpr std::chrono::milliseconds stop_latency{100};

/// Waits for `events` (poll.h), at most until the deadline and at most stop_latency; tells whether
/// they came. Throws Cancelled.
bool wait_for_socket(int fd, short events, SshClock::time_point deadline,
                     const std::stop_token& stop);

/// Calls a non-blocking function of libssh until it answers something else than `again` or the
/// deadline has passed.
template <class F>
int repeat_ssh(ssh_session session, int again, SshClock::time_point deadline,
               const std::stop_token& stop, F&& call) {
  while (true) {
    const int code = call();
    if (code != again || SshClock::now() >= deadline) return code;
    // What libssh has only queued so far goes out by its next call.
    const bool writing = (ssh_get_poll_flags(session) & SSH_WRITE_PENDING) != 0;
    wait_for_socket(ssh_get_fd(session), static_cast<short>(POLLIN | (writing ? POLLOUT : 0)),
                    deadline, stop);
  }
}

}  // namespace vmlab
