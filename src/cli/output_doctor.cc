#include "cli/output_doctor.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/output_tables.h"

namespace vmlab {

namespace {

std::size_t count(const std::vector<Finding>& findings, Finding::Verdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(findings, verdict, &Finding::verdict));
}

}  // namespace

bool all_good(const std::vector<Finding>& findings) {
  return count(findings, Finding::Verdict::failed) == 0;
}

std::string render_findings(const std::vector<Finding>& findings, Style style) {
  std::string text;
  for (const auto& finding : findings) {
    const auto word = pad(to_text(finding.verdict), 7);
    const auto shown = finding.verdict == Finding::Verdict::good      ? style.green(word)
                       : finding.verdict == Finding::Verdict::warning ? style.yellow(word)
                       : finding.verdict == Finding::Verdict::failed  ? style.red(word)
                                                                      : style.dim(word);
    text += fmt::format("{}  {}  {}\n", shown, pad(finding.check, 11), printable(finding.says));
    if (finding.mend.empty()) continue;
    text += fmt::format("{}  mend: {}\n", pad("", 20), style.cyan(printable(finding.mend)));
  }
  const auto failed = count(findings, Finding::Verdict::failed);
  const auto warnings = count(findings, Finding::Verdict::warning);
  if (failed == 0 && warnings == 0) return text + "this host has what a run needs\n";
  return text +
         fmt::format("{} failed, {}\n", counted(failed, "check"), counted(warnings, "warning"));
}

nlohmann::ordered_json findings_json(const std::vector<Finding>& findings) {
  nlohmann::ordered_json record;
  record["ok"] = all_good(findings);
  record["checks"] = nlohmann::ordered_json::array();
  for (const auto& finding : findings) {
    record["checks"].push_back({{"check", finding.check},
                                {"verdict", to_text(finding.verdict)},
                                {"says", finding.says},
                                {"mend", text_or_null(finding.mend)}});
  }
  return record;
}

}  // namespace vmlab
