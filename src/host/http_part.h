// What has come of a download so far: `<file>.part`.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string_view>

#include "host/posix_files.h"

namespace vmlab {

/// Held by flock while it lives, so that two processes never write to one. Gone afterwards if
/// nothing has come.
class PartFile {
 public:
  /// Waits for whoever holds it, telling so, as long as that brings more bytes.
  PartFile(std::filesystem::path target, const Progress& progress, const std::stop_token& stop);
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;
  ~PartFile();

  const std::filesystem::path& path() const noexcept { return path_; }
  std::uint64_t size() const;
  void append(std::string_view data) const { write_all(file_.get(), data, path_); }
  void clear() const;
  /// Moves it to the target, durably; it is not held any more.
  void become_target();

 private:
  void await_turn(const Progress& progress, const std::stop_token& stop) const;

  std::filesystem::path target_;
  std::filesystem::path path_;
  FileDescriptor file_;
};

}  // namespace vmlab
