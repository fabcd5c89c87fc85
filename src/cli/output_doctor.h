// What `vmlab doctor` says.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "run/doctor.h"

namespace vmlab {

/// A line for each check, below it the command that mends it.
std::string render_findings(const std::vector<Finding>& findings, Style style);

/// {"ok","checks":[{"check","verdict","says","mend"}]}; verdict: good, warning, failed or skipped;
/// mend: null where there is nothing to mend.
nlohmann::ordered_json findings_json(const std::vector<Finding>& findings);

bool all_good(const std::vector<Finding>& findings);  // nothing failed; warnings may be

}  // namespace vmlab
