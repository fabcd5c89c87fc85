// `vmlab plan`: each step with its reason, what it needs of the host, and how long it takes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "cli/terminal.h"
#include "run/outlook.h"

namespace vmlab {

std::string render_outlook(const std::string& lab, const Outlook& outlook, Style style);

/// {"lab","steps":[{"id","node","title","why","hash","after":[…],"expected_ms"}],"notes":[…],
/// "unknown":[…],"must_wipe":[…],"resources":{"nodes","to_start","cpus":{"needed","there"},
/// "memory_mib":{"needed","to_start","templates","there","free"},
/// "disk_bytes":{"soon","when_full","free"},
/// "overcommitted":[…]},"forecast":{"ms","steps_known","steps_unknown"}}; `unknown` names nodes
/// that do not answer yet, so that there may be more to do inside them. Times are null for steps of
/// a kind that never ran on this host.
nlohmann::ordered_json outlook_json(const std::string& lab, const Outlook& outlook);

}  // namespace vmlab
