// The image adapter on small real disks: qemu-img, xorriso, mke2fs and libguestfs's appliance.
#include <gtest/gtest.h>
#include <guestfs.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "adapter/temp_dir.h"
#include "host/adapters.h"
#include "host/guestfs_appliance.h"
#include "host/guestfs_process.h"
#include "host/guestfs_qcow2.h"
#include "host/guestfs_workplace.h"

namespace vmlab {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""s;

constexpr std::uint64_t mib = 1024 * 1024;

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777U;
}

std::vector<std::string> names_in(const fs::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(directory))
    names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

std::string what_is_thrown(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "nothing";
}

class GuestfsTest : public testing::Test {
 protected:
  TempDir directory_;
  std::unique_ptr<Images> images_ = make_guestfs(false);
};

TEST_F(GuestfsTest, KnowsNoDiskWhereThereIsNoFile) {
  EXPECT_EQ(images_->disk(directory_ / "none"), std::nullopt);
}

TEST_F(GuestfsTest, OverlayNamesItsBackingFileAndFormatAndIsAsLargeAsAsked) {
  write_text(directory_ / "base.raw", std::string(mib, '\0'));
  images_->create_overlay(directory_ / "lab" / "node.qcow2", directory_ / "base.raw", "raw", 64);
  const auto info = images_->disk(directory_ / "lab" / "node.qcow2");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->virtual_bytes, 64 * mib);
  EXPECT_EQ(info->format, "qcow2");
  EXPECT_EQ(info->backing_file, (directory_ / "base.raw").string());
  EXPECT_LT(info->allocated_bytes, mib);
  EXPECT_EQ(mode_of(directory_ / "lab" / "node.qcow2"), 0600U);
  EXPECT_EQ(names_in(directory_ / "lab"), std::vector<std::string>{"node.qcow2"});
}

TEST_F(GuestfsTest, OverlayOnNothingFailsWithQemusOwnWordsAndLeavesNothing) {
  const auto text = what_is_thrown([&] {
    images_->create_overlay(directory_ / "node.qcow2", directory_ / "gone.qcow2", "qcow2", 64);
  });
  EXPECT_NE(text.find("cannot make overlay"), std::string::npos) << text;
  EXPECT_NE(text.find("gone.qcow2"), std::string::npos) << text;
  EXPECT_TRUE(names_in(directory_.path()).empty());
}

TEST_F(GuestfsTest, RawDiskIsAsLargeAsItsFile) {
  write_text(directory_ / "disk.raw", std::string(3 * mib, 'x'));
  const auto info = images_->disk(directory_ / "disk.raw");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->format, "raw");
  EXPECT_EQ(info->virtual_bytes, 3 * mib);
}

TEST_F(GuestfsTest, DiskNamesItsSnapshots) {
  const auto disk = directory_ / "disk.qcow2";
  write_text(directory_ / "base.raw", std::string(1 << 20U, 'x'));
  images_->create_overlay(disk, directory_ / "base.raw", "raw", 64);
  EXPECT_TRUE(images_->disk(disk)->snapshots.empty());
  for (const auto* name : {"prepared", "a name with blanks"}) {
    const auto pid = fork();
    if (pid == 0) {
      execlp("qemu-img", "qemu-img", "snapshot", "-c", name, disk.c_str(), nullptr);
      _exit(127);
    }
    int status = -1;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    ASSERT_EQ(status, 0) << "qemu-img is part of what vmlab needs";
  }
  const std::map<std::string, std::uint64_t> both = {{"a name with blanks", 0}, {"prepared", 0}};
  EXPECT_EQ(images_->disk(disk)->snapshots, both);
  EXPECT_EQ(images_->disk(disk)->backing_file, (directory_ / "base.raw").string());
}

TEST_F(GuestfsTest, DamagedHeaderIsAnError) {
  std::string header("QFI\xfb\0\0\0\3\0\0\0\0\0\0\xff\0\0\0\0\7", 20);
  header.resize(64);
  write_text(directory_ / "disk.qcow2", header);
  EXPECT_NE(what_is_thrown([&] { images_->disk(directory_ / "disk.qcow2"); }).find("damaged"),
            std::string::npos);
}

TEST_F(GuestfsTest, SeedIsLabelledCidataAndHoldsTheThreeDocuments) {
  const SeedFiles files{"#cloud-config\nhostname: ä\n", "instance-id: x\n", "version: 2\n"};
  images_->create_seed(directory_ / "seed.iso", files);
  EXPECT_EQ(mode_of(directory_ / "seed.iso"), 0600U);
  // Primary volume descriptor in sector 16, volume identifier at byte 40.
  EXPECT_TRUE(read_text(directory_ / "seed.iso").substr(16 * 2048 + 40).starts_with("cidata "));
  run_program({"xorriso", "-osirrox", "on", "-indev", (directory_ / "seed.iso").string(),
               "-extract", "/", (directory_ / "out").string()},
              nullptr, {});
  EXPECT_EQ(read_text(directory_ / "out" / "user-data"), files.user_data);
  EXPECT_EQ(read_text(directory_ / "out" / "meta-data"), files.meta_data);
  EXPECT_EQ(read_text(directory_ / "out" / "network-config"), files.network_config);
}

TEST_F(GuestfsTest, SeedsAreDisksOfOneSize) {
  images_->create_seed(directory_ / "one.iso", {"#cloud-config\n", "", ""});
  images_->create_seed(directory_ / "two.iso", {std::string(100'000, '#'), "x", ""});
  EXPECT_EQ(std::filesystem::file_size(directory_ / "one.iso"), 4U * mib);
  EXPECT_EQ(std::filesystem::file_size(directory_ / "two.iso"), 4U * mib);
}

TEST_F(GuestfsTest, SeedReplacesAnOlderOne) {
  images_->create_seed(directory_ / "seed.iso", {"one", "", ""});
  images_->create_seed(directory_ / "seed.iso", {"two two two", "", ""});
  EXPECT_NE(read_text(directory_ / "seed.iso").find("two two two"), std::string::npos);
  EXPECT_EQ(names_in(directory_.path()), std::vector<std::string>{"seed.iso"});
}

TEST_F(GuestfsTest, AFullDiskIsToldWithAHintWhateverTheProgramCallsIt) {
  write_text(directory_ / "base.raw", std::string(mib, '\0'));
  std::filesystem::create_directory(directory_ / "lab");
  std::vector<Error> told;
  // A file system of this thread and its children alone; it goes with them.
  std::thread([&] {
    ASSERT_EQ(unshare(CLONE_NEWNS), 0);
    ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
    const auto lab = directory_ / "lab";
    ASSERT_EQ(mount("none", lab.c_str(), "tmpfs", 0, "size=64k"), 0);
    const auto note = [&told](const std::function<void()>& call) {
      try {
        call();
      } catch (const Error& error) {
        told.push_back(error);
      }
    };
    note([&] { images_->create_seed(lab / "seed.iso", {"#cloud-config\n", "{}\n", "{}\n"}); });
    note([&] { images_->create_overlay(lab / "a.qcow2", directory_ / "base.raw", "raw", 64); });
  }).join();
  ASSERT_EQ(told.size(), 2U);
  for (const auto& error : told) {
    EXPECT_EQ(error.hint(), "free space on that disk, or use --state-dir") << error.what();
  }
}

TEST_F(GuestfsTest, WhatAKilledProcessLeftBehindIsRemovedAndWhatIsInUseStays) {
  fs::create_directory(directory_ / ".making-abandoned");
  write_text(directory_ / ".making-abandoned/root.tar", "x");
  const Workplace in_use(directory_ / "other");
  images_->create_seed(directory_ / "seed.iso", {"one", "", ""});
  const auto names = names_in(directory_.path());
  EXPECT_EQ(names.size(), 2U);  // the seed, and the place in use
  EXPECT_FALSE(fs::exists(directory_ / ".making-abandoned"));
  EXPECT_TRUE(fs::exists(in_use / ""));
}

// A place that was made, but not locked yet, was removed as abandoned: one seed of hundreds failed.
TEST_F(GuestfsTest, PlacesMadeAtOnceSideBySideStay) {
  std::atomic<int> lost = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 200; ++round) {
        const Workplace place(directory_ / "target");
        if (!fs::exists(place / "")) ++lost;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(lost, 0);
  EXPECT_TRUE(names_in(directory_.path()).empty());
}

TEST_F(GuestfsTest, FailedProgramTellsItsLastWordsAndCode) {
  const auto text = what_is_thrown([] {
    run_program({"sh", "-c", "echo first >&2; echo 'no room' >&2; exit 3"}, nullptr, {});
  });
  EXPECT_EQ(text, "cannot run 'sh': first; no room; exit code 3");
}

TEST_F(GuestfsTest, AbsentProgramIsNamedWithAHint) {
  const auto text = what_is_thrown([] { run_program({"no-such-program"}, nullptr, {}); });
  EXPECT_NE(text.find("cannot start 'no-such-program': No such file"), std::string::npos) << text;
  EXPECT_NE(text.find("install the package"), std::string::npos) << text;
}

TEST_F(GuestfsTest, StoppedProgramEndsWithAllItsChildren) {
  std::stop_source source;
  const auto begun = std::chrono::steady_clock::now();
  const auto stop_at_first_line = [&](std::string_view) { source.request_stop(); };
  EXPECT_THROW(run_program({"sh", "-c", "echo started >&2; sleep 60 & wait"}, stop_at_first_line,
                           source.get_token()),
               Cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

TEST_F(GuestfsTest, UnknownSuiteFailsWithMmdebstrapsOwnWords) {
  Image image;
  image.name = "test";
  image.source = BuildSource{"no-such-suite", {}};
  image.disk_mib = 64;
  const auto text =
      what_is_thrown([&] { images_->build_base(image, directory_ / "base.qcow2", nullptr, {}); });
  EXPECT_NE(text.find("cannot run 'mmdebstrap': "), std::string::npos) << text;
  EXPECT_NE(text.find("building image 'test'"), std::string::npos) << text;
  EXPECT_TRUE(names_in(directory_.path()).empty());
}

TEST_F(GuestfsTest, DownloadedImageIsNotBuilt) {
  Image image;
  image.name = "cloud";
  image.source =
      DownloadSource{.url = "https://example.org/x.qcow2", .sha256 = "", .checksums_url = ""};
  EXPECT_NE(what_is_thrown([&] {
              images_->build_base(image, directory_ / "base.qcow2", nullptr, {});
            }).find("it is downloaded"),
            std::string::npos);
}

// ---- with the appliance -------------------------------------------------------------------------

/// An appliance of the test's own, to look at what the adapter made.
class Look {
 public:
  explicit Look(const fs::path& disk) : appliance_(disk, "qcow2", {}, nullptr, {}) {}
  guestfs_h* get() const { return appliance_.get(); }
  std::string text(const std::string& path) const {
    const CString content(guestfs_cat(get(), path.c_str()));
    return content ? content.get() : std::string("error: ") + guestfs_last_error(get());
  }
  void mount(const char* device) const {
    appliance_.check(guestfs_mount(get(), device, "/"), "mount");
  }

 private:
  Appliance appliance_;
};

TEST_F(GuestfsTest, ApplianceIsProvenAndLeavesNothing) {
  images_->prove_appliance(directory_ / "scratch", {});
  EXPECT_TRUE(fs::is_empty(directory_ / "scratch"));
}

TEST_F(GuestfsTest, ApplianceThatCannotStartFailsWithLibguestfsOwnWords) {
  ::setenv("LIBGUESTFS_PATH", "/nowhere", 1);
  std::string said;
  try {
    images_->prove_appliance(directory_ / "scratch", {});
  } catch (const Error& error) {
    said = error.message();
  }
  ::unsetenv("LIBGUESTFS_PATH");
  EXPECT_TRUE(said.starts_with("cannot start libguestfs's appliance: ")) << said;
  EXPECT_NE(said.find("/nowhere"), std::string::npos) << said;
}

TEST_F(GuestfsTest, DataDiskIsOneLabelledExt4FileSystem) {
  images_->create_data_disk(directory_ / "data.qcow2", 256, "var-lib-mesos", {});
  const auto info = images_->disk(directory_ / "data.qcow2");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->virtual_bytes, 256 * mib);
  EXPECT_LT(info->allocated_bytes, 16 * mib);
  const Look look(directory_ / "data.qcow2");
  EXPECT_STREQ(CString(guestfs_vfs_type(look.get(), "/dev/sda")).get(), "ext4");
  EXPECT_STREQ(CString(guestfs_vfs_label(look.get(), "/dev/sda")).get(), "var-lib-mesos");
  look.mount("/dev/sda");
  EXPECT_EQ(guestfs_write(look.get(), "/file", "x", 1), 0) << guestfs_last_error(look.get());
}

/// A base image of the smallest system that the preparation can work with: a shell, sed, and an
/// update-grub that shows what it was told.
class PrepareTest : public GuestfsTest {
 protected:
  static void SetUpTestSuite() {
    shared_ = std::make_unique<TempDir>();
    make_root();
    make_base();
  }
  static void TearDownTestSuite() { shared_.reset(); }

  PrepareTest() {
    image_.name = "small";
    image_.family = Family::debian;
    image_.source =
        DownloadSource{.url = "https://example.org/x.qcow2", .sha256 = "", .checksums_url = ""};
    image_.disk_mib = 256;
  }

  static void make_root() {
    const std::string script = R"sh(set -e
root=$1
cd "$root"
mkdir -p etc/selinux etc/ssh etc/default usr/sbin usr/bin var/lib/cloud/data var/lib/dpkg proc sys \
  dev tmp run boot home
ln -s usr/bin bin
ln -s usr/sbin sbin
for program in dash sed cat env; do
  path=$(command -v $program)
  cp -L "$path" usr/bin/
  ldd "$path" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p ".$(dirname "$library")"
    cp -L "$library" ".$library"
  done
done
ln -s dash usr/bin/sh
printf 'ID=debian\nVERSION_ID=12\nPRETTY_NAME=Debian\n' >etc/os-release
echo 12.0 >etc/debian_version
echo old >etc/machine-id
echo 'LABEL=root / ext4 defaults 0 0' >etc/fstab
printf '# mode\nSELINUX=enforcing\nSELINUXTYPE=targeted\n' >etc/selinux/config
echo key | tee etc/ssh/ssh_host_rsa_key >etc/ssh/ssh_host_rsa_key.pub
echo x >var/lib/cloud/data/instance-id
printf '#!/bin/sh\ncat /etc/default/grub.d/90-vmlab.cfg >/boot/told\n' >usr/sbin/update-grub
cat >usr/bin/apt-get <<'end'
#!/bin/sh
echo "E: Unsupported proxy configured: $https_proxy, not for $NO_PROXY" >&2
exit 100
end
chmod 755 usr/sbin/update-grub usr/bin/apt-get
tar -cf "$root.tar" .
)sh";
    const auto root = *shared_ / "root";
    fs::create_directory(root);
    run_program({"sh", "-c", script, "make-root", root.string()}, nullptr, {});
  }

  static void make_base() {
    const auto g = open_guestfs();
    ASSERT_EQ(guestfs_disk_create(g.get(), base().c_str(), "qcow2", 128 * mib, -1), 0);
    Appliance appliance(base(), "qcow2", {}, nullptr, {});
    auto* a = appliance.get();
    appliance.check(guestfs_part_init(a, "/dev/sda", "gpt"), "make partitions");
    appliance.check(guestfs_part_add(a, "/dev/sda", "p", 2048, 4095), "make partitions");
    appliance.check(guestfs_part_add(a, "/dev/sda", "p", 4096, -34), "make partitions");
    appliance.check(guestfs_mkfs_opts(a, "ext4", "/dev/sda2", GUESTFS_MKFS_OPTS_LABEL, "root", -1),
                    "make the file system");
    appliance.check(guestfs_mount(a, "/dev/sda2", "/"), "mount");
    appliance.check(guestfs_tar_in(a, (*shared_ / "root.tar").c_str(), "/"), "unpack");
    appliance.finish();
  }

  static fs::path base() { return *shared_ / "base.qcow2"; }
  fs::path prepared() const { return directory_ / "images" / "prepared.qcow2"; }

  inline static std::unique_ptr<TempDir> shared_;
  Image image_;
};

TEST_F(PrepareTest, DerivesAStandaloneImageWithoutIdentity) {
  image_.kernel_arguments = {"systemd.unified_cgroup_hierarchy=0", "quiet"};
  image_.files = {{"/etc/docker/daemon.json", "{}\n"}};
  image_.commands = {{"sh", "-c", "cat /etc/docker/daemon.json >/seen; echo 'a b' >>/seen"}};
  std::vector<std::string> told;
  images_->prepare(image_, base(), prepared(),
                   [&](const std::string& text, std::uint64_t, std::uint64_t) {
                     if (told.empty() || told.back() != text) told.push_back(text);
                   },
                   {});
  EXPECT_GT(told.size(), 4U);
  EXPECT_EQ(told.front(), "copying the base image");
  EXPECT_EQ(names_in(directory_ / "images"), std::vector<std::string>{"prepared.qcow2"});
  EXPECT_EQ(mode_of(prepared()), 0644U);
  const auto info = images_->disk(prepared());
  ASSERT_TRUE(info);
  EXPECT_EQ(info->backing_file, "");
  EXPECT_EQ(info->virtual_bytes, 256 * mib);

  const Look look(prepared());
  look.mount("/dev/sda2");
  EXPECT_EQ(look.text("/seen"), "{}\na b\n");
  EXPECT_EQ(look.text("/etc/machine-id"), "");
  EXPECT_EQ(look.text("/etc/selinux/config"), "# mode\nSELINUX=permissive\nSELINUXTYPE=targeted\n");
  EXPECT_NE(look.text("/boot/told").find("'systemd.unified_cgroup_hierarchy=0 quiet'"),
            std::string::npos)
      << look.text("/boot/told");
  const CString mask(guestfs_readlink(look.get(), "/etc/systemd/system/firewalld.service"));
  EXPECT_STREQ(mask.get(), "/dev/null");
  EXPECT_EQ(guestfs_exists(look.get(), "/etc/ssh/ssh_host_rsa_key"), 0);
  EXPECT_EQ(guestfs_exists(look.get(), "/var/lib/cloud"), 0);
  // The root partition took the room that the larger disk has.
  const auto size = guestfs_blockdev_getsize64(look.get(), "/dev/sda2");
  EXPECT_GT(size, static_cast<std::int64_t>(250 * mib));
  const Handle<struct guestfs_statvfs, guestfs_free_statvfs> usage(
      guestfs_statvfs(look.get(), "/"));
  EXPECT_GT(usage->blocks * usage->bsize, static_cast<std::int64_t>(200 * mib));
}

TEST_F(PrepareTest, OtherFamilyIsRefusedAndFailedCommandIsQuoted) {
  image_.family = Family::rhel;
  const auto other =
      what_is_thrown([&] { images_->prepare(image_, base(), prepared(), nullptr, {}); });
  EXPECT_NE(other.find("it is said to be of the rhel family, but debian is on the disk"),
            std::string::npos)
      << other;
  image_.family = Family::debian;
  image_.commands = {{"sh", "-c", "echo 'no such luck' >&2; exit 4"}};
  const auto failed =
      what_is_thrown([&] { images_->prepare(image_, base(), prepared(), nullptr, {}); });
  EXPECT_NE(failed.find("no such luck"), std::string::npos) << failed;
  EXPECT_NE(failed.find("preparing image 'small'"), std::string::npos) << failed;
  EXPECT_TRUE(names_in(directory_ / "images").empty());
}

/// Behind a proxy no vendor's image could be prepared.
TEST_F(PrepareTest, PackagesAreInstalledByTheProxiesOfTheEnvironmentAndNoPasswordIsTold) {
  image_.packages = {"tar"};
  setenv("https_proxy", "http://me:it's secret@proxy.example:3128", 1);
  setenv("NO_PROXY", "localhost", 1);
  const auto failed =
      what_is_thrown([&] { images_->prepare(image_, base(), prepared(), nullptr, {}); });
  unsetenv("https_proxy");
  unsetenv("NO_PROXY");
  EXPECT_NE(failed.find("cannot run 'apt-get -q update' in the image: "), std::string::npos)
      << failed;
  EXPECT_NE(failed.find("configured: http://proxy.example:3128, not for localhost"),
            std::string::npos)
      << failed;
  EXPECT_EQ(failed.find("secret"), std::string::npos) << failed;
}

TEST_F(PrepareTest, StopEndsTheApplianceAndLeavesNothing) {
  std::stop_source source;
  const auto stop_when_running = [&](const std::string& text, std::uint64_t, std::uint64_t) {
    if (text == "looking at the image") source.request_stop();
  };
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THROW(images_->prepare(image_, base(), prepared(), stop_when_running, source.get_token()),
               Cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 120s);
  EXPECT_TRUE(names_in(directory_ / "images").empty());
}

TEST_F(PrepareTest, BaseLargerThanItsCatalogueFileSaysIsRefused) {
  image_.disk_mib = 64;
  EXPECT_NE(what_is_thrown([&] {
              images_->prepare(image_, base(), prepared(), nullptr, {});
            }).find("more than the 64 MiB"),
            std::string::npos);
}

}  // namespace
}  // namespace vmlab
