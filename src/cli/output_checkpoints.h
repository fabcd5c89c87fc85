// Checkpoints for people and programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "plan/checkpoint.h"

namespace vmlab {

std::string render_checkpoints(const std::vector<Checkpoint>& checkpoints, Style style);
/// {"lab","checkpoints":[{"name","saved_ms","phase","nodes":[…],"bytes","whole","broken":[…]}]}
nlohmann::ordered_json checkpoints_json(const std::string& lab,
                                        const std::vector<Checkpoint>& checkpoints);

}  // namespace vmlab
