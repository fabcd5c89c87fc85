// Which step may run next. Pure: no threads, no clock.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "plan/plan.h"

namespace vmlab {

/// Places per pool; a pool that is not named has no limit.
using PoolLimits = std::map<Pool, std::size_t>;

class Scheduler {
 public:
  Scheduler(const Plan& plan, PoolLimits limits);

  /// Index of a step that may start now, marked as running; nothing when none may.
  std::optional<std::size_t> next();
  void done(std::size_t step);
  /// Marks a step as failed. Returns the steps that can never run because of it, in plan order.
  std::vector<std::size_t> failed(std::size_t step);
  bool finished() const { return left_ == 0; }  // nothing runs and nothing can start any more
  std::size_t running() const { return running_; }

 private:
  enum class State { waiting, ready, running, ended };

  void release(std::size_t step);
  void end(std::size_t step);
  void free_place(std::size_t step);

  const Plan& plan_;
  PoolLimits limits_;
  std::map<Pool, std::size_t> used_;
  std::vector<std::vector<std::size_t>> dependants_;
  std::vector<std::size_t> missing_;  // dependencies not done yet
  std::vector<State> states_;
  std::unordered_map<std::string, std::size_t> index_;
  std::map<std::size_t, std::vector<Pool>> kept_;   // until this step ends
  std::map<Pool, std::vector<std::size_t>> ready_;  // heaps by plan order, smallest first
  std::size_t left_ = 0;
  std::size_t running_ = 0;
};

}  // namespace vmlab
