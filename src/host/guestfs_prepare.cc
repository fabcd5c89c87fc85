#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "host/guestfs_appliance.h"
#include "host/guestfs_image.h"

namespace vmlab {

namespace {

constexpr int memory_mib = 1536;
// Debian's package scripts must not start services in the appliance.
constexpr const char* policy = "/usr/sbin/policy-rc.d";

const char* package_format(Family family) { return family == Family::rhel ? "rpm" : "deb"; }

/// Finds the system on the disk and mounts all of its file systems.
void mount_system(const Appliance& appliance, const Image& image) {
  auto* g = appliance.get();
  const std::string what = fmt::format("find the system of image '{}'", image.name);
  const auto roots = to_vector(Strings(appliance.check(guestfs_inspect_os(g), what)));
  if (roots.size() != 1) {
    throw Error(fmt::format("cannot {}: {} systems are on the disk", what, roots.size()));
  }
  const auto& root = roots.front();
  const CString format(
      appliance.check(guestfs_inspect_get_package_format(g, root.c_str()), what));
  if (std::string(format.get()) != package_format(image.family)) {
    const CString distro(appliance.check(guestfs_inspect_get_distro(g, root.c_str()), what));
    throw Error(fmt::format("cannot prepare image '{}': it is said to be of the {} family, but {} "
                            "is on the disk",
                            image.name, to_text(image.family), distro.get()),
                "mend 'family' in its catalogue file");
  }
  const auto list =
      to_vector(Strings(appliance.check(guestfs_inspect_get_mountpoints(g, root.c_str()), what)));
  std::vector<std::pair<std::string, std::string>> mounts;
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) mounts.emplace_back(list[i], list[i + 1]);
  std::ranges::sort(mounts, {}, [](const auto& mount) { return mount.first.size(); });
  for (const auto& [point, device] : mounts) {
    appliance.check(guestfs_mount_options(g, "discard", device.c_str(), point.c_str()),
                    fmt::format("mount '{}' of the image", point));
  }
}

void install_packages(Appliance& appliance, const Image& image) {
  if (image.packages.empty()) return;
  appliance.report("installing packages");
  if (image.family == Family::rhel) {
    const bool dnf = appliance.exists("/usr/bin/dnf");
    std::vector<std::string> words = {dnf ? "dnf" : "yum", "-y", "install"};
    words.insert(words.end(), image.packages.begin(), image.packages.end());
    appliance.command(words);
    appliance.command({words[0], "clean", "all"});
    return;
  }
  appliance.write(policy, "#!/bin/sh\nexit 101\n", 0755);
  appliance.command({"apt-get", "-q", "update"});
  std::vector<std::string> words = {"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qy",
                                    "--no-install-recommends", "install"};
  words.insert(words.end(), image.packages.begin(), image.packages.end());
  appliance.command(words);
  appliance.command({"apt-get", "clean"});
  appliance.check(guestfs_rm_f(appliance.get(), policy), "end package installation");
}

/// What cloud-init could do only too late: with firewalld enabled, systemd breaks an ordering cycle
/// by dropping a job, which may be cloud-init's own.
void disarm(const Appliance& appliance) {
  auto* g = appliance.get();
  appliance.check(
      guestfs_ln_sf(g, "/dev/null", "/etc/systemd/system/firewalld.service"), "mask firewalld");
  const char* config = "/etc/selinux/config";
  if (!appliance.exists(config)) return;
  appliance.command({"sed", "-i", "s/^SELINUX=.*/SELINUX=permissive/", config});
}

std::string grub_defaults(const Image& image) {
  std::string text =
      "GRUB_TIMEOUT=0\nGRUB_TIMEOUT_STYLE=hidden\nGRUB_RECORDFAIL_TIMEOUT=0\n"
      "GRUB_DISABLE_OS_PROBER=true\nGRUB_TERMINAL=console\n";
  if (!image.kernel_arguments.empty()) {
    text += fmt::format("GRUB_CMDLINE_LINUX={}\n",
                        shell_quote(join(image.kernel_arguments, " ")));
  }
  return text;
}

void set_kernel_arguments(Appliance& appliance, const Image& image) {
  appliance.report("setting kernel arguments");
  if (image.family == Family::debian) {
    appliance.write("/etc/default/grub.d/90-vmlab.cfg", grub_defaults(image));
    appliance.command({"update-grub"});
    return;
  }
  if (image.kernel_arguments.empty()) return;
  appliance.command(
      {"grubby", "--update-kernel=ALL", "--args=" + join(image.kernel_arguments, " ")});
}

void apply_recipe(Appliance& appliance, const Image& image) {
  appliance.report("writing files");
  for (const auto& [path, text] : image.files) appliance.write(path, text);
  for (const auto& words : image.commands) {
    appliance.report("running " + join(words, " "));
    appliance.command(words);
  }
}

/// Each node gets an identity of its own: nothing of it may be in the image.
void forget_identity(const Appliance& appliance) {
  auto* g = appliance.get();
  const std::string what = "remove identity from the image";
  appliance.write("/etc/machine-id", "", 0444);
  for (const char* path : {"/var/lib/dbus/machine-id", "/var/lib/systemd/random-seed"}) {
    appliance.check(guestfs_rm_f(g, path), what);
  }
  appliance.check(guestfs_rm_rf(g, "/var/lib/cloud"), what);
  const auto keys =
      to_vector(Strings(appliance.check(guestfs_glob_expand(g, "/etc/ssh/ssh_host_*"), what)));
  for (const auto& key : keys) appliance.check(guestfs_rm_f(g, key.c_str()), what);
}

}  // namespace

void prepare_disk(const Image& image, const std::filesystem::path& disk, bool accelerated,
                  const Progress& progress, std::stop_token stop) {
  const Appliance::Options options{.accelerated = accelerated,
                                   .network = !image.packages.empty(),
                                   .memory_mib = memory_mib};
  Appliance appliance(disk, "qcow2", options, progress, std::move(stop));
  appliance.report("looking at the image");
  mount_system(appliance, image);
  disarm(appliance);
  install_packages(appliance, image);
  apply_recipe(appliance, image);
  set_kernel_arguments(appliance, image);
  forget_identity(appliance);
  appliance.check(guestfs_fstrim(appliance.get(), "/", -1), "trim the root file system");
  appliance.finish();
}

}  // namespace vmlab
