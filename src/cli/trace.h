// What vmlab asks of libvirt, of disks, of nodes and by HTTP, one line a call: never what is in a
// script, a document or a file, which may be secret.
#pragma once

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "base/text.h"
#include "base/units.h"
#include "host/ports.h"

namespace vmlab {

/// Takes a line without its end; from any thread. Empty: nobody listens.
using Trace = std::function<void(const std::string& line)>;

/// Makes the call, then tells what it was, how long it took, and why it failed.
template <class Call>
auto traced(const Trace& trace, const std::string& what, Call call) -> decltype(call()) {
  if (!trace) return call();
  const auto began = std::chrono::steady_clock::now();
  const auto took = [&began] {
    const auto passed = std::chrono::steady_clock::now() - began;
    return std::chrono::duration_cast<std::chrono::milliseconds>(passed).count();
  };
  try {
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
      trace(fmt::format("{}: {} ms", what, took()));
    } else {
      auto answer = call();
      trace(fmt::format("{}: {} ms", what, took()));
      return answer;
    }
  } catch (const std::exception& error) {
    const std::string cause = error.what();
    trace(fmt::format("{}: {} ms, {}", what, took(), cause.substr(0, cause.find('\n'))));
    throw;
  }
}

/// Guests that tell what is asked of them.
std::unique_ptr<Guests> traced_guests(std::unique_ptr<Guests> guests, Trace trace);

/// A system that tells what it asks for by HTTP: method, URL, time, status or why there is none.
std::unique_ptr<System> traced_system(std::unique_ptr<System> system, Trace trace);

/// Without what may be secret in it: the user's part, and all after `?`.
std::string shown_url(const std::string& url);

}  // namespace vmlab
