// What was begun that leaves a lab of two times when it is cut off: written down before its first
// effect, removed after its last, so that the next `up` ends it first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/lab.h"

namespace vmlab {

struct Intent {
  std::string restore;             // name of a checkpoint; empty: a reset
  std::vector<std::string> reset;  // nodes
  /// Their disks are made anew, and they come to run in this way; automatic: as the lab has it.
  /// nullopt: back to their checkpoints, where these serve.
  std::optional<Boot> anew = {};
  bool operator==(const Intent&) const = default;
};

/// `restore NAME`, or `reset`, `reset-anew`, `reset-fork` or `reset-cold` and the nodes.
std::string to_text(const Intent& intent);
/// nullopt for anything that to_text does not write.
std::optional<Intent> parse_intent(std::string_view text);

}  // namespace vmlab
