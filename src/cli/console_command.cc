// `vmlab console`: a node's serial console, as its firmware, kernel and login have it.
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "cli/commands.h"
#include "cli/console_talk.h"
#include "cli/nodes_of.h"

namespace vmlab {

namespace {

/// A terminal whose every key goes to the node, and as it was again afterwards.
class RawTerminal {
 public:
  explicit RawTerminal(int descriptor) : descriptor_(descriptor) {
    if (::tcgetattr(descriptor_, &before_) != 0) return;
    termios raw = before_;
    ::cfmakeraw(&raw);
    changed_ = ::tcsetattr(descriptor_, TCSANOW, &raw) == 0;
  }
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() {
    if (changed_) ::tcsetattr(descriptor_, TCSANOW, &before_);
  }

 private:
  int descriptor_;
  termios before_{};
  bool changed_ = false;
};

/// What other threads have to say: that it has ended, or that it shall.
class Wakeup {
 public:
  Wakeup() {
    if (::pipe2(ends_.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
      throw Error(std::string("cannot make a pipe: ") + std::strerror(errno));
    }
  }
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;
  ~Wakeup() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  int descriptor() const { return ends_[0]; }
  void wake() const {
    const char byte = 'x';
    [[maybe_unused]] const auto written = ::write(ends_[1], &byte, 1);
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

constexpr char escape = '\x1d';  // Ctrl-], as virsh and telnet have it

}  // namespace

std::string talk(Hypervisor& hypervisor, const std::string& domain, bool force, int input,
                 const Write& out, const std::stop_token& stop) {
  const Wakeup wakeup;
  std::mutex mutex;
  std::string why;
  const auto serial =
      hypervisor.open_console(domain, force,
                              {.on_output = [&](std::string_view text) { out(text); },
                               .on_end =
                                   [&](const std::string& cause) {
                                     const std::scoped_lock lock(mutex);
                                     why = cause.empty() ? "the console has closed" : cause;
                                     wakeup.wake();
                                   }});
  const std::stop_callback stopped(stop, [&] { wakeup.wake(); });
  std::array<pollfd, 2> waits{pollfd{wakeup.descriptor(), POLLIN, 0}, pollfd{input, POLLIN, 0}};
  while (!stop.stop_requested()) {
    if (::poll(waits.data(), waits.size(), -1) < 0) {
      if (errno == EINTR) continue;
      throw Error(std::string("cannot wait for input: ") + std::strerror(errno));
    }
    if (waits[0].revents != 0) break;
    if (waits[1].revents == 0) continue;
    std::array<char, 1024> buffer{};
    const auto count = ::read(input, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      waits[1].fd = -1;  // nothing more to say; what the node says is still shown
      continue;
    }
    const std::string_view keys(buffer.data(), static_cast<std::size_t>(count));
    const auto end = keys.find(escape);
    if (const auto sent = keys.substr(0, end); !sent.empty()) serial->send(sent);
    if (end != std::string_view::npos) break;
  }
  const std::scoped_lock lock(mutex);
  return why;
}

ExitCode run_console(const Context& context) {
  const auto& invocation = context.invocation;
  const auto lab = lab_of(context, invocation.target, Installer::unseen);
  const auto& node = lab.node(invocation.node);
  const auto log = context.settings.paths.console(lab.name, node.name);
  const auto domain = context.ports.hypervisor.domain(node.domain_name);
  if (!domain || domain->state != DomainState::running) {
    throw Error(
        fmt::format("cannot open the console of node '{}': its domain is {}", node.name,
                    domain ? state_text(*domain) : std::string("not there")),
        context.ports.system.stat(log) ? "what it said before: " + log.string() : up_command(lab));
  }
  auto& console = context.console;
  console.note(fmt::format("console of {}: Ctrl-] ends it; what it said before is in {}", node.name,
                           log.string()));
  std::string why;
  {
    const RawTerminal raw(STDIN_FILENO);
    why = talk(
        context.ports.hypervisor, node.domain_name, invocation.force, STDIN_FILENO,
        [&](std::string_view text) { console.result(std::string(text)); }, context.stop);
  }
  if (!why.empty()) console.say("\n");
  if (!why.empty()) console.note(why);
  return ExitCode::done;
}

}  // namespace vmlab
