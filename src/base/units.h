// Units of size and time as people write them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vmlab {

/// `8GiB`, `512 MiB`, `1TiB`, also G, M, T (binary, as QEMU reads them). nullopt when it is no
/// size, is zero, is no whole number of MiB, or does not fit.
std::optional<std::uint64_t> parse_size_mib(std::string_view text);

/// Shortest exact text: `8 GiB`, `1536 MiB`.
std::string format_size_mib(std::uint64_t size_mib);

/// `1.4 GiB`, `640 MiB`, `12 KiB`: rounded, for people.
std::string format_bytes(std::uint64_t bytes);

/// `850 ms`, `12 s`, `3 min 05 s`, `1 h 02 min`.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace vmlab
