#include <fmt/format.h>

#include "base/text.h"
#include "host/guestfs_appliance.h"
#include "host/guestfs_image.h"
#include "host/guestfs_process.h"

namespace vmlab {

namespace {

constexpr const char* device = "/dev/sda";
constexpr const char* root_device = "/dev/sda2";
constexpr const char* bios_boot_type = "21686148-6449-6E6F-744E-656564454649";
// systemd's discoverable partitions: the root of an x86-64 system.
constexpr const char* root_type = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
constexpr std::int64_t boot_first = 2048;  // sectors
constexpr std::int64_t boot_last = 4095;
constexpr std::int64_t root_last = -34;  // the backup GPT is behind it

void bootstrap(const BuildSource& source, const std::filesystem::path& root_tar,
               const Progress& progress, const std::stop_token& stop) {
  std::vector<std::string> words = {"mmdebstrap", "--variant=minbase", "--format=tar"};
  if (!source.packages.empty()) words.push_back("--include=" + join(source.packages, ","));
  words.push_back(source.suite);
  words.push_back(root_tar.string());
  // No mirror is given: mmdebstrap takes this host's, or the distribution's own.
  run_program(
      words,
      [&](std::string_view line) {
        if (progress && line.starts_with("I: ")) progress(std::string(line.substr(3)), 0, 0);
      },
      stop);
}

void make_partitions(const Appliance& appliance) {
  auto* g = appliance.get();
  const std::string what = "make partitions";
  appliance.check(guestfs_part_init(g, device, "gpt"), what);
  appliance.check(guestfs_part_add(g, device, "p", boot_first, boot_last), what);
  appliance.check(guestfs_part_add(g, device, "p", boot_last + 1, root_last), what);
  appliance.check(guestfs_part_set_gpt_type(g, device, 1, bios_boot_type), what);
  appliance.check(guestfs_part_set_gpt_type(g, device, 2, root_type), what);
  appliance.check(guestfs_mkfs_opts(g, "ext4", root_device, GUESTFS_MKFS_OPTS_LABEL, "root", -1),
                  "make the root file system");
}

void mount_root(const Appliance& appliance) {
  appliance.check(guestfs_mount_options(appliance.get(), "noatime,discard", root_device, "/"),
                  "mount the root file system");
}

void install_boot_loader(Appliance& appliance) {
  appliance.report("installing the boot loader");
  // libguestfs translates device names for its own calls only: the appliance's kernel probes disks
  // in parallel, and what is /dev/sda to us is /dev/sdb to it in one launch of eight.
  const std::string disk(trim(appliance.command({"grub-probe", "--target=disk", "/"})));
  appliance.command({"grub-install", "--target=i386-pc", disk});
  appliance.command({"update-grub"});
  appliance.check(guestfs_fstrim(appliance.get(), "/", -1), "trim the root file system");
}

}  // namespace

void build_disk(const Image& image, const std::filesystem::path& root_tar,
                const std::filesystem::path& disk, bool accelerated, const Progress& progress,
                std::stop_token stop) {
  const auto* source = std::get_if<BuildSource>(&image.source);
  if (source == nullptr) {
    throw Error(fmt::format("cannot build image '{}': it is downloaded", image.name));
  }
  bootstrap(*source, root_tar, progress, stop);

  const auto handle = open_guestfs();
  if (guestfs_disk_create(handle.get(), disk.c_str(), "qcow2",
                          static_cast<std::int64_t>(image.disk_mib * 1024 * 1024), -1) == -1) {
    throw Error(
        fmt::format("cannot make disk '{}': {}", disk.string(), guestfs_last_error(handle.get())));
  }
  const Appliance::Options options{
      .accelerated = accelerated, .network = false, .memory_mib = Appliance::install_memory_mib};
  Appliance appliance(disk, "qcow2", options, progress, std::move(stop));
  appliance.report("making partitions and file system");
  make_partitions(appliance);
  mount_root(appliance);
  appliance.report("unpacking the root file system");
  appliance.check(
      guestfs_tar_in_opts(appliance.get(), root_tar.c_str(), "/", GUESTFS_TAR_IN_OPTS_XATTRS, 1,
                          GUESTFS_TAR_IN_OPTS_ACLS, 1, -1),
      "unpack the root file system");
  // mmdebstrap leaves this host's name servers and name behind.
  appliance.check(guestfs_rm_f(appliance.get(), "/etc/resolv.conf"), "remove resolv.conf");
  appliance.write("/etc/hostname", "localhost\n");
  appliance.write("/etc/fstab", "LABEL=root / ext4 defaults,noatime,x-systemd.growfs 0 0\n");
  install_boot_loader(appliance);
  appliance.finish();
}

}  // namespace vmlab
