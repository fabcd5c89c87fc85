#include "cli/output_diagnostics.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"

namespace vmlab {

namespace {

constexpr std::size_t context_columns = 92;
constexpr std::size_t message_columns = 1000;  // a value that is quoted may be megabytes long

struct Excerpt {
  std::string text;       // the part of the line that is shown
  std::size_t begin = 0;  // of the caret, in columns of `text`
  std::size_t length = 1;
};

/// Length in bytes of the word that starts at `rest`: a quoted string or a plain scalar.
std::size_t word_length(std::string_view rest) {
  if (rest.empty()) return 1;
  if (rest[0] == '"' || rest[0] == '\'') {
    const auto end = rest.find(rest[0], 1);
    return end == std::string_view::npos ? rest.size() : end + 1;
  }
  std::size_t end = 0;
  while (end < rest.size()) {
    const char c = rest[end];
    const bool last = end + 1 == rest.size();
    if (c == ',' || c == ']' || c == '}' || c == ' ' || c == '\t') break;
    if (c == ':' && (last || rest[end + 1] == ' ' || rest[end + 1] == '\t')) break;
    ++end;
  }
  return std::max<std::size_t>(end, 1);
}

/// Columns count bytes, as the YAML reader does; they become columns on the screen here.
Excerpt excerpt_of(const std::string& line, int column) {
  const auto at = std::min(static_cast<std::size_t>(std::max(column, 1) - 1), line.size());
  const auto length = std::min(word_length(std::string_view(line).substr(at)), line.size() - at);
  Excerpt excerpt;
  const auto before = printable(std::string_view(line).substr(0, at));
  const auto word = printable(std::string_view(line).substr(at, length));
  const auto after = printable(std::string_view(line).substr(at + length, context_columns * 4));
  excerpt.begin = width(before);
  excerpt.length = std::clamp<std::size_t>(width(word), 1, context_columns / 2);
  if (excerpt.begin + excerpt.length <= context_columns) {
    excerpt.text = clip(before + word + after, context_columns);
    return excerpt;
  }
  // The place is too far right to be shown with the beginning of its line.
  std::size_t cut = before.size();
  std::size_t kept = 0;
  while (cut > 0 && kept < context_columns / 3) {
    --cut;
    if ((static_cast<unsigned char>(before[cut]) & 0xC0U) != 0x80U) ++kept;
  }
  excerpt.text = clip("…" + before.substr(cut) + word + after, context_columns);
  excerpt.begin = kept + 1;
  return excerpt;
}

std::string place_of(const Diagnostic& problem) {
  const auto file = printable(problem.file);
  if (problem.line > 0 && problem.column > 0) {
    return fmt::format("{}:{}:{}: ", file, problem.line, problem.column);
  }
  if (problem.line > 0) return fmt::format("{}:{}: ", file, problem.line);
  return file.empty() ? "" : file + ": ";
}

std::string render(const Diagnostic& problem, const std::vector<std::string>* source, Style style) {
  auto text = fmt::format("{}{} {}\n", style.bold(place_of(problem)), style.red("error:"),
                          clip(printable(problem.message), message_columns));
  const auto line = static_cast<std::size_t>(std::max(problem.line, 0));
  if (source != nullptr && line > 0 && line <= source->size()) {
    const auto excerpt = excerpt_of((*source)[line - 1], problem.column);
    const auto number = fmt::format("{:4}", line);
    text += fmt::format("{} | {}\n", number, excerpt.text);
    if (problem.column > 0) {
      text +=
          fmt::format("{} | {}{}\n", std::string(number.size(), ' '),
                      std::string(excerpt.begin, ' '), style.red(std::string(excerpt.length, '^')));
    }
  }
  if (!problem.help.empty()) {
    text += fmt::format("  {}\n", clip(printable(problem.help), message_columns));
  }
  return text;
}

}  // namespace

std::string render_diagnostics(const std::vector<Diagnostic>& problems, const SourceOf& source,
                               Style style, std::size_t most) {
  std::map<std::string, std::optional<std::vector<std::string>>> sources;
  std::string text;
  for (std::size_t i = 0; i < std::min(problems.size(), most); ++i) {
    const auto& problem = problems[i];
    auto found = sources.find(problem.file);
    if (found == sources.end()) {
      std::optional<std::vector<std::string>> split_source;
      if (problem.line > 0 && source) {
        if (const auto whole = source(problem.file)) split_source = lines(*whole);
      }
      found = sources.emplace(problem.file, std::move(split_source)).first;
    }
    text += render(problem, found->second ? &*found->second : nullptr, style);
  }
  if (problems.size() > most) {
    text += fmt::format("… and {} more\n", counted(problems.size() - most, "problem"));
  }
  return text;
}

std::string render_error(const std::string& message, const std::vector<std::string>& trail,
                         const std::string& hint, Style style) {
  // A message may carry lines of a tool's own output; each stays a line of its own.
  std::string text;
  for (const auto& line : lines(message)) {
    text += text.empty() ? fmt::format("{} {}\n", style.red("error:"), printable(line))
                         : fmt::format("  | {}\n", printable(line));
  }
  if (text.empty()) text = style.red("error:") + " unknown\n";
  for (const auto& what : trail) {
    // Where evidence was put is told by the same way, but it is no work that was going on.
    const bool place = what.starts_with("evidence is in ");
    text += fmt::format("  {}{}\n", place ? "" : "while ", printable(what));
  }
  if (!hint.empty()) text += fmt::format("  {} {}\n", style.cyan("hint:"), printable(hint));
  return text;
}

std::string render_error(const Error& error, Style style) {
  return render_error(error.message(), error.trail(), error.hint(), style);
}

}  // namespace vmlab
