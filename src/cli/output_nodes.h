// How what was asked of nodes looks: endpoints, commands that ran on many.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/output_tables.h"
#include "cli/terminal.h"
#include "dcos/ports.h"

namespace vmlab {

struct EndpointState {
  Endpoint endpoint;
  bool up = false;
  int status = 0;       // HTTP; 0: nothing was reached
  std::string because;  // why it is not up
};

std::string render_endpoints(const std::vector<EndpointState>& states, Style style);
/// {"lab","endpoints":[{"name","node","url","up","status","error"}]}
nlohmann::ordered_json endpoints_json(const std::string& lab,
                                      const std::vector<EndpointState>& states);

struct ExecOutcome {
  std::string node;
  std::optional<int> exit_code;  // nullopt: the node could not be asked
  std::string error;
  std::chrono::milliseconds took{0};
  bool ok() const { return exit_code == 0; }
};

/// The table at the end, and how many nodes failed.
std::string render_exec(const std::vector<ExecOutcome>& outcomes, Style style);

}  // namespace vmlab
