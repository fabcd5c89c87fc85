#include "run/for_all.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

namespace vmlab {

void for_all(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work) {
  std::vector<std::exception_ptr> failures(count);
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (auto mine = next++; mine < count; mine = next++) {
      try {
        work(mine);
      } catch (...) {
        failures[mine] = std::current_exception();
      }
    }
  };
  {
    std::vector<std::jthread> helpers;
    try {
      for (std::size_t i = 1; i < std::min(count, at_once); ++i) helpers.emplace_back(take);
    } catch (const std::system_error&) {
      // The host gives no more threads: those that there are do it all.
    }
    take();
  }
  for (const auto& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace vmlab
