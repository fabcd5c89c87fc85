// The same work for several things at once.
#pragma once

#include <cstddef>
#include <functional>

namespace vmlab {

/// Calls `work(i)` for all i below `count`, from at most `at_once` threads, whatever happens to
/// one; then throws what the first that failed threw.
void for_all(std::size_t count, std::size_t at_once, const std::function<void(std::size_t)>& work);

/// How many nodes are asked at once: one that does not answer takes seconds of waiting.
inline constexpr std::size_t asked_at_once = 256;
/// How many domains libvirt is told something of at once.
inline constexpr std::size_t told_at_once = 8;

}  // namespace vmlab
