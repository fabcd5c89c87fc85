// An image of the catalogue (images/*.yaml): how a guest's first disk comes to be.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace vmlab {

enum class Family { debian, rhel };
std::string to_text(Family family);

/// Built on this host: mmdebstrap, then libguestfs makes the disk.
struct BuildSource {
  std::string suite;                  // `bookworm`
  std::vector<std::string> packages;  // on top of the minimal base
  bool operator==(const BuildSource&) const = default;
};

/// Downloaded over https; verified against `sha256`, or the vendor's checksum file, before use.
struct DownloadSource {
  std::string url;
  std::string sha256;  // lower-case hex, or empty
  std::string
      checksums_url;  // file of lines `<hex>  <name>` or `SHA256 (<name>) = <hex>`, or empty
  std::string algorithm = "sha256";  // of the checksum file: sha256 or sha512
  bool operator==(const DownloadSource&) const = default;
};

struct Image {
  std::string name;
  std::string description;
  Family family = Family::debian;
  std::variant<BuildSource, DownloadSource> source;
  std::string format = "qcow2";  // of the base file
  std::uint64_t disk_mib = 0;    // virtual size of the base; a node's disk is at least this
  std::vector<std::string> kernel_arguments;
  std::vector<std::string> packages;  // installed offline while it is prepared
  /// Files written into the prepared image: absolute path -> text, mode 0644.
  std::map<std::string, std::string> files;
  /// Argument vectors run inside the appliance's chroot while it is prepared, in order.
  std::vector<std::vector<std::string>> commands;
  /// It has /usr/lib/vmlab/template-ready and /usr/lib/vmlab/become: a running guest of it can be
  /// made another node. Part of no hash.
  bool forkable = false;
  bool operator==(const Image&) const = default;
};

/// Parses one catalogue file. Throws BadInput naming every problem with line and column.
Image parse_image(std::string_view text, const std::string& file);

/// Hash of everything that the base image depends on.
std::string base_hash(const Image& image);
/// Hash of everything that the prepared image depends on, the base included.
std::string prepared_hash(const Image& image);

}  // namespace vmlab
