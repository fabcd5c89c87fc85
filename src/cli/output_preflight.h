// Preflight over the nodes of a run: which passed, which checks failed where.
#pragma once

#include <set>
#include <string>

#include "cli/run_model.h"

namespace vmlab {

struct PreflightReport {
  std::string text;           // empty: no preflight failed
  std::set<std::string> ids;  // of the failed steps that it speaks for
};

/// Of the steps `…/preflight/<node>` that have ended, in this run or before.
PreflightReport report_preflights(const RunModel& model);

}  // namespace vmlab
