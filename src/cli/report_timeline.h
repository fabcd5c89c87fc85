// When each step ran: a line for each node, on one axis of time.
#pragma once

#include <set>
#include <string>

#include "cli/page.h"
#include "cli/report.h"

namespace vmlab {

extern const std::string_view timeline_style;

/// `critical`: ids of the steps that are drawn as the run's critical path.
void add_timeline(pugi::xml_node parent, const Report& report,
                  const std::set<std::string>& critical);

/// Distance between the marks of an axis so long: a round time, few enough to be read.
std::chrono::milliseconds tick_of(std::chrono::milliseconds whole);

}  // namespace vmlab
