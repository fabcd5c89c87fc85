#include "lab/image.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "support/lab_samples.h"

namespace vmlab {
namespace {

const std::string built = R"(description: a small one
family: debian
disk: 20GiB
build: {suite: bookworm, packages: [linux-image-cloud-amd64, g++]}
kernel_arguments: [console=ttyS0, systemd.unified_cgroup_hierarchy=0]
packages: [docker.io, chrony]
files:
  /etc/modules-load.d/overlay.conf: |
    overlay
commands:
  - [systemctl, mask, firewalld]
)";

const std::string fetched = R"(family: rhel
disk: 10GiB
download:
  url: https://example.org/rocky.qcow2
  checksums_url: https://example.org/SUMS
  algorithm: sha512
)";

std::vector<std::string> image_problems(const std::string& text,
                                        const std::string& file = "i.yaml") {
  try {
    parse_image(text, file);
    return {};
  } catch (const BadInput& bad) {
    std::vector<std::string> found;
    for (const auto& p : bad.problems()) {
      found.push_back(std::to_string(p.line) + ":" + std::to_string(p.column) + ": " + p.message);
    }
    return found;
  }
}

TEST(Image, ReadsOneThatIsBuiltHere) {
  const auto image = parse_image(built, "images/debian-12.yaml");
  EXPECT_EQ(image.name, "debian-12");
  EXPECT_EQ(image.family, Family::debian);
  EXPECT_EQ(image.disk_mib, 20U * 1024);
  EXPECT_EQ(image.format, "qcow2");
  const auto& source = std::get<BuildSource>(image.source);
  EXPECT_EQ(source.suite, "bookworm");
  EXPECT_EQ(source.packages.size(), 2U);
  EXPECT_EQ(image.kernel_arguments[1], "systemd.unified_cgroup_hierarchy=0");
  EXPECT_EQ(image.files.at("/etc/modules-load.d/overlay.conf"), "overlay\n");
  EXPECT_EQ(image.commands[0].size(), 3U);
}

TEST(Image, ReadsOneThatIsDownloaded) {
  const auto image = parse_image(fetched, "images/rocky-9.5.yaml");
  EXPECT_EQ(image.name, "rocky-9.5");
  EXPECT_EQ(image.family, Family::rhel);
  const auto& source = std::get<DownloadSource>(image.source);
  EXPECT_EQ(source.url, "https://example.org/rocky.qcow2");
  EXPECT_EQ(source.checksums_url, "https://example.org/SUMS");
  EXPECT_EQ(source.algorithm, "sha512");
}

TEST(Image, EveryImageOfTheCatalogueIsRead) {
  const auto library = test::project_library();
  EXPECT_TRUE(library.images.contains("debian-12"));
  for (const auto& [name, text] : library.images) {
    const auto image = parse_image(text, "images/" + name + ".yaml");
    EXPECT_EQ(image.name, name);
    EXPECT_FALSE(image.description.empty()) << name;
    EXPECT_LE(image.disk_mib, 20U * 1024) << name << ": larger than the quickstart's disks";
  }
}

TEST(Image, SaysEverythingThatIsWrong) {
  const auto found = image_problems(
      "family: suse\ndisk: 10\ndownlod: {}\ndownload: {url: "
      "'http://x', algorithm: md5, sha256: XY}\npackages: ['-f', 'a b', ok]\n"
      "files: {etc/x: a, /a/../b: c, /d/: e, /ok: [f]}\n"
      "commands: [ls, [], [ok, 1]]\nformat: vmdk\nforkable: perhaps\n");
  const std::vector<std::string> all = {
      "1:9: unknown family 'suse'",
      "2:7: 'disk' must be a size like 8GiB or 512MiB, not '10'",
      "3:1: unknown key 'downlod' in 'image'",
      "4:17: 'url' must begin with https://, not 'http://x'",
      "4:40: 'algorithm' must be sha256 or sha512, not 'md5'",
      "4:53: bad sha256 'XY'",
      "5:12: '-f' cannot stand in 'packages'",
      "5:18: 'a b' cannot stand in 'packages'",
      "6:9: file name 'etc/x' is no absolute path in its plain form",
      "6:19: file name '/a/../b' is no absolute path in its plain form",
      "6:31: file name '/d/' is no absolute path in its plain form",
      "6:44: the text of '/ok' must be text, not a list",
      "7:12: a command must be a list of arguments, not 'ls'",
      "7:16: a command must be a list of arguments, not a list",
      "8:9: 'format' must be qcow2 or raw, not 'vmdk'",
      "9:11: 'forkable' must be true or false, not 'perhaps'"};
  EXPECT_EQ(found, all);
}

TEST(Image, HasOneSource) {
  EXPECT_EQ(image_problems("family: debian\ndisk: 1GiB\n"),
            std::vector<std::string>{"1:1: an image has either 'build' or 'download'"});
  EXPECT_EQ(image_problems(
                built + "download: {url: 'https://x/y', sha256: " + std::string(64, 'a') + "}\n"),
            std::vector<std::string>{"1:1: an image has either 'build' or 'download'"});
  EXPECT_EQ(image_problems("family: debian\ndisk: 1GiB\ndownload: {url: 'https://x/y'}\n"),
            std::vector<std::string>{"3:11: a download needs its sha256 or a checksums_url"});
}

TEST(Image, IsNamedAfterItsFile) {
  EXPECT_EQ(image_problems(built, "My Image.yaml"),
            std::vector<std::string>{
                "1:1: bad image name 'My Image': the file is named after its image"});
}

TEST(Image, CanBeForkedWhereItSaysSo) {
  EXPECT_FALSE(parse_image(built, "i.yaml").forkable);
  EXPECT_FALSE(parse_image(built + "forkable: false\n", "i.yaml").forkable);
  const auto image = parse_image(built + "forkable: true\n", "i.yaml");
  EXPECT_TRUE(image.forkable);
  EXPECT_EQ(prepared_hash(image), prepared_hash(parse_image(built, "i.yaml")))
      << "its files tell what is in it";
}

TEST(Image, EmptyAndNoise) {
  EXPECT_FALSE(image_problems("").empty());
  EXPECT_FALSE(image_problems("- a\n").empty());
  EXPECT_FALSE(image_problems("\x01\x02").empty());
}

TEST(Image, PreparedHashFollowsTheBaseAndThePreparation) {
  const auto image = parse_image(built, "debian-12.yaml");
  auto described = image;
  described.description = "other words";
  EXPECT_EQ(prepared_hash(image), prepared_hash(described));

  auto packages = image;
  packages.packages.emplace_back("unzip");
  EXPECT_EQ(base_hash(image), base_hash(packages));
  EXPECT_NE(prepared_hash(image), prepared_hash(packages));

  auto commands = image;
  commands.commands[0] = {"systemctl", "mask", "ufw"};
  EXPECT_NE(prepared_hash(image), prepared_hash(commands));
  auto files = image;
  files.files.begin()->second += "x";
  EXPECT_NE(prepared_hash(image), prepared_hash(files));

  auto base = image;
  std::get<BuildSource>(base.source).packages.emplace_back("vim");
  EXPECT_NE(base_hash(image), base_hash(base));
  EXPECT_NE(prepared_hash(image), prepared_hash(base));
  EXPECT_EQ(prepared_hash(image).size(), 64U);
}

}  // namespace
}  // namespace vmlab
