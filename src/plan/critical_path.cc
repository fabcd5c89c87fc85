#include "plan/critical_path.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace vmlab {

using std::chrono::milliseconds;

namespace {

/// Coordinators take that long from one step's end to the next one's start.
constexpr milliseconds slack{250};

class PathFinder {
 public:
  explicit PathFinder(const RunRecord& record) {
    for (const auto& step : record.steps) {
      if (step.ran()) ran_[step.id] = &step;
    }
  }

  std::vector<std::string> path() const {
    const RecordedStep* last = nullptr;
    for (const auto& [id, step] : ran_) later(last, step);
    std::vector<std::string> ids;
    std::set<const RecordedStep*> seen;  // a clock that stands still makes no circle
    for (const auto* step = last; step != nullptr && seen.insert(step).second;
         step = before(*step)) {
      ids.push_back(step->id);
    }
    std::ranges::reverse(ids);
    return ids;
  }

 private:
  static void later(const RecordedStep*& best, const RecordedStep* step) {
    const bool better = best == nullptr || step->ended() > best->ended() ||
                        (step->ended() == best->ended() && step->id > best->id);
    if (better) best = step;
  }

  /// The step at whose end `step`'s place is free again.
  const RecordedStep* place_end(const RecordedStep& step) const {
    const auto found = ran_.find(step.keeps_place_until);
    return found == ran_.end() ? &step : found->second;
  }

  const RecordedStep* before(const RecordedStep& step) const {
    const RecordedStep* needed = nullptr;
    for (const auto& id : step.after) {
      const auto found = ran_.find(id);
      if (found != ran_.end() && found->second->ended() <= step.started + slack) {
        later(needed, found->second);
      }
    }
    if (needed != nullptr && needed->ended() + slack >= step.started) return needed;
    // It waited for something else: a place in its pool, else the end of an earlier round.
    const RecordedStep* waited = nullptr;
    for (const auto& [id, other] : ran_) {
      if (step.pool.empty() || other->pool != step.pool) continue;
      const auto* freed = place_end(*other);
      if (freed != &step && freed->ended() <= step.started + slack) later(waited, freed);
    }
    if (waited != nullptr && waited->ended() + slack >= step.started) return waited;
    for (const auto& [id, other] : ran_) {
      if (other != &step && other->ended() <= step.started) later(waited, other);
    }
    return waited == nullptr ? needed : waited;
  }

  std::unordered_map<std::string, const RecordedStep*> ran_;
};

}  // namespace

std::vector<std::string> critical_path(const RunRecord& record) {
  return PathFinder(record).path();
}

}  // namespace vmlab
