#include "cli/output_checkpoints.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/text.h"
#include "base/units.h"
#include "cli/output_tables.h"

namespace vmlab {

std::string render_checkpoints(const std::vector<Checkpoint>& checkpoints, Style style) {
  if (checkpoints.empty()) return "no checkpoints\n";
  Table table({"NAME", "SAVED (UTC)", "PHASE", "NODES", "DISK", "NOTE"});
  for (const auto& checkpoint : checkpoints) {
    const auto saved = static_cast<std::time_t>(checkpoint.note.saved_ms / 1000);
    table.add({checkpoint.name, fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(saved)),
               checkpoint.note.phase, std::to_string(checkpoint.note.nodes.size()),
               format_bytes(checkpoint.bytes),
               checkpoint.whole() ? "" : "not whole: " + join(checkpoint.broken, "; ")});
  }
  return table.render(style);
}

nlohmann::ordered_json checkpoints_json(const std::string& lab,
                                        const std::vector<Checkpoint>& checkpoints) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& checkpoint : checkpoints) {
    list.push_back({{"name", checkpoint.name},
                    {"saved_ms", checkpoint.note.saved_ms},
                    {"phase", checkpoint.note.phase},
                    {"nodes", checkpoint.note.nodes},
                    {"bytes", checkpoint.bytes},
                    {"whole", checkpoint.whole()},
                    {"broken", checkpoint.broken}});
  }
  return {{"lab", lab}, {"checkpoints", std::move(list)}};
}

}  // namespace vmlab
