#include <fmt/format.h>

#include <fstream>

#include "base/text.h"
#include "host/guestfs_appliance.h"
#include "host/guestfs_image.h"
#include "host/guestfs_process.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;

constexpr const char* device = "/dev/sda";
constexpr const char* bios_boot_type = "21686148-6449-6E6F-744E-656564454649";
// systemd's discoverable partitions: the root of an x86-64 system.
constexpr const char* root_type = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709";
constexpr std::int64_t boot_first = 2048;  // sectors
constexpr std::int64_t boot_last = 4095;
constexpr std::int64_t root_last = -34;  // the backup GPT is behind it
constexpr std::int64_t bytes_per_sector = 512;
constexpr std::int64_t bytes_per_block = 4096;

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

void write_text(const fs::path& path, std::string_view text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw Error(fmt::format("cannot write '{}'", path.string()));
}

/// An emulated appliance would take a minute to unpack what this host does at once.
void unpack(const fs::path& root_tar, const fs::path& root, const std::stop_token& stop) {
  fs::create_directory(root);
  fs::permissions(root, fs::perms{0755});
  run_program({"tar", "--extract", "--file=" + root_tar.string(), "--directory=" + root.string(),
               "--numeric-owner", "--same-permissions", "--xattrs", "--xattrs-include=*", "--acls"},
              nullptr, stop);
  fs::remove(root_tar);
  // mmdebstrap leaves this host's name servers and name behind.
  fs::remove(root / "etc/resolv.conf");
  write_text(root / "etc/hostname", "localhost\n");
  write_text(root / "etc/fstab", "LABEL=root / ext4 defaults,noatime,x-systemd.growfs 0 0\n");
}

/// Where the root partition will be.
void make_root_file_system(const fs::path& root, const fs::path& disk, std::int64_t disk_bytes,
                           const std::stop_token& stop) {
  const auto offset = (boot_last + 1) * bytes_per_sector;
  const auto blocks = (disk_bytes + (root_last + 1) * bytes_per_sector - offset) / bytes_per_block;
  write_text(disk, {});
  fs::resize_file(disk, static_cast<std::uintmax_t>(disk_bytes));
  run_program({"mke2fs", "-q", "-F", "-t", "ext4", "-b", std::to_string(bytes_per_block), "-L",
               "root", "-d", root.string(), "-E",
               fmt::format("offset={},lazy_itable_init=1,lazy_journal_init=1,"
                           "assume_storage_prezeroed=1",
                           offset),
               disk.string(), std::to_string(blocks)},
              nullptr, stop);
}

void make_partitions(const Appliance& appliance) {
  auto* g = appliance.get();
  const std::string what = "make partitions";
  appliance.check(guestfs_part_init(g, device, "gpt"), what);
  appliance.check(guestfs_part_add(g, device, "p", boot_first, boot_last), what);
  appliance.check(guestfs_part_add(g, device, "p", boot_last + 1, root_last), what);
  appliance.check(guestfs_part_set_gpt_type(g, device, 1, bios_boot_type), what);
  appliance.check(guestfs_part_set_gpt_type(g, device, 2, root_type), what);
}

void install_boot_loader(Appliance& appliance) {
  appliance.report("installing the boot loader");
  // libguestfs translates device names for its own calls only: the appliance's kernel probes disks
  // in parallel, and what is /dev/sda to us is /dev/sdb to it in one launch of eight.
  const std::string disk(trim(appliance.command({"grub-probe", "--target=disk", "/"})));
  appliance.command({"grub-install", "--target=i386-pc", disk});
}

}  // namespace

void build_disk(const Image& image, const fs::path& place, const fs::path& disk, bool accelerated,
                const Progress& progress, std::stop_token stop) {
  const auto* source = std::get_if<BuildSource>(&image.source);
  if (source == nullptr) {
    throw Error(fmt::format("cannot build image '{}': it is downloaded", image.name));
  }
  const auto root_tar = place / "root.tar";
  const auto root = place / "root";
  const auto raw = place / "raw";
  bootstrap(*source, root_tar, progress, stop);
  if (progress) progress("making the root file system", 0, 0);
  unpack(root_tar, root, stop);
  make_root_file_system(root, raw, static_cast<std::int64_t>(image.disk_mib) * 1024 * 1024, stop);

  const Appliance::Options options{
      .accelerated = accelerated, .network = false, .memory_mib = Appliance::install_memory_mib};
  Appliance appliance(raw, "raw", options, progress, stop);
  appliance.report("making partitions");
  make_partitions(appliance);
  mount_built_root(appliance);
  install_boot_loader(appliance);
  appliance.finish();
  convert_to_qcow2(raw, "raw", disk, stop);
}

void mount_built_root(const Appliance& appliance) {
  appliance.check(guestfs_mount_options(appliance.get(), "noatime,discard", "/dev/sda2", "/"),
                  "mount the root file system");
}

}  // namespace vmlab
