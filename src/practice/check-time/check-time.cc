// check-time [--hold]: 0 when the kernel says that its clock is synchronised, or when
// ENABLE_CHECK_TIME=false. With --hold it then stays until it is told to end.
#include <sys/timex.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr long kMaxError_us = 100'000;

int check() {
  const char* enabled = std::getenv("ENABLE_CHECK_TIME");
  if (enabled != nullptr && std::strcmp(enabled, "false") == 0) {
    std::puts("time checking is disabled");
    return 0;
  }
  if (enabled == nullptr || std::strcmp(enabled, "true") != 0) {
    std::puts("ENABLE_CHECK_TIME must be true or false");
    return 1;
  }
  timex state{};
  const int clock = adjtimex(&state);
  if (clock == -1) {
    std::perror("adjtimex");
    return 1;
  }
  if (clock == TIME_ERROR) {
    std::puts("Clock is out of sync / in unsync state. Must be synchronized for proper operation.");
    return 1;
  }
  if (state.esterror > kMaxError_us) {
    std::puts("Clock is less stable than allowed. Max estimated error exceeded.");
    return 1;
  }
  if ((state.status & STA_UNSYNC) != 0) {
    std::puts("Clock is out of sync / in unsync state. Must be synchronized for proper operation.");
    return 1;
  }
  std::puts("Time is in sync!");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const int result = check();
  std::fflush(stdout);
  if (result == 0 && argc > 1 && std::strcmp(argv[1], "--hold") == 0) {
    pause();
  }
  return result;
}
