// Tells a guest that hangs in its boot from one that is slow: its console says nothing any more.
#pragma once

#include <chrono>
#include <cstdint>

#include "lab/gate.h"

namespace vmlab {

class BootWatch {
 public:
  /// `log_bytes` is the size of the console's log when the wait begins, `now` monotonic.
  BootWatch(const GuestBoot& boot, std::uint64_t log_bytes, std::chrono::milliseconds now);

  /// Looks again. Whether a console that can speak has been silent for too long.
  bool fell_silent(std::uint64_t log_bytes, std::chrono::milliseconds now);

  /// Bytes of the log that are of earlier boots.
  std::uint64_t boot_from() const { return from_; }

 private:
  GuestBoot boot_;
  std::uint64_t from_;
  std::uint64_t size_;
  std::chrono::milliseconds spoke_;
};

}  // namespace vmlab
