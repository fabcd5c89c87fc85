// What a plan comes to before it is applied: how long, and how much of the host.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/durations.h"
#include "plan/plan.h"
#include "plan/scheduler.h"

namespace vmlab {

struct Forecast {
  std::chrono::milliseconds takes{0};  // of the steps whose duration is known, as they overlap
  std::size_t known = 0;               // steps of a kind that ran on this host before
  std::size_t unknown = 0;
  std::map<std::string, std::chrono::milliseconds> steps;  // id -> expected duration
};

/// Lets the plan run step by step as the scheduler would. A step of a kind that never ran here
/// takes no time, and is counted.
Forecast forecast(const Lab& lab, const Plan& plan, const PoolLimits& limits,
                  const Durations& durations);

/// What the lab's nodes may use at most, against what there is.
struct Resources {
  std::size_t nodes = 0;
  std::size_t starting = 0;  // nodes that do not run yet
  std::uint64_t cpus_needed = 0;
  std::uint64_t cpus_there = 0;
  // At most at one time: of all nodes, once they have touched all of it, or, while a template is
  // made, of this one in the place of the nodes that wait for it.
  std::uint64_t memory_needed_mib = 0;
  std::uint64_t memory_starting_mib = 0;   // so, without the nodes that run already
  std::uint64_t memory_templates_mib = 0;  // of templates, while they are made
  std::uint64_t memory_there_mib = 0;
  std::uint64_t memory_free_mib = 0;
  std::uint64_t disk_soon_bytes = 0;  // what the plan writes before nodes fill their disks
  std::uint64_t disk_full_bytes = 0;  // what disks may grow by until they are full
  std::uint64_t disk_free_bytes = 0;
};

/// What the lab wants, and `plan` on the way there; what there is stays 0, and so does what the
/// plan writes.
Resources resources_of(const Lab& lab, const Observed& observed, const Plan& plan);

/// A sentence for each thing that there is less of than the lab may use; empty when it fits.
std::vector<std::string> overcommitted(const Resources& resources);

}  // namespace vmlab
