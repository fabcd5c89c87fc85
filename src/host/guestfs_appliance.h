// libguestfs: its handle, its small virtual machine (the appliance), and what its failures are
// called.
#pragma once

#include <guestfs.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "host/handle.h"
#include "host/ports.h"
#include "host/proxies.h"

namespace vmlab {

/// A handle that starts nothing: enough for guestfs_disk_create.
Handle<guestfs_h, guestfs_close> open_guestfs();

/// NULL-terminated list of strings that libguestfs allocated.
struct FreeStrings {
  void operator()(char** list) const noexcept;
};
using Strings = std::unique_ptr<char*, FreeStrings>;
std::vector<std::string> to_vector(const Strings& list);

/// One appliance with one disk. Used by one thread; a stop ends its QEMU, by which the call under
/// way fails, and Cancelled is thrown.
class Appliance {
 public:
  /// Enough for a package manager and for grub.
  static constexpr int install_memory_mib = 1536;

  struct Options {
    bool accelerated = false;
    bool network = false;  // for package installation
    int memory_mib = 1024;
  };

  Appliance(const std::filesystem::path& disk, const std::string& format, const Options& options,
            Progress progress, std::stop_token stop);
  Appliance(const Appliance&) = delete;
  Appliance& operator=(const Appliance&) = delete;
  ~Appliance();

  guestfs_h* get() const noexcept { return guestfs_.get(); }
  /// Throws when `result` is -1. `what` reads after "cannot": `make a file system`.
  void check(int result, const std::string& what) const;
  /// The same for calls that answer nullptr.
  template <class T>
  T* check(T* result, const std::string& what) const {
    if (result == nullptr) fail(what);
    return result;
  }

  /// Runs `words` in the guest's own root file system and answers its output. `proxies` are in its
  /// environment, and no message tells their passwords.
  std::string command(const std::vector<std::string>& words, const Variables& proxies = {}) const;
  bool exists(const std::string& path) const;
  void write(const std::string& path, const std::string& text, int mode = 0644) const;

  /// Tells what is done from now on.
  void report(const std::string& text);
  /// Unmounts and ends the appliance; only then are all blocks in the file.
  void finish();

 private:
  [[noreturn]] void fail(const std::string& what, const Variables& proxies = {}) const;
  void configure(const std::filesystem::path& disk, const std::string& format,
                 const Options& options);
  static void on_event(guestfs_h* handle, void* self, std::uint64_t event, int event_handle,
                       int flags, const char* buffer, std::size_t buffer_size,
                       const std::uint64_t* array, std::size_t array_size);

  Handle<guestfs_h, guestfs_close> guestfs_;
  Progress progress_;
  std::string text_;
  std::stop_token stop_;
  std::atomic<int> qemu_{0};
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

}  // namespace vmlab
