// The same work for several things at once.
#pragma once

#include <cstddef>
#include <functional>

namespace vmlab {

/// Calls `work(i)` for all i below `count`, from several threads, whatever happens to one; then
/// throws what the first that failed threw.
void for_all(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace vmlab
