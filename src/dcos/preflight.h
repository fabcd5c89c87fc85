// The lines that preflight checks print, read back; and what several nodes' results amount to.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

struct PreflightCheck {
  enum class Result { pass, fail, warning };
  std::string name;  // `Checking if port 53 (required by dcos-net) is in use`
  Result result = Result::pass;
  std::string detail;  // what stands in parentheses or after the result; may be empty
  bool operator==(const PreflightCheck&) const = default;
};

/// Reads `NAME: PASS (DETAIL)`, `PASS NAME` (the SELinux line), and the PASS of a docker version
/// that is broken over two lines; other lines are no checks. ANSI colours are ignored.
std::vector<PreflightCheck> parse_preflight(std::string_view out);

/// The failed checks as lines `- <what>: <detail>`, each once.
std::vector<std::string> failed_checks(const std::vector<PreflightCheck>& checks);

/// What the checks warn of, a sentence each, once: from the output of a preflight that passed.
std::vector<std::string> preflight_warnings(const std::string& out);

struct NodePreflight {
  std::string node;
  bool passed = false;
  std::string explanation;  // of the failed step: first line, then one line per failed check
};

/// `5 of 6 nodes passed the preflight checks`, then per failed node its checks; nodes that fail
/// the same checks share a paragraph.
std::string summarise_preflights(std::span<const NodePreflight> nodes);

}  // namespace vmlab
