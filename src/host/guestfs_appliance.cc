#include "host/guestfs_appliance.h"

#include <fmt/format.h>

#include <csignal>

#include "base/text.h"
#include "host/guestfs_process.h"

namespace vmlab {

namespace {

constexpr int accelerated_cpus = 2;
// Two emulated ones were seen to wait for each other in the kernel's boot, for ever: in one launch
// of hundreds.
constexpr int emulated_cpus = 1;
// Translated code is found by its virtual address: each process's libraries are at the same one.
constexpr const char* emulated_kernel = "norandmaps";
constexpr const char* launching = "start libguestfs's appliance";

}  // namespace

Handle<guestfs_h, guestfs_close> open_guestfs() {
  Handle<guestfs_h, guestfs_close> handle(guestfs_create_flags(0));
  if (!handle) throw Error("cannot use libguestfs: no memory for its handle");
  guestfs_set_error_handler(handle.get(), nullptr, nullptr);
  return handle;
}

void FreeStrings::operator()(char** list) const noexcept {
  for (char** item = list; *item != nullptr; ++item) std::free(*item);
  std::free(static_cast<void*>(list));
}

std::vector<std::string> to_vector(const Strings& list) {
  std::vector<std::string> result;
  for (char** item = list.get(); *item != nullptr; ++item) result.emplace_back(*item);
  return result;
}

Appliance::Appliance(const std::filesystem::path& disk, const std::string& format,
                     const Options& options, Progress progress, std::stop_token stop)
    : guestfs_(open_guestfs()), progress_(std::move(progress)), stop_(std::move(stop)) {
  report("starting the appliance");
  configure(disk, format, options);
  on_stop_.emplace(stop_, [this] {
    if (const int pid = qemu_) kill(pid, SIGKILL);
  });
  check(guestfs_launch(get()), launching);
  qemu_ = guestfs_get_pid(get());
  if (stop_.stop_requested()) throw Cancelled();
}

Appliance::~Appliance() {
  on_stop_.reset();
  qemu_ = 0;
}

void Appliance::configure(const std::filesystem::path& disk, const std::string& format,
                          const Options& options) {
  auto* g = get();
  check(guestfs_set_backend(g, "direct"), launching);
  if (options.accelerated) {
    check(guestfs_clear_backend_setting(g, "force_tcg"), launching);
  } else {
    check(guestfs_set_backend_setting(g, "force_tcg", "1"), launching);
    check(guestfs_set_append(g, emulated_kernel), launching);
  }
  check(guestfs_set_memsize(g, options.memory_mib), launching);
  check(guestfs_set_smp(g, options.accelerated ? accelerated_cpus : emulated_cpus), launching);
  check(guestfs_set_network(g, options.network ? 1 : 0), launching);
  guestfs_set_event_callback(g, on_event, GUESTFS_EVENT_PROGRESS | GUESTFS_EVENT_APPLIANCE, 0,
                             this);
  // The file appears by rename once the appliance has ended: no write need reach the disk before.
  check(guestfs_add_drive_opts(g, disk.c_str(), GUESTFS_ADD_DRIVE_OPTS_FORMAT, format.c_str(),
                               GUESTFS_ADD_DRIVE_OPTS_CACHEMODE, "unsafe",
                               GUESTFS_ADD_DRIVE_OPTS_DISCARD, "besteffort", -1),
        fmt::format("open disk '{}'", disk.string()));
}

void Appliance::on_event(guestfs_h* handle, void* self, std::uint64_t event, int, int, const char*,
                         std::size_t, const std::uint64_t* array, std::size_t array_size) {
  auto& appliance = *static_cast<Appliance*>(self);
  if (event == GUESTFS_EVENT_PROGRESS && array_size >= 4) {
    if (appliance.progress_) appliance.progress_(appliance.text_, array[2], array[3]);
    return;
  }
  // The console speaks while the appliance boots: the first moment at which its QEMU is known.
  if (appliance.qemu_ == 0) {
    const int pid = guestfs_get_pid(handle);
    if (pid > 0) appliance.qemu_ = pid;
    if (pid > 0 && appliance.stop_.stop_requested()) kill(pid, SIGKILL);
  }
}

void Appliance::fail(const std::string& what, const Variables& proxies) const {
  if (stop_.stop_requested()) throw Cancelled();
  const char* cause = guestfs_last_error(get());
  const auto said = without_passwords(
      std::string(cause == nullptr ? "libguestfs gives no reason" : trim(cause)), proxies);
  throw Error(fmt::format("cannot {}: {}", what, said), disk_hint(said));
}

void Appliance::check(int result, const std::string& what) const {
  if (result == -1) fail(what);
}

std::string Appliance::command(const std::vector<std::string>& words,
                               const Variables& proxies) const {
  const auto all = with_variables(proxies, words);
  std::vector<char*> arguments;
  arguments.reserve(all.size() + 1);
  for (const auto& word : all) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  // LIBGUESTFS_TRACE would have it print all of them.
  const int traced = guestfs_get_trace(get());
  if (!proxies.empty()) guestfs_set_trace(get(), 0);
  const CString out(guestfs_command(get(), arguments.data()));
  if (!out) fail(fmt::format("run '{}' in the image", join(words, " ")), proxies);
  if (!proxies.empty()) guestfs_set_trace(get(), traced);
  return out.get();
}

bool Appliance::exists(const std::string& path) const {
  const int found = guestfs_exists(get(), path.c_str());
  check(found, fmt::format("look for '{}'", path));
  return found == 1;
}

void Appliance::write(const std::string& path, const std::string& text, int mode) const {
  const std::string what = fmt::format("write '{}' into the image", path);
  const std::string parent = std::filesystem::path(path).parent_path().string();
  check(guestfs_mkdir_p(get(), parent.c_str()), what);
  check(guestfs_write(get(), path.c_str(), text.data(), text.size()), what);
  check(guestfs_chmod(get(), mode, path.c_str()), what);
}

void Appliance::report(const std::string& text) {
  text_ = text;
  if (progress_) progress_(text_, 0, 0);
}

void Appliance::finish() {
  report("writing the disk");
  check(guestfs_umount_all(get()), "unmount the image");
  check(guestfs_shutdown(get()), "end libguestfs's appliance");
  qemu_ = 0;
}

}  // namespace vmlab
