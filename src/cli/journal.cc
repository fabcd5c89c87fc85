#include "cli/journal.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>

#include "base/text.h"

namespace vmlab {

using nlohmann::json;

namespace {

std::string text_of(const json& record, const char* key) {
  const auto found = record.find(key);
  if (found == record.end()) return {};
  if (found->is_string()) return found->get<std::string>();
  // What is no UTF-8 comes as a list of bytes.
  std::string text;
  if (found->is_array()) {
    for (const auto& byte : *found) {
      if (byte.is_number_unsigned()) text += static_cast<char>(byte.get<unsigned>());
    }
  }
  return text;
}

std::string without_suffix(std::string unit) {
  constexpr std::string_view suffix = ".service";
  if (unit.ends_with(suffix)) unit.resize(unit.size() - suffix.size());
  return unit;
}

template <class Number>
Number number_of(const std::string& text, Number otherwise) {
  Number number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

std::string journal_script(const JournalQuery& query) {
  std::vector<std::string> words = {"journalctl", "--no-pager", "-q", "-o", "json"};
  if (query.this_boot) words.emplace_back("-b");
  if (query.lines > 0) words.push_back(fmt::format("--lines={}", query.lines));
  if (!query.since.empty()) words.push_back("--since=" + query.since);
  if (query.follow) words.emplace_back("--follow");
  for (const auto& unit : query.units) words.push_back("--unit=" + unit);
  return "exec " + shell_join(words);
}

std::optional<JournalEntry> read_journal_entry(const std::string& node, std::string_view line) {
  const auto record = json::parse(line, nullptr, false);
  if (!record.is_object()) return std::nullopt;
  JournalEntry entry;
  entry.node = node;
  entry.time_us = number_of<std::int64_t>(text_of(record, "__REALTIME_TIMESTAMP"), 0);
  entry.priority = number_of(text_of(record, "PRIORITY"), 6);
  entry.message = text_of(record, "MESSAGE");
  // UNIT is what systemd itself speaks about.
  for (const auto* key : {"UNIT", "_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER", "_COMM"}) {
    entry.unit = without_suffix(text_of(record, key));
    if (!entry.unit.empty() && !entry.unit.ends_with(".scope")) break;
  }
  return entry;
}

void sort_journal(std::vector<JournalEntry>& entries, const std::vector<std::string>& units) {
  std::map<std::string, std::size_t> order;
  for (const auto& unit : units) order.emplace(unit, order.size());
  const auto place = [&](const JournalEntry& entry) {
    const auto found = order.find(entry.unit);
    return found == order.end() ? order.size() : found->second;
  };
  std::ranges::stable_sort(entries, [&](const JournalEntry& a, const JournalEntry& b) {
    return a.time_us != b.time_us ? a.time_us < b.time_us : place(a) < place(b);
  });
}

std::string render_journal_entry(const JournalEntry& entry, std::size_t name_width, Style style) {
  const std::chrono::sys_seconds second(
      std::chrono::seconds(entry.time_us / std::int64_t{1'000'000}));
  const auto ms = entry.time_us / 1000 % 1000;
  const auto time = fmt::format("{:%Y-%m-%d %H:%M:%S}.{:03}",
                                fmt::gmtime(std::chrono::system_clock::to_time_t(second)), ms);
  auto head = style.dim(time) + " ";
  if (name_width > 0) head += style.cyan(pad(entry.node, name_width)) + " ";
  head += printable(entry.unit) + ": ";
  std::string text;
  for (const auto& line : lines(strip_ansi(entry.message))) {
    const auto shown = printable(line);
    const auto coloured = entry.priority <= 3   ? style.red(shown)
                          : entry.priority == 4 ? style.yellow(shown)
                                                : shown;
    text += (text.empty() ? head : "    ") + coloured + "\n";
  }
  return text.empty() ? head + "\n" : text;
}

std::string unit_search_script(const std::vector<std::string>& units) {
  std::vector<std::string> words = {"systemctl", "--no-pager", "show", "-p", "LoadState", "--"};
  words.insert(words.end(), units.begin(), units.end());
  // systemd itself reads every file for its list, which takes half a minute of an emulated node.
  return "states=$(" + shell_join(words) + ")\nprintf '%s\\n' \"$states\"\n" +
         "case $states in *=not-found*) ls -1 /etc/systemd/system /run/systemd/system "
         "/usr/lib/systemd/system /lib/systemd/system 2>/dev/null ;; esac\nexit 0\n";
}

UnitSearch read_unit_search(const std::vector<std::string>& units, std::string_view out) {
  constexpr std::string_view key = "LoadState=";
  UnitSearch search;
  std::size_t answered = 0;
  for (const auto& line : lines(out)) {
    if (line.starts_with(key)) {
      if (answered < units.size() && line == "LoadState=not-found") {
        search.missing.push_back(units[answered]);
      }
      ++answered;
    } else if (line.ends_with(".service") && line.find('@') == std::string::npos) {
      search.services.push_back(without_suffix(line));
    }
  }
  return search;
}

std::string unit_states_script(const std::vector<std::string>& units) {
  std::vector<std::string> words = {"systemctl", "--no-pager", "show", "-p",
                                    "Id,LoadState,ActiveState,SubState,Result"};
  for (const auto& unit : units) words.push_back(unit + ".service");
  return shell_join(words);
}

std::vector<UnitState> read_unit_states(const std::string& node, std::string_view out) {
  std::vector<UnitState> states;
  std::map<std::string, std::string> values;
  const auto take = [&] {
    if (!values["Id"].empty() && values["LoadState"] != "not-found") {
      UnitState state;
      state.node = node;
      state.unit = without_suffix(values["Id"]);
      state.failed = values["ActiveState"] == "failed" || values["SubState"] == "auto-restart" ||
                     (values["Result"] != "success" && !values["Result"].empty());
      const auto& detail = values["Result"] == "success" || values["Result"].empty()
                               ? values["SubState"]
                               : values["SubState"] + ", " + values["Result"];
      state.state = fmt::format("{} ({})", values["ActiveState"], detail);
      states.push_back(std::move(state));
    }
    values.clear();
  };
  for (const auto& line : lines(out)) {
    const auto equals = line.find('=');
    if (equals == std::string::npos) {
      take();
    } else {
      values[line.substr(0, equals)] = line.substr(equals + 1);
    }
  }
  take();
  return states;
}

std::string render_unit_states(const std::vector<UnitState>& states, Style style) {
  Table table({"NODE", "UNIT", "STATE"});
  for (const auto& state : states) table.add({state.node, state.unit, state.state});
  return table.render(style);
}

}  // namespace vmlab
