#include "run/console_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace vmlab {

namespace {

constexpr std::size_t most_bytes = 120;

std::string clipped(std::string line) {
  if (line.size() <= most_bytes) return line;
  std::size_t end = most_bytes;
  const auto continues = [&](std::size_t at) {
    return (static_cast<unsigned char>(line[at]) & 0xC0U) == 0x80U;  // UTF-8
  };
  while (end > 0 && continues(end)) --end;
  line.resize(end);
  return line + "…";
}

}  // namespace

std::uint64_t ConsoleLog::size_bytes() const {
  try {
    const auto log = system_->stat(path_);
    return log ? log->size_bytes : 0;
  } catch (const Error&) {
    return 0;  // a look at the console is never worth a run
  }
}

std::optional<std::string> ConsoleLog::since(std::uint64_t bytes) const {
  try {
    auto log = system_->read(path_).value_or("");
    // A log that is shorter than it was is a new one: the old was put aside when it grew too large.
    if (bytes <= log.size()) log.erase(0, bytes);
    return log;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string last_words(std::string_view said) {
  auto text = strip_ansi(said);
  // A line that is written over and over begins anew with a carriage return.
  std::ranges::replace(text, '\r', '\n');
  std::erase_if(text, [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; });
  const auto all = lines(text);
  for (auto line = all.rbegin(); line != all.rend(); ++line) {
    const auto words = trim(*line);
    if (!words.empty()) return fmt::format("ends with '{}'", clipped(std::string(words)));
  }
  return "is silent";
}

bool asks_for_login(std::string_view said) {
  return said.find("login:") != std::string_view::npos;
}

}  // namespace vmlab
