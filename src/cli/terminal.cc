#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace vmlab {

namespace {

bool continues_code_point(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string Style::paint(std::string_view code, std::string_view text) const {
  if (!colour || text.empty()) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

bool is_terminal(int descriptor) {
  return ::isatty(descriptor) == 1;
}

TerminalSize terminal_size(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_row, size.ws_col};
}

Style style_for(int descriptor) {
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color != nullptr && *no_color != '\0') return {};
  const char* term = std::getenv("TERM");
  if (term == nullptr || std::string_view(term) == "dumb") return {};
  return {is_terminal(descriptor)};
}

std::string printable(std::string_view text) {
  std::string clean;
  clean.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '\t' || c == '\n') {
      clean += ' ';
    } else if (c < 0x20 || c == 0x7F) {
      clean += '?';
    } else if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      clean += '?';  // C1 control characters, which terminals obey too
      ++i;
    } else {
      clean += text[i];
    }
  }
  return clean;
}

std::size_t width(std::string_view text) {
  std::size_t columns = 0;
  for (const char c : text) {
    if (!continues_code_point(c)) ++columns;
  }
  return columns;
}

std::string clip(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t end = 0;
  std::size_t seen = 0;
  while (end < text.size()) {
    if (!continues_code_point(text[end]) && ++seen == columns) break;
    ++end;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string pad(std::string_view text, std::size_t columns) {
  std::string padded(text);
  const auto taken = width(text);
  if (taken < columns) padded.append(columns - taken, ' ');
  return padded;
}

std::string counted(std::size_t count, std::string_view singular) {
  return fmt::format("{} {}{}", count, singular, count == 1 ? "" : "s");
}

}  // namespace vmlab
