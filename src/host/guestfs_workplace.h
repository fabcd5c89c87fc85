// A directory beside the file that is being made, so that it appears by rename, whole.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "host/posix_files.h"

namespace vmlab {

/// Removed with all that is in it when destroyed. What a killed process left behind is removed by
/// the next one that works in the same place.
class Workplace {
 public:
  /// `target` is the file to be made; its directory is made as needed.
  explicit Workplace(std::filesystem::path target);
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;
  ~Workplace();

  std::filesystem::path operator/(std::string_view name) const { return directory_ / name; }
  void write(std::string_view name, std::string_view text) const;  // mode 0600
  /// Moves a finished file to the target; `durable` writes it to the disk first.
  void deliver(std::string_view name, unsigned mode, bool durable) const;

 private:
  std::filesystem::path target_;
  std::filesystem::path directory_;
  FileDescriptor lock_;
};

}  // namespace vmlab
