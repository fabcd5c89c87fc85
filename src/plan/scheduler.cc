#include "plan/scheduler.h"

#include <algorithm>
#include <functional>
#include <tuple>

namespace vmlab {

Scheduler::Scheduler(const Plan& plan, PoolLimits limits)
    : plan_(plan),
      limits_(std::move(limits)),
      dependants_(plan.steps.size()),
      missing_(plan.steps.size(), 0),
      states_(plan.steps.size(), State::waiting),
      left_(plan.steps.size()) {
  for (std::size_t i = 0; i < plan.steps.size(); ++i) index_.emplace(plan.steps[i].id, i);
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    for (const auto& id : plan.steps[i].after) {
      const auto found = index_.find(id);
      if (found == index_.end()) continue;
      dependants_[found->second].push_back(i);
      ++missing_[i];
    }
  }
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    if (missing_[i] == 0) release(i);
  }
}

void Scheduler::release(std::size_t step) {
  states_[step] = State::ready;
  auto& heap = ready_[plan_.steps[step].pool];
  heap.push_back(step);
  std::ranges::push_heap(heap, std::greater<>{});
}

std::optional<std::size_t> Scheduler::next() {
  std::optional<std::size_t> best;
  Pool from = Pool::none;
  for (const auto& [pool, heap] : ready_) {
    if (heap.empty()) continue;
    const auto limit = limits_.find(pool);
    if (limit != limits_.end() && used_[pool] >= limit->second) continue;
    if (!best || heap.front() < *best) {
      best = heap.front();
      from = pool;
    }
  }
  if (!best) return std::nullopt;
  auto& heap = ready_[from];
  std::ranges::pop_heap(heap, std::greater<>{});
  heap.pop_back();
  states_[*best] = State::running;
  ++used_[from];
  ++running_;
  return best;
}

void Scheduler::end(std::size_t step) {
  const bool ran = states_[step] == State::running;
  states_[step] = State::ended;
  --left_;
  if (ran) {
    --running_;
    free_place(step);
  }
  if (const auto kept = kept_.find(step); kept != kept_.end()) {
    for (const auto pool : kept->second) --used_[pool];
    kept_.erase(kept);
  }
}

void Scheduler::free_place(std::size_t step) {
  const auto& [pool, until] = std::tie(plan_.steps[step].pool, plan_.steps[step].keeps_place_until);
  const auto last = index_.find(until);
  if (last == index_.end() || states_[last->second] == State::ended) {
    --used_[pool];
  } else {
    kept_[last->second].push_back(pool);
  }
}

void Scheduler::done(std::size_t step) {
  end(step);
  for (const auto dependant : dependants_[step]) {
    if (--missing_[dependant] == 0 && states_[dependant] == State::waiting) release(dependant);
  }
}

std::vector<std::size_t> Scheduler::failed(std::size_t step) {
  end(step);
  std::vector<std::size_t> skipped;
  std::vector<std::size_t> open = {step};
  while (!open.empty()) {
    const auto current = open.back();
    open.pop_back();
    for (const auto dependant : dependants_[current]) {
      if (states_[dependant] != State::waiting) continue;
      end(dependant);
      skipped.push_back(dependant);
      open.push_back(dependant);
    }
  }
  std::ranges::sort(skipped);
  return skipped;
}

}  // namespace vmlab
