// The history of a lab's runs: how long steps took. For reports, never truth.
#pragma once

#include <chrono>
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

}  // namespace vmlab
