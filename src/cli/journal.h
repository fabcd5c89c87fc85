// Journals of nodes: what is asked for, what comes back, how it looks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/output_tables.h"
#include "cli/terminal.h"

namespace vmlab {

struct JournalQuery {
  std::vector<std::string> units;  // none: all of the journal
  unsigned lines = 0;              // the last ones; 0: all
  bool this_boot = false;
  std::string since;  // as journalctl(1) takes it
  bool follow = false;
};

/// journalctl as one line of shell; prints one JSON record a line.
std::string journal_script(const JournalQuery& query);

struct JournalEntry {
  std::int64_t time_us = 0;  // since 1970
  std::string node;
  std::string unit;  // without `.service`; else the program's name
  int priority = 6;  // syslog's: 3 and less are errors
  std::string message;
};

/// nullopt for what is no record.
std::optional<JournalEntry> read_journal_entry(const std::string& node, std::string_view line);

/// By time; entries of one moment stay in the order of `units`, then of the nodes.
void sort_journal(std::vector<JournalEntry>& entries, const std::vector<std::string>& units);

/// `2026-11-21 06:08:12.123 master-1 dcos-exhibitor: message`, in UTC; node padded to `name_width`,
/// left out when that is 0. Further lines of a message are indented.
std::string render_journal_entry(const JournalEntry& entry, std::size_t name_width, Style style);

struct UnitState {
  std::string node;
  std::string unit;   // without `.service`
  std::string state;  // `active (running)`, `failed (exit-code)`, …
  bool failed = false;
};

/// Whether systemd knows these units, each by its own name (`docker`, `fstrim.timer`), and which
/// services it has: as shell, and what that prints.
std::string unit_search_script(const std::vector<std::string>& units);
struct UnitSearch {
  std::vector<std::string> missing;   // of the units that were asked for
  std::vector<std::string> services;  // without `.service`; only when something is missing
};
UnitSearch read_unit_search(const std::vector<std::string>& units, std::string_view out);

/// systemctl as one line of shell, and what it prints: units that are not there are left out.
std::string unit_states_script(const std::vector<std::string>& units);
std::vector<UnitState> read_unit_states(const std::string& node, std::string_view out);
std::string render_unit_states(const std::vector<UnitState>& states, Style style);

}  // namespace vmlab
