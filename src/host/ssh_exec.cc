// SshSession::exec: one channel, its streams and its end.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "host/ssh_session.h"
#include "host/ssh_wait.h"

namespace vmlab {

namespace {

using std::chrono::milliseconds;

using SshChannel = Handle<ssh_channel_struct, ssh_channel_free>;

int signal_number(std::string_view name) {
  static const std::map<std::string_view, int> numbers{
      {"ABRT", SIGABRT}, {"ALRM", SIGALRM}, {"FPE", SIGFPE},   {"HUP", SIGHUP},   {"ILL", SIGILL},
      {"INT", SIGINT},   {"KILL", SIGKILL}, {"PIPE", SIGPIPE}, {"QUIT", SIGQUIT}, {"SEGV", SIGSEGV},
      {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
  const auto found = numbers.find(name);
  return found == numbers.end() ? 0 : found->second;
}

/// First thing that a command says on standard error, followed by the number of its process group:
/// sshd passes no signals on to what root runs, so that it takes a second command to end the first.
constexpr std::string_view announcement = "vmlab-process-group:";

/// What the callbacks leave behind; they are called inside of ssh_event_dopoll.
struct Ending {
  const SshStreams& streams;
  std::optional<int> exit_code;
  SshClock::time_point last_news = SshClock::now();
  std::exception_ptr failure;  // of a stream's function: C code must not see it
  std::string announced;       // standard error so far, until the process group is known
  std::optional<std::string> process_group = {};

  void take(std::string_view data, bool is_err) {
    last_news = SshClock::now();
    if (failure) return;
    try {
      if (is_err && !process_group) {
        announced += data;
        find_process_group();
      } else {
        pass(data, is_err);
      }
    } catch (...) {
      failure = std::current_exception();
    }
  }

  void pass(std::string_view data, bool is_err) const {
    const auto& sink = is_err ? streams.err : streams.out;
    if (sink && !data.empty()) sink(data);
  }

  /// Cuts the announcement out; a login shell may have complained before it.
  void find_process_group() {
    const auto begin = announced.find(announcement);
    const auto end = announced.find('\n', begin);
    if (begin == std::string::npos || end == std::string::npos) return;
    const auto number = begin + announcement.size();
    process_group = announced.substr(number, end - number);
    announced.erase(begin, end + 1 - begin);
    pass(std::exchange(announced, {}), true);
  }

  void end() {
    if (!process_group) pass(std::exchange(announced, {}), true);
  }
};

int on_data(ssh_session, ssh_channel, void* data, uint32_t size, int is_stderr, void* ending) {
  static_cast<Ending*>(ending)->take({static_cast<const char*>(data), size}, is_stderr != 0);
  return static_cast<int>(size);
}

void on_exit_status(ssh_session, ssh_channel, int code, void* ending) {
  auto& it = *static_cast<Ending*>(ending);
  it.exit_code = code;
  it.last_news = SshClock::now();
}

void on_exit_signal(ssh_session, ssh_channel, const char* signal, int, const char*, const char*,
                    void* ending) {
  auto& it = *static_cast<Ending*>(ending);
  it.exit_code = 128 + signal_number(signal);
  it.last_news = SshClock::now();
}

/// The session's sockets belong to an event while a command runs, and again to the session after.
class EventGuard {
 public:
  explicit EventGuard(ssh_session session) : session_(session), event_(ssh_event_new()) {
    if (event_ == nullptr || ssh_event_add_session(event_, session_) != SSH_OK) {
      throw Error("cannot wait for an ssh session: out of memory");
    }
  }
  EventGuard(const EventGuard&) = delete;
  EventGuard& operator=(const EventGuard&) = delete;
  ~EventGuard() {
    ssh_event_remove_session(event_, session_);
    ssh_event_free(event_);
  }
  int poll(milliseconds timeout) {
    return ssh_event_dopoll(event_, static_cast<int>(timeout.count()));
  }

 private:
  ssh_session session_;
  ssh_event event_;
};

/// Sends standard input as fast as the other side takes it.
class InputPump {
 public:
  InputPump(ssh_channel channel, const SshStreams& streams)
      : channel_(channel), streams_(streams), buffer_(std::size_t{256} * 1024) {}

  /// False: the connection is broken.
  bool pump() {
    while (!ended_) {
      if (begin_ == end_) {
        begin_ = 0;
        end_ = streams_.input ? streams_.input(buffer_.data(), buffer_.size()) : 0;
        if (end_ == 0) {
          ended_ = true;
          return ssh_channel_send_eof(channel_) == SSH_OK;
        }
      }
      const auto room = ssh_channel_window_size(channel_);
      if (room == 0) return true;
      const auto size = std::min<std::size_t>(end_ - begin_, room);
      const int sent =
          ssh_channel_write(channel_, buffer_.data() + begin_, static_cast<uint32_t>(size));
      if (sent < 0) return false;
      if (sent == 0) return true;
      begin_ += static_cast<std::size_t>(sent);
    }
    return true;
  }

 private:
  ssh_channel channel_;
  const SshStreams& streams_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
};

/// libssh frees a channel late: the callbacks must not outlive what they write to.
class CallbackGuard {
 public:
  CallbackGuard(ssh_channel channel, Ending& ending) : channel_(channel) {
    callbacks_.userdata = &ending;
    callbacks_.channel_data_function = on_data;
    callbacks_.channel_exit_status_function = on_exit_status;
    callbacks_.channel_exit_signal_function = on_exit_signal;
    ssh_callbacks_init(&callbacks_);
    ssh_set_channel_callbacks(channel_, &callbacks_);
  }
  CallbackGuard(const CallbackGuard&) = delete;
  CallbackGuard& operator=(const CallbackGuard&) = delete;
  ~CallbackGuard() { ssh_remove_channel_callbacks(channel_, &callbacks_); }

 private:
  ssh_channel channel_;
  ssh_channel_callbacks_struct callbacks_{};
};

/// One command on its way.
class Command {
 public:
  Command(ssh_session session, std::string where, const SshStreams& streams, milliseconds timeout,
          std::stop_token stop)
      : session_(session),
        where_(std::move(where)),
        streams_(streams),
        timeout_(timeout),
        deadline_(SshClock::now() + timeout),
        stop_(std::move(stop)),
        channel_(ssh_channel_new(session)) {}

  void start(const std::string& command) {
    if (!channel_) fail_unstarted(ssh_get_error(session_));
    // A connection that has died silently, with its guest, must not cost the whole timeout.
    const auto limit = std::min(deadline_, SshClock::now() + open_limit);
    int code = repeat([&] { return ssh_channel_open_session(channel_.get()); }, limit);
    if (code != SSH_OK) {
      fail_unstarted(code == SSH_AGAIN ? "no answer" : ssh_get_error(session_));
    }
    guard_.emplace(channel_.get(), ending_);
    code = repeat([&] { return ssh_channel_request_exec(channel_.get(), command.c_str()); },
                  deadline_);
    if (code == SSH_AGAIN) fail_late();
    if (code != SSH_OK) fail(ssh_get_error(session_));
  }

  int finish() {
    EventGuard event(session_);
    InputPump input(channel_.get(), streams_);
    while (ssh_channel_is_closed(channel_.get()) == 0 && !drained()) {
      const auto left = std::chrono::ceil<milliseconds>(deadline_ - SshClock::now());
      if (stop_.stop_requested()) throw Cancelled();
      if (left.count() <= 0) fail_late();
      // A command that ends without reading all of its input is no failure of the connection.
      if (!ending_.exit_code && !input.pump() && ssh_channel_is_closed(channel_.get()) == 0) {
        fail(ssh_get_error(session_));
      }
      const int code = event.poll(std::min(stop_latency, left));
      if (ending_.failure) std::rethrow_exception(ending_.failure);
      if (code == SSH_ERROR) break;
    }
    if (!ending_.exit_code) fail("the connection broke");
    ending_.end();
    return *ending_.exit_code;
  }

  const std::optional<std::string>& process_group() const { return ending_.process_group; }

 private:
  static constexpr std::chrono::seconds open_limit{15};
  /// A background child may keep the streams open after the command has ended.
  static constexpr std::chrono::seconds drain_after_exit{2};

  bool drained() const {
    return ending_.exit_code && SshClock::now() - ending_.last_news > drain_after_exit;
  }

  template <class F>
  int repeat(F&& call, SshClock::time_point limit) {
    return repeat_ssh(session_, SSH_AGAIN, limit, stop_, call);
  }

  [[noreturn]] void fail_unstarted(const std::string& cause) const {
    throw SshSession::NotStarted(fmt::format("cannot run a command on {}", where_), cause);
  }
  [[noreturn]] void fail(const std::string& cause) const {
    throw Unreachable(fmt::format("cannot finish a command on {}", where_), cause);
  }
  [[noreturn]] void fail_late() const {
    throw TimedOut(fmt::format("cannot finish a command on {}", where_),
                   fmt::format("no end within {}", format_duration(timeout_)));
  }

  ssh_session session_;
  std::string where_;
  const SshStreams& streams_;
  milliseconds timeout_;
  SshClock::time_point deadline_;
  std::stop_token stop_;
  Ending ending_{streams_, {}, SshClock::now(), {}, {}};
  SshChannel channel_;
  std::optional<CallbackGuard> guard_;
};

}  // namespace

int SshSession::exec(const std::string& script, const SshStreams& streams, milliseconds timeout,
                     const std::stop_token& stop) {
  // Whatever is thrown leaves a channel in an unknown state behind.
  if (std::exchange(broken_, true)) {
    throw NotStarted(fmt::format("cannot run a command on {}", where_), "the connection is broken");
  }
  Command run(session_.get(), where_, streams, timeout, stop);
  // The user's login shell is whatever it is; scripts are for /bin/sh.
  run.start(fmt::format("echo {}$$ >&2; exec /bin/sh -c {}", announcement, shell_quote(script)));
  try {
    const int code = run.finish();
    broken_ = ssh_is_connected(session_.get()) == 0;
    return code;
  } catch (...) {
    if (run.process_group() && ssh_is_connected(session_.get()) != 0) end(*run.process_group());
    throw;
  }
}

void SshSession::end(const std::string& process_group) noexcept {
  try {
    const SshStreams silent;
    Command kill(session_.get(), where_, silent, milliseconds(2000), {});
    kill.start("kill -TERM -- " + shell_quote("-" + process_group));
    kill.finish();
  } catch (const std::exception&) {
    // The guest is too far gone to end anything in it; the first failure is the one to tell.
  }
}

}  // namespace vmlab
