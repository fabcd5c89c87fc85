// The history of a lab's runs: how long steps took. For forecasts and reports, never truth.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

struct HistoryEntry {
  std::chrono::system_clock::time_point started;  // to the millisecond
  std::chrono::milliseconds took{0};
  std::string id;      // of the step
  std::string result;  // `done` or `failed`
  bool operator==(const HistoryEntry&) const = default;
};

/// One line with its line end: `<start ms since 1970> TAB <ms> TAB <id> TAB <result>`.
std::string format_entry(const HistoryEntry& entry);

/// Torn and unknown lines are passed over: a power cut must not cost the rest.
std::vector<HistoryEntry> parse_history(std::string_view text);

/// Median duration of a step's successful runs; nodes of one group forecast each other, so the key
/// is the id without what follows its last slash.
std::map<std::string, std::chrono::milliseconds> forecasts(
    const std::vector<HistoryEntry>& entries);

}  // namespace vmlab
