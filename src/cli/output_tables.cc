#include "cli/output_tables.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace vmlab {

using nlohmann::ordered_json;

std::string Table::render(Style style) const {
  std::vector<std::size_t> widths(head_.size(), 0);
  const auto measure = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      widths[i] = std::max(widths[i], width(printable(row[i])));
    }
  };
  measure(head_);
  for (const auto& row : rows_) measure(row);

  const auto line_of = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < std::min(row.size(), widths.size()); ++i) {
      if (i > 0) line += "  ";
      line += pad(printable(row[i]), widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    return line;
  };
  auto text = style.bold(line_of(head_)) + "\n";
  for (const auto& row : rows_) text += line_of(row) + "\n";
  return text;
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

std::string dump(const ordered_json& value) {
  return value.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string dump_line(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string render_status(const LabStatus& status, Style style) {
  auto text = fmt::format("lab {}  {}\n", style.bold(status.name), to_text(status.phase));
  const auto fact = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) text += fmt::format("  {} {}\n", pad(name, 9), printable(value));
  };
  fact("topology", status.file);
  fact("network", status.network);
  fact("release", status.release);
  text += '\n';
  Table table({"NODE", "ROLE", "ADDRESS", "PHASE", "DOMAIN", "SSH", "CPUS", "MEMORY", "NOTE"});
  for (const auto& node : status.nodes) {
    table.add({node.name, to_text(node.role), node.address.text(), to_text(node.phase),
               node.domain_state,
               !node.asked    ? "-"
               : node.reached ? "yes"
                              : "no",
               std::to_string(node.cpus), format_size_mib(node.memory_mib), node.note});
  }
  text += table.empty() ? "no nodes\n" : table.render(style);
  for (const auto& note : status.notes) {
    text += fmt::format("{} {}\n", style.yellow("note:"), printable(note));
  }
  return text;
}

ordered_json status_json(const LabStatus& status) {
  ordered_json record;
  record["name"] = status.name;
  record["file"] = text_or_null(status.file);
  record["network"] = text_or_null(status.network);
  record["release"] = text_or_null(status.release);
  record["phase"] = to_text(status.phase);
  record["nodes"] = ordered_json::array();
  for (const auto& node : status.nodes) {
    ordered_json entry;
    entry["name"] = node.name;
    entry["group"] = text_or_null(node.group);
    entry["role"] = to_text(node.role);
    entry["address"] =
        node.address.value == 0 ? ordered_json(nullptr) : ordered_json(node.address.text());
    entry["phase"] = to_text(node.phase);
    entry["domain"] = node.domain_state;
    entry["reached"] = node.asked ? ordered_json(node.reached) : ordered_json(nullptr);
    entry["note"] = text_or_null(node.note);
    entry["cpus"] = node.cpus;
    entry["memory_mib"] = node.memory_mib;
    record["nodes"].push_back(std::move(entry));
  }
  record["notes"] = status.notes;
  return record;
}

}  // namespace vmlab
