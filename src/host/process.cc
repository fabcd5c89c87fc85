#include "host/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

extern "C" {  // which glibc 2.36 does not say itself
#include <sys/pidfd.h>
}

#include "base/error.h"
#include "host/posix_files.h"

namespace vmlab {

namespace {

using ProcessClock = std::chrono::steady_clock;

constexpr int stop_poll_ms = 200;
/// From the word to end until it is killed.
constexpr std::chrono::seconds end_limit{5};
/// For children that keep the streams open after the program has ended.
constexpr std::chrono::seconds drain_limit{2};

/// The child between fork and exec: only what is safe after a fork of a threaded process.
[[noreturn]] void become(const Program& program, char* const* words, char** environment,
                         int nothing, int output) {
  setpgid(0, 0);
  if (program.private_files) umask(077);
  dup2(nothing, STDIN_FILENO);
  dup2(program.errors_alone ? nothing : output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::environ = environment;
  execvp(words[0], words);
  const char* why = strerrordesc_np(errno);
  for (const char* text :
       {"cannot start '", static_cast<const char*>(words[0]), "': ", why, "\n"}) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) break;
  }
  _exit(not_started);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// Killed with its group when destroyed before its end was waited for.
class Process {
 public:
  explicit Process(const Program& program) : name_(program.words.front()) {
    auto words = program.words;
    std::vector<std::string> variables;
    for (char** entry = ::environ; *entry != nullptr; ++entry) {
      const std::string text = *entry;
      if (!program.environment.contains(text.substr(0, text.find('=')))) variables.push_back(text);
    }
    for (const auto& [name, value] : program.environment) {
      variables.push_back(fmt::format("{}={}", name, value));
    }
    const auto word_pointers = pointers(words);
    auto variable_pointers = pointers(variables);

    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) fail();
    output_ = FileDescriptor{ends[0]};
    const FileDescriptor writing{ends[1]};
    const FileDescriptor nothing{open("/dev/null", O_RDWR | O_CLOEXEC)};
    child_ = fork();
    if (child_ < 0) fail();
    if (child_ == 0) {
      become(program, word_pointers.data(), variable_pointers.data(), nothing.get(), writing.get());
    }
    // Here too: whichever comes first, a stop then finds the group.
    setpgid(child_, child_);
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (child_ <= 0) return;
    kill(-child_, SIGKILL);
    wait();
  }

  void hear(const std::function<void(std::string_view)>& on_output, const std::stop_token& stop) {
    const FileDescriptor running{pidfd_open(child_, 0)};
    if (!running) fail();
    auto kill_at = ProcessClock::time_point::max();
    auto leave_at = ProcessClock::time_point::max();
    std::array<pollfd, 2> ready{{{output_.get(), POLLIN, 0}, {running.get(), POLLIN, 0}}};
    auto& [output, end] = ready;  // -1: it is no more
    int unread = 0;               // what it had written when it ended
    while (end.fd >= 0 || (output.fd >= 0 && (unread > 0 || ProcessClock::now() < leave_at))) {
      if (stop.stop_requested() && !stopped_) {
        kill(-child_, SIGTERM);
        stopped_ = true;
        kill_at = ProcessClock::now() + end_limit;
      }
      if (ProcessClock::now() >= kill_at) kill(-child_, SIGKILL);
      if (poll(ready.data(), ready.size(), stop_poll_ms) <= 0) continue;
      if (end.revents != 0) {
        leave_at = ProcessClock::now() + drain_limit;
        ioctl(output_.get(), FIONREAD, &unread);
        end = {-1, 0, 0};
      }
      if (output.revents == 0) continue;
      std::array<char, 4096> buffer{};
      const auto count = read(output_.get(), buffer.data(), buffer.size());
      if (count > 0) on_output({buffer.data(), static_cast<std::size_t>(count)});
      if (count > 0) unread -= static_cast<int>(count);
      if (count == 0 || (count < 0 && errno != EINTR)) output = {-1, 0, 0};
    }
  }

  bool stopped() const { return stopped_; }

  int wait() {
    int status = 0;
    while (waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    return status;
  }

 private:
  [[noreturn]] void fail() const {
    throw Error(fmt::format("cannot start '{}': {}", name_, strerrordesc_np(errno)));
  }

  std::string name_;
  FileDescriptor output_;
  pid_t child_ = -1;
  bool stopped_ = false;
};

}  // namespace

int run_process(const Program& program, const std::function<void(std::string_view)>& on_output,
                const std::stop_token& stop) {
  if (stop.stop_requested()) throw Cancelled();
  Process process(program);
  process.hear(on_output, stop);
  if (process.stopped()) throw Cancelled();
  return process.wait();
}

}  // namespace vmlab
