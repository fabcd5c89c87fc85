#include "base/units.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "base/text.h"

namespace vmlab {

std::optional<std::uint64_t> parse_size_mib(std::string_view text) {
  text = trim(text);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || number == 0) return std::nullopt;
  const auto unit = trim(text.substr(static_cast<std::size_t>(end - text.data())));
  std::uint64_t factor = 0;
  if (unit == "MiB" || unit == "M") factor = 1;
  if (unit == "GiB" || unit == "G") factor = 1024;
  if (unit == "TiB" || unit == "T") factor = std::uint64_t{1024} * 1024;
  constexpr auto most = std::numeric_limits<std::uint64_t>::max() >> 24;  // bytes must fit too
  if (factor == 0 || number > most / factor) return std::nullopt;
  return number * factor;
}

std::string format_size_mib(std::uint64_t size_mib) {
  if (size_mib % 1024 == 0) return fmt::format("{} GiB", size_mib / 1024);
  return fmt::format("{} MiB", size_mib);
}

std::string format_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024;
  if (bytes < kib) return fmt::format("{} B", bytes);
  if (bytes < kib * kib) return fmt::format("{} KiB", bytes / kib);
  if (bytes < kib * kib * kib) return fmt::format("{} MiB", bytes / (kib * kib));
  return fmt::format("{:.1f} GiB",
                     static_cast<double>(bytes) / static_cast<double>(kib * kib * kib));
}

std::string format_duration(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  const auto s = ms / 1000;
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

}  // namespace vmlab
