#include "host/guestfs_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include "base/error.h"
#include "base/text.h"

namespace vmlab {

namespace {

constexpr std::size_t kept_lines = 8;
constexpr int poll_ms = 200;
constexpr int exec_failed = 127;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

/// The child between fork and exec: only what is safe after a fork of a threaded process.
[[noreturn]] void become(char* const* words, int nothing, int errors) {
  setpgid(0, 0);
  umask(077);
  dup2(nothing, STDIN_FILENO);
  dup2(nothing, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(words[0], words);
  const char* cause = strerrordesc_np(errno);
  if (write(STDERR_FILENO, cause, strlen(cause)) < 0) _exit(exec_failed);
  _exit(exec_failed);
}

/// Standard error of the child, cut into lines; the last few are kept for the message.
class Lines {
 public:
  explicit Lines(const std::function<void(std::string_view)>& on_line) : on_line_(on_line) {}

  void add(std::string_view text) {
    partial_ += text;
    for (auto end = partial_.find('\n'); end != std::string::npos; end = partial_.find('\n')) {
      take(partial_.substr(0, end));
      partial_.erase(0, end + 1);
    }
  }
  std::string last() {
    if (!partial_.empty()) take(std::exchange(partial_, {}));
    return join(std::vector<std::string>(kept_.begin(), kept_.end()), "; ");
  }

 private:
  void take(const std::string& line) {
    if (trim(line).empty()) return;
    kept_.emplace_back(trim(line));
    if (kept_.size() > kept_lines) kept_.pop_front();
    if (on_line_) on_line_(line);
  }

  const std::function<void(std::string_view)>& on_line_;
  std::string partial_;
  std::deque<std::string> kept_;
};

void read_lines(int fd, pid_t child, Lines& lines, const std::stop_token& stop) {
  std::array<char, 4096> buffer{};
  bool told = false;
  for (;;) {
    if (stop.stop_requested() && !told) {
      kill(-child, SIGTERM);
      told = true;
    }
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, poll_ms) <= 0) continue;
    const auto count = read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;
    lines.add({buffer.data(), static_cast<std::size_t>(count)});
  }
}

int wait_for(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

void run_program(const std::vector<std::string>& words,
                 const std::function<void(std::string_view line)>& on_line, std::stop_token stop) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (const auto& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(fmt::format("cannot run '{}': {}", words[0], strerrordesc_np(errno)));
  }
  const Descriptor out(ends[0]);
  Descriptor in(ends[1]);
  const Descriptor nothing(open("/dev/null", O_RDWR | O_CLOEXEC));
  const pid_t child = fork();
  if (child == 0) become(arguments.data(), nothing.get(), in.get());
  if (child < 0) throw Error(fmt::format("cannot run '{}': {}", words[0], strerrordesc_np(errno)));
  in.close();

  Lines lines(on_line);
  try {
    read_lines(out.get(), child, lines, stop);
  } catch (...) {
    kill(-child, SIGKILL);
    wait_for(child);
    throw;
  }
  const int status = wait_for(child);
  if (stop.stop_requested()) throw Cancelled();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string end = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                            : fmt::format("signal {}", WTERMSIG(status));
  const std::string said = lines.last();
  throw Error(fmt::format("cannot run '{}': {}{}{}", words[0], said, said.empty() ? "" : "; ", end),
              WIFEXITED(status) && WEXITSTATUS(status) == exec_failed
                  ? fmt::format("install the package that holds '{}'", words[0])
                  : disk_hint(said));
}

void convert_to_qcow2(const std::filesystem::path& from, const std::string& format,
                      const std::filesystem::path& to, std::stop_token stop) {
  run_program(
      {"qemu-img", "convert", "-q", "-f", format, "-O", "qcow2", from.string(), to.string()},
      nullptr, std::move(stop));
}

std::string disk_hint(std::string_view said) {
  for (const std::string_view full :
       {"No space left on device", "Disk quota exceeded", "exceeds free space"}) {
    if (said.find(full) != said.npos) return "free space on that disk, or use --state-dir";
  }
  return {};
}

}  // namespace vmlab
