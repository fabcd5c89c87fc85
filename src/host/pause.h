// Waiting that a stop ends.
#pragma once

#include <chrono>
#include <stop_token>

namespace vmlab {

/// Throws Cancelled when stopped, at once.
void pause(std::chrono::milliseconds duration, const std::stop_token& stop);

}  // namespace vmlab
