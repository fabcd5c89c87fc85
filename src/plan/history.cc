#include "plan/history.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/text.h"

namespace vmlab {

using std::chrono::milliseconds;

std::string format_entry(const HistoryEntry& entry) {
  const auto started =
      std::chrono::duration_cast<milliseconds>(entry.started.time_since_epoch()).count();
  return fmt::format("{}\t{}\t{}\t{}\n", started, entry.took.count(), entry.id, entry.result);
}

namespace {

std::optional<milliseconds> parse_ms(std::string_view text) {
  milliseconds::rep number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
  return milliseconds(number);
}

}  // namespace

std::vector<HistoryEntry> parse_history(std::string_view text) {
  std::vector<HistoryEntry> entries;
  // A last line without its end was torn.
  const auto whole =
      text.substr(0, text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n'));
  for (const auto& line : lines(whole)) {
    const auto fields = split(line, '\t');
    if (fields.size() != 4) continue;
    const auto started = parse_ms(fields[0]);
    const auto took = parse_ms(fields[1]);
    if (!started || !took || (fields[3] != "done" && fields[3] != "failed")) continue;
    entries.push_back(
        {std::chrono::system_clock::time_point(*started), *took, fields[2], fields[3]});
  }
  return entries;
}

}  // namespace vmlab
