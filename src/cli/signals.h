// Interrupts: the first one asks for a clean stop, the second one leaves at once.
#pragma once

#include <memory>
#include <stop_token>

namespace vmlab {

/// From now on SIGINT and SIGTERM request a stop of `source`; a second one ends the process with
/// 130 there and then. A reader that closes its pipe is an error of write(), no signal. Programs
/// that are started get the defaults back. One object per process.
class Signals {
 public:
  explicit Signals(std::stop_source source);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Watcher;
  std::unique_ptr<Watcher> watcher_;
};

}  // namespace vmlab
