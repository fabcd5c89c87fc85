// How long steps took on this host, whatever lab they were of: it outlives the labs. For forecasts,
// never truth.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.h"

namespace vmlab {

/// What steps have in common that take alike: accelerator, image, role and kind of step, without
/// the node's name.
std::string duration_key(const Lab& lab, const PlannedStep& step);

class Durations {
 public:
  void add(const std::string& key, std::chrono::milliseconds took);  // the oldest is forgotten
  /// Median of the last ones; nullopt when no such step ran here.
  std::optional<std::chrono::milliseconds> typical(const std::string& key) const;
  bool empty() const { return last_.empty(); }

  /// `<key> TAB <ms> <ms> …` a line. Other lines are passed over.
  std::string text() const;
  static Durations parse(std::string_view text);

 private:
  std::map<std::string, std::vector<std::chrono::milliseconds>> last_;  // the oldest first
};

}  // namespace vmlab
