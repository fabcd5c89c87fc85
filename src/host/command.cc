#include "host/adapters.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "host/posix_files.h"

namespace vmlab {

namespace {

constexpr int output_poll_ms = 200;

/// Only what is safe after a fork.
[[noreturn]] void become(char* const* words, char** environment, int output) {
  setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  ::environ = environment;
  execvp(words[0], words);
  const char* why = strerrordesc_np(errno);
  for (const char* text :
       {"cannot start '", static_cast<const char*>(words[0]), "': ", why, "\n"}) {
    if (write(STDERR_FILENO, text, strlen(text)) < 0) break;
  }
  _exit(127);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace

int run_host_command(const std::vector<std::string>& words,
                     const std::map<std::string, std::string>& environment,
                     const std::function<void(std::string_view)>& on_output, std::stop_token stop) {
  auto own_words = words;
  std::vector<std::string> variables;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    if (!environment.contains(text.substr(0, text.find('=')))) variables.push_back(text);
  }
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  const auto arguments = pointers(own_words);
  auto variable_pointers = pointers(variables);

  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error(fmt::format("cannot start '{}': {}", words.front(), strerrordesc_np(errno)));
  }
  const FileDescriptor reading{ends[0]};
  FileDescriptor writing{ends[1]};
  const auto child = fork();
  if (child < 0) {
    throw Error(fmt::format("cannot start '{}': {}", words.front(), strerrordesc_np(errno)));
  }
  if (child == 0) become(arguments.data(), variable_pointers.data(), writing.get());
  writing = FileDescriptor();
  bool ended = false;
  std::array<char, 4096> buffer{};
  while (!ended && !stop.stop_requested()) {
    pollfd ready{reading.get(), POLLIN, 0};
    if (poll(&ready, 1, output_poll_ms) <= 0) continue;
    const auto count = read(reading.get(), buffer.data(), buffer.size());
    if (count > 0) on_output({buffer.data(), static_cast<std::size_t>(count)});
    ended = count == 0 || (count < 0 && errno != EINTR);
  }
  if (!ended) kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!ended) throw Cancelled();
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace vmlab
