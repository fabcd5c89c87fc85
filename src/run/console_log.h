// What a node's serial console has said: the log that libvirt keeps of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "host/ports.h"

namespace vmlab {

class ConsoleLog {
 public:
  ConsoleLog(std::filesystem::path path, System& system)
      : path_(std::move(path)), system_(&system) {}

  /// Of all boots since the node was made. 0 when there is no log, or nobody lets it be seen.
  std::uint64_t size_bytes() const;
  /// What was said after the first `bytes`. nullopt: it cannot be read.
  std::optional<std::string> since(std::uint64_t bytes) const;

 private:
  std::filesystem::path path_;
  System* system_;
};

/// Part of a sentence about a console: `ends with '[   12.3] …'`, or `is silent`. One line of
/// readable text, whatever a guest may have said.
std::string last_words(std::string_view said);

/// A guest that asks who logs in has booted.
bool asks_for_login(std::string_view said);

}  // namespace vmlab
