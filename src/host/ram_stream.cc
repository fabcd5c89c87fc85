#include "host/ram_stream.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/big_endian.h"

namespace vmlab {

namespace {

constexpr std::uint32_t stream_magic = 0x5145564d;
constexpr std::uint32_t stream_version = 3;
constexpr char section_start = 0x01;
constexpr char section_part = 0x02;
constexpr char section_end = 0x03;
constexpr char section_configuration = 0x07;
constexpr char section_footer = 0x7e;

constexpr std::uint64_t flag_mask = 0xfff;
constexpr std::uint64_t flag_zero = 0x02;
constexpr std::uint64_t flag_sizes = 0x04;
constexpr std::uint64_t flag_page = 0x08;
constexpr std::uint64_t flag_end = 0x10;
constexpr std::uint64_t flag_continued = 0x20;

constexpr std::size_t page_bytes = 4096;
constexpr std::string_view main_memory = "pc.ram";
constexpr std::uint64_t firmware_bytes = 1U << 20U;
// Of a guest; anything above is no length.
constexpr std::uint64_t most_memory_bytes = std::uint64_t{1} << 44U;
constexpr std::size_t most_name_bytes = 4096;

struct Unfamiliar {};

void need(bool familiar) {
  if (!familiar) throw Unfamiliar();
}

class Copy {
 public:
  Copy(std::istream& from, std::ostream& to) : from_(from), to_(to) {}

  void run() {
    need(number(4) == stream_magic && number(4) == stream_version);
    need(byte() == section_configuration);
    bytes(name_length(4));
    bool more = section();
    need(more);
    while (more) more = section();
    rest();
  }

 private:
  /// `count` bytes, taken over; to be used before the next ones are read.
  std::string_view bytes(std::size_t count) {
    const auto data = take(count);
    to_.write(data.data(), static_cast<std::streamsize>(data.size()));
    return data;
  }

  std::string_view take(std::size_t count) {
    need(count <= buffer_.size());
    need(bool(from_.read(buffer_.data(), static_cast<std::streamsize>(count))));
    return {buffer_.data(), count};
  }

  std::uint64_t number(std::size_t count) { return from_big_endian(bytes(count)); }
  char byte() { return bytes(1).front(); }

  std::size_t name_length(std::size_t count) {
    const auto length = number(count);
    need(length <= most_name_bytes);
    return length;
  }

  std::string name() { return std::string(bytes(name_length(1))); }

  void put_number(std::uint64_t value) {
    for (unsigned shift = 64; shift > 0; shift -= 8) {
      to_.put(static_cast<char>(value >> (shift - 8) & 0xffU));
    }
  }

  /// False after the last one of `ram`.
  bool section() {
    const char kind = byte();
    const auto id = number(4);
    if (kind == section_start) {
      need(!id_ && name() == "ram");
      id_ = id;
      bytes(8);
    } else {
      need((kind == section_part || kind == section_end) && id_ == id);
    }
    while (record()) {
    }
    need(byte() == section_footer && number(4) == id);
    return kind != section_end;
  }

  /// False after the section's last one.
  bool record() {
    const auto word = from_big_endian(take(8));
    const auto flags = word & flag_mask;
    const auto offset = word & ~flag_mask;
    if (flags == flag_end) {
      put_number(word);
      return false;
    }
    if (flags == flag_sizes) {
      put_number(word);
      sizes(offset);
      return true;
    }
    need((flags & ~flag_continued) == flag_zero || (flags & ~flag_continued) == flag_page);
    page(offset, flags);
    return true;
  }

  void sizes(std::uint64_t total) {
    while (total > 0) {
      const bool is_main = name() == main_memory;
      const auto length = number(8);
      need(length <= total && length <= most_memory_bytes);
      if (is_main) full_.assign(length / page_bytes, false);
      total -= length;
    }
  }

  void page(std::uint64_t offset, std::uint64_t flags) {
    if ((flags & flag_continued) == 0) {
      const auto length = from_big_endian(take(1));
      block_ = std::string(take(length));
    }
    need(!block_.empty());
    const bool is_main = block_ == main_memory;
    const auto at = offset / page_bytes;
    need(!is_main || at < full_.size());
    const bool is_zero = (flags & flag_zero) != 0;
    // A page that was written and is zero now must be told.
    if (is_zero && is_main && offset >= firmware_bytes && !full_[at]) {
      need(take(1).front() == 0);
      return;
    }
    const bool continued = block_ == written_block_;
    put_number(offset | (is_zero ? flag_zero : flag_page) | (continued ? flag_continued : 0));
    if (!continued) {
      to_.put(static_cast<char>(block_.size()));
      to_.write(block_.data(), static_cast<std::streamsize>(block_.size()));
      written_block_ = block_;
    }
    if (is_main && !is_zero) full_[at] = true;
    bytes(is_zero ? 1 : page_bytes);
  }

  void rest() {
    while (from_) {
      from_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
      to_.write(buffer_.data(), from_.gcount());
    }
    need(from_.eof());
  }

  std::istream& from_;
  std::ostream& to_;
  std::array<char, page_bytes> buffer_{};
  std::optional<std::uint64_t> id_;  // of section `ram`
  std::string block_;                // of the page before
  std::string written_block_;
  std::vector<bool> full_;  // pages of the main memory that are in the stream
};

}  // namespace

bool copy_without_zero_pages(std::istream& from, std::ostream& to) {
  try {
    Copy(from, to).run();
    return bool(to.flush());
  } catch (const Unfamiliar&) {
    return false;
  }
}

}  // namespace vmlab
