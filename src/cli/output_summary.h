// What a run came to: what failed and why, what was not started because of it, what to do next.
#pragma once

#include <string>

#include "cli/run_model.h"
#include "cli/terminal.h"
#include "run/reporter.h"

namespace vmlab {

struct SummaryContext {
  std::string verb;      // `up`, `down`, `image build`
  std::string lab;       // name; empty: of no lab
  std::string target;    // as the user would give it to the verb again: file, name, images
  std::string evidence;  // directory; named when a failed step left something
  std::size_t nodes = 0;
  std::string first_node;  // for `vmlab ssh`; empty: none to suggest
  bool dcos = false;       // endpoints exist
};

/// Failed steps with the same cause are told once, failed preflights as one report over all nodes.
std::string render_summary(const RunSummary& summary, const RunModel& model,
                           const SummaryContext& context, Style style);

}  // namespace vmlab
