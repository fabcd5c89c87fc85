#include "dcos/preflight.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>

#include "base/text.h"

namespace vmlab {
namespace {

using Result = PreflightCheck::Result;

struct Word {
  std::string_view text;
  Result result;
};
constexpr Word words[] = {
    {"PASS", Result::pass}, {"FAIL", Result::fail}, {"WARNING", Result::warning}};

/// `rest` follows the result's word: a detail in parentheses, free text, or nothing.
std::string detail_of(std::string_view rest) {
  rest = trim(rest);
  if (rest.starts_with('(') && rest.ends_with(')')) rest = rest.substr(1, rest.size() - 2);
  return std::string(rest);
}

bool ends_word(std::string_view text, std::size_t at) {
  return at >= text.size() || std::isalnum(static_cast<unsigned char>(text[at])) == 0;
}

std::optional<PreflightCheck> parse_line(std::string_view line) {
  // The first result on the line counts: a detail may hold another one.
  std::optional<PreflightCheck> check;
  auto first = std::string_view::npos;
  for (const auto& word : words) {
    const auto mark = fmt::format(": {}", word.text);
    const auto at = line.find(mark);
    if (at < first && at > 0 && ends_word(line, at + mark.size())) {
      first = at;
      check = PreflightCheck{std::string(trim(line.substr(0, at))), word.result,
                             detail_of(line.substr(at + mark.size()))};
    }
    if (line.starts_with(word.text) && line.size() > word.text.size() &&
        line[word.text.size()] == ' ' && line.find(':') == std::string_view::npos) {
      return PreflightCheck{std::string(trim(line.substr(word.text.size()))), word.result, {}};
    }
  }
  return check;
}

/// `Checking if port 53 (…) is in use` -> `port 53 (…) is in use`; for messages.
std::string short_name(const std::string& name) {
  std::string_view text = name;
  for (const std::string_view prefix : {"Checking ", "if "}) {
    if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  }
  return std::string(text);
}

}  // namespace

std::vector<PreflightCheck> parse_preflight(std::string_view out) {
  std::vector<PreflightCheck> checks;
  const auto all = lines(strip_ansi(out));
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string line(trim(all[i]));
    // 2.1 and 2.2 print `PASS (20.10.24` newline `28.2.2)` when client and server differ.
    const bool open = line.rfind('(') != std::string::npos &&
                      line.find(')', line.rfind('(')) == std::string::npos;
    if (open && i + 1 < all.size() && trim(all[i + 1]).ends_with(')') && parse_line(line)) {
      line.append(" ").append(trim(all[++i]));
    }
    if (auto check = parse_line(line)) checks.push_back(std::move(*check));
  }
  return checks;
}

std::vector<std::string> failed_checks(const std::vector<PreflightCheck>& checks) {
  std::vector<std::string> failed;
  for (const auto& check : checks) {
    if (check.result != Result::fail) continue;
    auto line = "- " + short_name(check.name);
    if (!check.detail.empty()) line += ": " + check.detail;
    if (std::ranges::find(failed, line) == failed.end()) failed.push_back(std::move(line));
  }
  return failed;
}

std::vector<std::string> preflight_warnings(const std::string& out) {
  std::vector<std::string> warnings;
  for (const auto& check : parse_preflight(out)) {
    if (check.result != Result::warning) continue;
    const auto name = short_name(check.name);
    // The release's own warnings are whole sentences: `kernel module raid1 is loaded` before
    // `Kernel module raid1 is not loaded.` says nothing more.
    auto warning = check.detail.empty() ? fmt::format("preflight warns: {}", name)
                   : check.detail.ends_with('.')
                       ? fmt::format("preflight warns: {}", check.detail)
                       : fmt::format("preflight warns ({}): {}", name, check.detail);
    if (std::ranges::find(warnings, warning) == warnings.end()) {
      warnings.push_back(std::move(warning));
    }
  }
  return warnings;
}

std::string summarise_preflights(std::span<const NodePreflight> nodes) {
  const auto passed = static_cast<std::size_t>(
      std::ranges::count_if(nodes, [](const auto& node) { return node.passed; }));
  auto text = fmt::format("{} of {} nodes passed the preflight checks", passed, nodes.size());
  std::vector<std::string> order;
  std::map<std::string, std::vector<std::string>> by_cause;
  for (const auto& node : nodes) {
    if (node.passed) continue;
    auto& names = by_cause[node.explanation];
    if (names.empty()) order.push_back(node.explanation);
    names.push_back(node.node);
  }
  for (const auto& cause : order) {
    const auto all = lines(cause);
    text += fmt::format("\n{}: {}", join(by_cause[cause], ", "), all.empty() ? "failed" : all[0]);
    for (std::size_t i = 1; i < all.size(); ++i) text += "\n  " + all[i];
  }
  return text;
}

}  // namespace vmlab
