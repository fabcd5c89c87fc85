#include <fmt/format.h>

#include "host/adapters.h"
#include "host/guestfs_appliance.h"
#include "host/guestfs_image.h"
#include "host/guestfs_process.h"
#include "host/guestfs_qcow2.h"
#include "host/guestfs_workplace.h"
#include "host/save_image.h"
#include "lab/fork_xml.h"

namespace vmlab {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t mib = 1024 * 1024;
constexpr std::uintmax_t empty_overlay_bytes = 256 * 1024;
constexpr std::uintmax_t seed_unit = 4 * mib;
constexpr unsigned file_mode = 0644;
constexpr unsigned secret_mode = 0600;

class Guestfs : public Images {
 public:
  explicit Guestfs(bool accelerated) : accelerated_(accelerated) {}

  std::optional<DiskInfo> disk(const fs::path& path) override { return read_disk_info(path); }

  void create_overlay(const fs::path& path, const fs::path& backing,
                      const std::string& backing_format, std::uint64_t size_mib) override {
    const Workplace workplace(path);
    const auto handle = open_guestfs();
    const auto overlay = (workplace / "overlay").string();
    // An overlay is made as large as what it is on, and grown: another size is refused.
    if (guestfs_disk_create(handle.get(), overlay.c_str(), "qcow2", -1,
                            GUESTFS_DISK_CREATE_BACKINGFILE, backing.c_str(),
                            GUESTFS_DISK_CREATE_BACKINGFORMAT, backing_format.c_str(), -1) == -1) {
      std::string cause = guestfs_last_error(handle.get());
      // libguestfs keeps qemu-img's own words to itself.
      if (fs::space(path.parent_path()).available < empty_overlay_bytes) {
        cause += ": No space left on device";
      }
      throw Error(fmt::format("cannot make overlay '{}' on '{}': {}", path.string(),
                              backing.string(), cause),
                  disk_hint(cause));
    }
    run_program({"qemu-img", "resize", "-q", "-f", "qcow2", overlay, fmt::format("{}M", size_mib)},
                nullptr, {});
    workplace.deliver("overlay", secret_mode, false);
  }

  void create_data_disk(const fs::path& path, std::uint64_t size_mib, const std::string& label,
                        std::stop_token stop) override {
    const Workplace workplace(path);
    doing(fmt::format("making data disk '{}'", path.string()), [&] {
      // An appliance would take ten emulated seconds for what mke2fs does to a sparse file at once.
      const auto raw = (workplace / "raw").string();
      run_program({"mke2fs", "-q", "-F", "-t", "ext4", "-L", label, "-m", "0", "-E",
                   "lazy_itable_init=1,lazy_journal_init=1,assume_storage_prezeroed=1", raw,
                   fmt::format("{}M", size_mib)},
                  nullptr, stop);
      convert_to_qcow2(raw, "raw", workplace / "disk", stop);
    });
    workplace.deliver("disk", secret_mode, false);
  }

  void prove_appliance(const fs::path& scratch, std::stop_token stop) override {
    const Workplace workplace(scratch / "appliance.qcow2");
    const auto disk = workplace / "disk";
    const auto handle = open_guestfs();
    constexpr std::int64_t size = 64 * mib;
    if (guestfs_disk_create(handle.get(), disk.c_str(), "qcow2", size, -1) == -1) {
      throw Error(fmt::format("cannot make disk '{}': {}", disk.string(),
                              guestfs_last_error(handle.get())));
    }
    Appliance(disk, "qcow2", {.accelerated = accelerated_}, nullptr, std::move(stop)).finish();
  }

  void create_seed(const fs::path& path, const SeedFiles& files) override {
    const Workplace workplace(path);
    fs::create_directory(workplace / "seed");
    workplace.write("seed/user-data", files.user_data);
    workplace.write("seed/meta-data", files.meta_data);
    workplace.write("seed/network-config", files.network_config);
    doing(fmt::format("making seed '{}'", path.string()), [&] {
      run_program({"xorriso", "-as", "mkisofs", "-quiet", "-volid", "cidata", "-joliet", "-rock",
                   "-output", (workplace / "iso").string(), (workplace / "seed").string()},
                  nullptr, {});
      const auto bytes = fs::file_size(workplace / "iso");
      fs::resize_file(workplace / "iso", (bytes + seed_unit - 1) / seed_unit * seed_unit);
    });
    workplace.deliver("iso", secret_mode, false);
  }

  void fork_memory(const fs::path& from, const fs::path& to, const std::string& xml,
                   std::stop_token stop) override {
    const Workplace workplace(to);
    doing(fmt::format("making memory '{}'", to.string()), [&] {
      auto header = read_save_header(from);
      header.xml = forked_xml(header.xml, xml);
      copy_save_image(from, workplace / "memory", header, stop);
    });
    workplace.deliver("memory", secret_mode, false);
  }

  void build_base(const Image& image, const fs::path& path, const Progress& progress,
                  std::stop_token stop) override {
    const Workplace workplace(path);
    doing(fmt::format("building image '{}'", image.name), [&] {
      const auto place = workplace / "parts";
      fs::create_directory(place);
      build_disk(image, place, workplace / "disk", accelerated_, progress, std::move(stop));
    });
    workplace.deliver("disk", file_mode, true);
  }

  void prepare(const Image& image, const fs::path& base, const fs::path& path,
               const Progress& progress, std::stop_token stop) override {
    const Workplace workplace(path);
    doing(fmt::format("preparing image '{}'", image.name), [&] {
      if (progress) progress("copying the base image", 0, 0);
      copy_base(image, base, workplace / "disk", stop);
      prepare_disk(image, workplace / "disk", accelerated_, progress, stop);
    });
    workplace.deliver("disk", file_mode, true);
  }

 private:
  static void copy_base(const Image& image, const fs::path& base, const fs::path& copy,
                        const std::stop_token& stop) {
    convert_to_qcow2(base, image.format, copy, stop);
    const auto info = read_disk_info(copy);
    const auto wanted = static_cast<std::uint64_t>(mib) * image.disk_mib;
    if (info && info->virtual_bytes < wanted) {
      run_program({"qemu-img", "resize", "-q", copy.string(), fmt::format("{}M", image.disk_mib)},
                  nullptr, stop);
    }
    if (info && info->virtual_bytes > wanted) {
      throw Error(fmt::format("cannot use '{}': its disk has {} MiB, more than the {} MiB that its "
                              "catalogue file says",
                              base.string(), info->virtual_bytes / mib, image.disk_mib),
                  "mend 'disk' in the catalogue file");
    }
  }

  bool accelerated_;
};

}  // namespace

std::unique_ptr<Images> make_guestfs(bool accelerated) {
  return std::make_unique<Guestfs>(accelerated);
}

}  // namespace vmlab
