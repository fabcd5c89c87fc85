#include "host/pause.h"

#include <condition_variable>
#include <mutex>

#include "base/error.h"

namespace vmlab {

void pause(std::chrono::milliseconds duration, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, duration, [] { return false; });
  if (stop.stop_requested()) throw Cancelled();
}

}  // namespace vmlab
