#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "host/guestfs_appliance.h"
#include "host/guestfs_image.h"

namespace vmlab {

namespace {

constexpr std::int64_t sector_size = 512;
constexpr std::int64_t gpt_backup_sectors = 34;
constexpr std::int64_t worth_growing_sectors = std::int64_t{64} * 2048;  // 64 MiB
// Debian's package scripts must not start services in the appliance.
constexpr const char* policy = "/usr/sbin/policy-rc.d";

const char* package_format(Family family) {
  return family == Family::rhel ? "rpm" : "deb";
}

/// Finds the one system on the disk and answers its root device.
std::string find_system(const Appliance& appliance, const Image& image) {
  auto* g = appliance.get();
  const std::string what = fmt::format("find the system of image '{}'", image.name);
  const auto roots = to_vector(Strings(appliance.check(guestfs_inspect_os(g), what)));
  if (roots.size() != 1) {
    throw Error(fmt::format("cannot {}: {} systems are on the disk", what, roots.size()));
  }
  const auto& root = roots.front();
  const CString format(appliance.check(guestfs_inspect_get_package_format(g, root.c_str()), what));
  if (std::string(format.get()) != package_format(image.family)) {
    const CString distro(appliance.check(guestfs_inspect_get_distro(g, root.c_str()), what));
    throw Error(fmt::format("cannot prepare image '{}': it is said to be of the {} family, but {} "
                            "is on the disk",
                            image.name, to_text(image.family), distro.get()),
                "mend 'family' in its catalogue file");
  }
  return root;
}

/// Vendors' images have little room for packages: the root partition, if it is the last on a disk
/// that was made larger, takes the rest. Not where LVM keeps the root.
void grow_partition(const Appliance& appliance, const std::string& root) {
  auto* g = appliance.get();
  const std::string what = "grow the root partition";
  const CString mountable(appliance.check(guestfs_mountable_device(g, root.c_str()), what));
  const int number = guestfs_part_to_partnum(g, mountable.get());
  if (number == -1) return;
  const CString disk(appliance.check(guestfs_part_to_dev(g, mountable.get()), what));
  const CString table(appliance.check(guestfs_part_get_parttype(g, disk.get()), what));
  const bool gpt = std::string_view(table.get()) == "gpt";
  if (gpt) appliance.check(guestfs_part_expand_gpt(g, disk.get()), what);

  const Handle<guestfs_partition_list, guestfs_free_partition_list> parts(
      appliance.check(guestfs_part_list(g, disk.get()), what));
  const auto* first = parts->val;
  const auto* last = std::max_element(first, first + parts->len, [](const auto& a, const auto& b) {
    return a.part_end < b.part_end;
  });
  const auto sectors = guestfs_blockdev_getsz(g, disk.get());
  const auto end = sectors - (gpt ? gpt_backup_sectors : 1);
  const auto slack = end - static_cast<std::int64_t>(last->part_end / sector_size);
  if (last->part_num != number || slack < worth_growing_sectors) return;
  appliance.check(guestfs_part_resize(g, disk.get(), number, end), what);
  const CString type(appliance.check(guestfs_vfs_type(g, root.c_str()), what));
  if (std::string_view(type.get()).starts_with("ext")) {
    appliance.check(guestfs_e2fsck(g, root.c_str(), GUESTFS_E2FSCK_CORRECT, 1, -1), what);
    appliance.check(guestfs_resize2fs(g, root.c_str()), what);
  }
}

void mount_system(const Appliance& appliance, const std::string& root) {
  auto* g = appliance.get();
  const auto list = to_vector(Strings(appliance.check(
      guestfs_inspect_get_mountpoints(g, root.c_str()), "find the image's file systems")));
  std::vector<std::pair<std::string, std::string>> mounts;
  for (std::size_t i = 0; i + 1 < list.size(); i += 2) mounts.emplace_back(list[i], list[i + 1]);
  std::ranges::sort(mounts, {}, [](const auto& mount) { return mount.first.size(); });
  for (const auto& [point, device] : mounts) {
    appliance.check(guestfs_mount_options(g, "discard", device.c_str(), point.c_str()),
                    fmt::format("mount '{}' of the image", point));
  }
  const CString type(
      appliance.check(guestfs_vfs_type(g, root.c_str()), "find the root file system"));
  if (std::string_view(type.get()) == "xfs") {
    appliance.check(guestfs_xfs_growfs(g, "/", GUESTFS_XFS_GROWFS_DATASEC, 1, -1),
                    "grow the root file system");
  }
}

void install_packages(Appliance& appliance, const Image& image) {
  if (image.packages.empty()) return;
  appliance.report("installing packages");
  const auto proxies = proxies_of_environment();
  if (image.family == Family::rhel) {
    const bool dnf = appliance.exists("/usr/bin/dnf");
    std::vector<std::string> words = {dnf ? "dnf" : "yum", "-y", "install"};
    words.insert(words.end(), image.packages.begin(), image.packages.end());
    appliance.command(words, proxies);
    appliance.command({words[0], "clean", "all"});
    return;
  }
  appliance.write(policy, "#!/bin/sh\nexit 101\n", 0755);
  appliance.command({"apt-get", "-q", "update"}, proxies);
  std::vector<std::string> words = {"env", "DEBIAN_FRONTEND=noninteractive", "apt-get",
                                    "-qy", "--no-install-recommends",        "install"};
  words.insert(words.end(), image.packages.begin(), image.packages.end());
  appliance.command(words, proxies);
  appliance.command({"apt-get", "clean"});
  appliance.check(guestfs_rm_f(appliance.get(), policy), "end package installation");
}

/// What cloud-init could do only too late: with firewalld enabled, systemd breaks an ordering cycle
/// by dropping a job, which may be cloud-init's own.
void disarm(const Appliance& appliance) {
  auto* g = appliance.get();
  const char* units = "/etc/systemd/system";
  appliance.check(guestfs_mkdir_p(g, units), "mask firewalld");
  appliance.check(guestfs_ln_sf(g, "/dev/null", fmt::format("{}/firewalld.service", units).c_str()),
                  "mask firewalld");
  const char* config = "/etc/selinux/config";
  if (!appliance.exists(config)) return;
  appliance.command({"sed", "-i", "s/^SELINUX=.*/SELINUX=permissive/", config});
}

std::string grub_defaults(const Image& image) {
  std::string text =
      "GRUB_TIMEOUT=0\nGRUB_TIMEOUT_STYLE=hidden\nGRUB_RECORDFAIL_TIMEOUT=0\n"
      "GRUB_DISABLE_OS_PROBER=true\nGRUB_TERMINAL=console\n";
  if (!image.kernel_arguments.empty()) {
    text += fmt::format("GRUB_CMDLINE_LINUX={}\n", shell_quote(join(image.kernel_arguments, " ")));
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

void write_files(Appliance& appliance, const Image& image) {
  appliance.report("writing files");
  for (const auto& [path, text] : image.files) appliance.write(path, text);
}

void run_commands(Appliance& appliance, const Image& image) {
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
  for (const char* path :
       {"/var/lib/dbus/machine-id", "/var/lib/systemd/random-seed", "/etc/docker/key.json"}) {
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
                                   .memory_mib = Appliance::install_memory_mib};
  Appliance appliance(disk, "qcow2", options, progress, std::move(stop));
  if (std::holds_alternative<BuildSource>(image.source)) {
    // There is nothing to find out, which would take an emulated appliance a quarter of a minute.
    mount_built_root(appliance);
  } else {
    appliance.report("looking at the image");
    const auto root = find_system(appliance, image);
    grow_partition(appliance, root);
    mount_system(appliance, root);
  }
  disarm(appliance);
  write_files(appliance, image);  // first, as packages may come from a repository named there
  install_packages(appliance, image);
  run_commands(appliance, image);
  set_kernel_arguments(appliance, image);
  forget_identity(appliance);
  appliance.check(guestfs_fstrim(appliance.get(), "/", -1), "trim the root file system");
  appliance.finish();
}

}  // namespace vmlab
