// What a stream of the program is: a terminal or not, its size, its colours; and text made fit for
// it.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace vmlab {

/// Writes text to one of the program's streams.
using Write = std::function<void(std::string_view)>;

struct TerminalSize {
  std::size_t rows = 24;
  std::size_t columns = 80;
};

/// Colours of a stream; without `colour` each call returns its text as it is.
struct Style {
  bool colour = false;

  std::string bold(std::string_view text) const { return paint("1", text); }
  std::string dim(std::string_view text) const { return paint("2", text); }
  std::string red(std::string_view text) const { return paint("1;31", text); }
  std::string green(std::string_view text) const { return paint("32", text); }
  std::string yellow(std::string_view text) const { return paint("33", text); }
  std::string cyan(std::string_view text) const { return paint("36", text); }

 private:
  std::string paint(std::string_view code, std::string_view text) const;
};

bool is_terminal(int descriptor);

/// 80 x 24 when it is unknown.
TerminalSize terminal_size(int descriptor);

/// Colour on a terminal, unless NO_COLOR is set and not empty or TERM is `dumb`.
Style style_for(int descriptor);

/// `text` on one line without control characters: what came from a file, a guest or a library may
/// hold escape sequences, which must not reach a terminal.
std::string printable(std::string_view text);

/// Columns that UTF-8 text takes: one per code point.
std::size_t width(std::string_view text);

/// `text` cut to so many columns, the last one `…` when something was cut.
std::string clip(std::string_view text, std::size_t columns);

/// `text` filled with blanks up to so many columns.
std::string pad(std::string_view text, std::size_t columns);

/// `1 step`, `3 steps`.
std::string counted(std::size_t count, std::string_view singular);

}  // namespace vmlab
