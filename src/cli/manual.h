// The manual's pages, made from what the program itself goes by.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/command_tree.h"

namespace vmlab {

/// vmlab(1), from the description that the command line is read with.
std::string commands_page(const CommandView& program, const std::string& version);

/// vmlab-topology(5), from topologies/schema.json; `example`: text of a topology file.
std::string topology_page(const nlohmann::ordered_json& schema, const std::string& example,
                          const std::string& version);

/// `vmlab up [FILE]`: a command and what it takes, options left out.
std::string synopsis(const CommandView& command);

}  // namespace vmlab
