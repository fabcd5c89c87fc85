// libvirt's save image of a QEMU domain (format version 2), as far as making one domain's memory
// another's needs it: a fixed header, then a block with the domain's XML and libvirt's cookie, then
// QEMU's stream (see ram_stream.h).
//
// Layout, little endian (libvirt src/qemu/qemu_saveimage.h): 16 bytes `LibvirtQemudSave`, u32
// version, u32 length of the block, u32 was running, u32 compression, u32 offset of the cookie in
// the block (0: none), 14 x u32 unused.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>

namespace vmlab {

constexpr std::size_t save_header_bytes = 16 + 5 * 4 + 14 * 4;

struct SaveHeader {
  std::uint32_t version = 2;
  std::uint32_t was_running = 1;
  std::uint32_t compression = 0;
  std::string xml;
  std::string cookie;           // without its NUL; empty: none
  std::size_t block_bytes = 0;  // length of the block; QEMU's stream follows it
};

/// Parses the beginning of a save image. Throws Error for another magic, version or a torn file.
SaveHeader parse_save_header(std::string_view data, const std::string& file);

/// Header and block with exactly `block_bytes` for the block, so that the stream keeps its place
/// (and a copy of the file may share its blocks). The XML is padded with blanks. Throws Error when
/// it does not fit.
std::string render_save_header(const SaveHeader& header);

/// Reads the header of a file.
SaveHeader read_save_header(const std::filesystem::path& file);

/// Copies `from` to the new file `to` under another header, mode 0600: shares blocks where the file
/// system can, else copies what is not a hole. Such copies go one at a time, in whatever process,
/// from directories that lie side by side: a disk writes one quicker than two at once. Throws
/// Cancelled when stopped, Error also when its turn does not come within ten minutes.
void copy_save_image(const std::filesystem::path& from, const std::filesystem::path& to,
                     const SaveHeader& header, const std::stop_token& stop);

/// Leaves the zero pages of the guest's memory out of a save image. The file stays as it was when
/// its format is another, or there is no room for a second one beside it.
void leave_out_zero_pages(const std::filesystem::path& file);

}  // namespace vmlab
