#include "run/boot_watch.h"

namespace vmlab {

BootWatch::BootWatch(const GuestBoot& boot, std::uint64_t log_bytes, std::chrono::milliseconds now)
    : boot_(boot), from_(boot.begins ? log_bytes : 0), size_(log_bytes), spoke_(now) {}

bool BootWatch::fell_silent(std::uint64_t log_bytes, std::chrono::milliseconds now) {
  if (log_bytes != size_) {
    // A log that shrinks was put aside as too large: the new one is of this boot alone.
    if (log_bytes < size_) from_ = 0;
    size_ = log_bytes;
    spoke_ = now;
  }
  const bool can_speak = boot_.speaks || log_bytes > 0;
  return can_speak && now - spoke_ >= boot_.silence;
}

}  // namespace vmlab
