#include "plan/forecast.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <queue>

#include "base/units.h"

namespace vmlab {

using std::chrono::milliseconds;

namespace {

constexpr std::uint64_t mib = 1048576;

/// Memory of the templates that a plan makes.
struct Making {
  std::uint64_t all_mib = 0;
  std::uint64_t beside_mib = 0;  // what they take beyond the nodes that start when they are done
};

Making making_of(const Plan& plan, const std::map<std::string, std::uint64_t>& starting) {
  Making making;
  for (const auto& step : plan.steps) {
    const auto* made = std::get_if<MakeTemplate>(&step.step);
    if (made == nullptr || made->there) continue;
    std::uint64_t waiting_mib = 0;
    for (const auto& other : plan.steps) {
      const auto* fork = std::get_if<ForkDomain>(&other.step);
      if (fork == nullptr || fork->from != made->name) continue;
      if (const auto node = starting.find(fork->node); node != starting.end()) {
        waiting_mib += node->second;
      }
    }
    const std::uint64_t own_mib = made->note.memory_mib;
    making.all_mib += own_mib;
    making.beside_mib += own_mib - std::min(own_mib, waiting_mib);
  }
  return making;
}

}  // namespace

Forecast forecast(const Lab& lab, const Plan& plan, const PoolLimits& limits,
                  const Durations& durations) {
  Forecast result;
  using Ending = std::pair<milliseconds, std::size_t>;
  std::priority_queue<Ending, std::vector<Ending>, std::greater<>> running;
  Scheduler scheduler(plan, limits);
  while (true) {
    while (const auto index = scheduler.next()) {
      const auto& step = plan.steps[*index];
      const auto expected = durations.typical(duration_key(lab, step));
      ++(expected ? result.known : result.unknown);
      if (expected) result.steps[step.id] = *expected;
      running.emplace(result.takes + expected.value_or(milliseconds(0)), *index);
    }
    if (running.empty()) return result;
    const auto [when, index] = running.top();
    running.pop();
    result.takes = when;
    scheduler.done(index);
  }
}

Resources resources_of(const Lab& lab, const Observed& observed, const Plan& plan) {
  Resources result;
  std::map<std::string, std::uint64_t> starting;  // node -> its memory
  for (const auto& node : lab.nodes) {
    ++result.nodes;
    result.cpus_needed += node.cpus;
    result.memory_needed_mib += node.memory_mib;
    std::uint64_t disk_bytes = node.disk_mib * mib;
    for (const auto& disk : node.disks) disk_bytes += disk.size_mib * mib;
    const auto seen = observed.nodes.find(node.name);
    const bool known = seen != observed.nodes.end();
    const bool runs = known && seen->second.domain &&
                      (seen->second.domain->state == DomainState::running ||
                       seen->second.domain->state == DomainState::paused);
    if (!runs) {
      ++result.starting;
      result.memory_starting_mib += node.memory_mib;
      starting[node.name] = node.memory_mib;
    }
    if (known) {
      // What is written already is no longer free.
      for (const auto& [name, disk] : seen->second.disks) {
        disk_bytes -= std::min(disk_bytes, disk.allocated_bytes);
      }
    }
    result.disk_full_bytes += disk_bytes;
  }
  const auto making = making_of(plan, starting);
  result.memory_templates_mib = making.all_mib;
  result.memory_needed_mib += making.beside_mib;
  result.memory_starting_mib += making.beside_mib;
  return result;
}

std::vector<std::string> overcommitted(const Resources& r) {
  std::vector<std::string> sentences;
  const auto* and_templates = r.memory_templates_mib > 0 ? " and templates" : "";
  if (r.memory_needed_mib > r.memory_there_mib) {
    sentences.push_back(fmt::format(
        "memory is over-committed: the nodes{} may use {}, and the host has {}; when they "
        "use it, the host swaps or ends one of them",
        and_templates, format_bytes(r.memory_needed_mib * mib),
        format_bytes(r.memory_there_mib * mib)));
  } else if (r.memory_starting_mib > r.memory_free_mib) {
    sentences.push_back(fmt::format(
        "memory is over-committed: the nodes to start{} may use {}, and {} of the host's {} is "
        "free",
        and_templates, format_bytes(r.memory_starting_mib * mib),
        format_bytes(r.memory_free_mib * mib), format_bytes(r.memory_there_mib * mib)));
  }
  if (r.cpus_needed > r.cpus_there) {
    const auto on_each = static_cast<double>(r.cpus_needed) /
                         static_cast<double>(std::max<std::uint64_t>(1, r.cpus_there));
    sentences.push_back(
        fmt::format("cores are over-committed: {} virtual cpus share {} core{}, {:.1f} on each",
                    r.cpus_needed, r.cpus_there, r.cpus_there == 1 ? "" : "s", on_each));
  }
  if (r.disk_soon_bytes > r.disk_free_bytes) {
    sentences.push_back(
        fmt::format("the disk is too small: at least {} is written soon, and {} is "
                    "free",
                    format_bytes(r.disk_soon_bytes), format_bytes(r.disk_free_bytes)));
  } else if (r.disk_full_bytes > r.disk_free_bytes) {
    sentences.push_back(
        fmt::format("the disk is over-committed: the nodes' disks may grow by {}, and {} is free",
                    format_bytes(r.disk_full_bytes), format_bytes(r.disk_free_bytes)));
  }
  return sentences;
}

}  // namespace vmlab
