// Small text operations with one right answer each.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

/// `word` as one word of a POSIX shell, whatever it holds. The only way by which a user's value
/// gets into a command line in a guest. Throws Error for a NUL byte, which no shell can carry.
std::string shell_quote(std::string_view word);

/// `words` quoted one by one and joined by blanks.
std::string shell_join(std::span<const std::string> words);

/// Two lower-case digits for each byte.
std::string to_hex(std::string_view bytes);

/// The candidate closest to `word` by edit distance, if it is close enough to be a likely typing
/// error; else the only one that `word` is the beginning of.
std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates);

std::vector<std::string> split(std::string_view text, char separator);
std::vector<std::string> lines(std::string_view text);  // without line ends; no empty last line
std::string_view trim(std::string_view text);
std::string join(std::span<const std::string> parts, std::string_view separator);

/// `text` without ANSI escape sequences (the DC/OS installer colours even when piped).
std::string strip_ansi(std::string_view text);

/// Shell-style match with `*` and `?` over the whole of `name`.
bool glob_match(std::string_view pattern, std::string_view name);

}  // namespace vmlab
