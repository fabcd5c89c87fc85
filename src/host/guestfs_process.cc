#include "host/guestfs_process.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <deque>

#include "base/error.h"
#include "base/text.h"
#include "host/process.h"

namespace vmlab {

namespace {

constexpr std::size_t kept_lines = 8;

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

}  // namespace

void run_program(const std::vector<std::string>& words,
                 const std::function<void(std::string_view line)>& on_line, std::stop_token stop) {
  Lines lines(on_line);
  const int status = run_process(
      {.words = words, .errors_alone = true, .private_files = true},
      [&](std::string_view text) { lines.add(text); }, stop);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string end = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                            : fmt::format("signal {}", WTERMSIG(status));
  const std::string said = lines.last();
  if (WIFEXITED(status) && WEXITSTATUS(status) == not_started && said.starts_with("cannot start")) {
    throw Error(said, fmt::format("install the package that holds '{}'", words[0]));
  }
  throw Error(fmt::format("cannot run '{}': {}{}{}", words[0], said, said.empty() ? "" : "; ", end),
              disk_hint(said));
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
