#include "cli/output_nodes.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace vmlab {

using nlohmann::ordered_json;

std::string render_endpoints(const std::vector<EndpointState>& states, Style style) {
  Table table({"NODE", "ENDPOINT", "URL", "STATE"});
  for (const auto& state : states) {
    std::string said = state.because;
    if (state.up) said = state.status >= 400 ? "up, wants a login" : "up";
    table.add({state.endpoint.node, state.endpoint.name, state.endpoint.url, said});
  }
  return table.render(style);
}

ordered_json endpoints_json(const std::string& lab, const std::vector<EndpointState>& states) {
  ordered_json record;
  record["lab"] = lab;
  record["endpoints"] = ordered_json::array();
  for (const auto& state : states) {
    ordered_json entry;
    entry["name"] = state.endpoint.name;
    entry["node"] = text_or_null(state.endpoint.node);
    entry["url"] = state.endpoint.url;
    entry["up"] = state.up;
    entry["status"] = state.status > 0 ? ordered_json(state.status) : ordered_json(nullptr);
    entry["error"] = text_or_null(state.because);
    record["endpoints"].push_back(std::move(entry));
  }
  return record;
}

std::string render_exec(const std::vector<ExecOutcome>& outcomes, Style style) {
  Table table({"NODE", "RESULT", "TIME"});
  for (const auto& outcome : outcomes) {
    std::string result = outcome.error.empty() ? "not asked" : outcome.error;
    if (outcome.exit_code) {
      result = *outcome.exit_code == 0 ? "done" : fmt::format("exit {}", *outcome.exit_code);
    }
    table.add({outcome.node, result, format_duration(outcome.took)});
  }
  const auto failed = std::ranges::count_if(outcomes, [](const auto& o) { return !o.ok(); });
  auto text = table.render(style);
  if (failed > 0) {
    text += style.red(fmt::format("failed on {} of {}", failed, counted(outcomes.size(), "node"))) +
            "\n";
  }
  return text;
}

}  // namespace vmlab
