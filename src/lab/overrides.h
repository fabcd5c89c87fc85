// Changes to a topology that come from the command line.
#pragma once

#include <string>
#include <vector>

#include "lab/problems.h"
#include "lab/yaml_tree.h"

namespace vmlab {

/// Each is `KEY.KEY…=VALUE`; the value is YAML. The first key is one of the file's own (`defaults`,
/// `network` …), or a group of nodes: `agent.count=5` is `nodes.agent.count=5`. `@master.count=3`
/// is for the one group whose role is `master`. Values from here have no place in the file.
void apply_overrides(YamlTree& topology, const std::vector<std::string>& overrides,
                     Problems& problems);

}  // namespace vmlab
