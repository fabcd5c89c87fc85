// Tables for people and their JSON twins for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/terminal.h"
#include "run/session.h"

namespace vmlab {

/// Columns are as wide as their widest cell; cells hold no colour.
class Table {
 public:
  explicit Table(std::vector<std::string> head) : head_(std::move(head)) {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  /// Head in bold, two blanks between columns, no blanks at a line's end.
  std::string render(Style style) const;

 private:
  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
};

std::string render_status(const LabStatus& status, Style style);
/// {"name","file","network","release","phase","nodes":[{"name","group","role","address","phase",
/// "domain","reached","note","cpus","memory_mib"}],"notes":[…]}; null for nothing, and for
/// `reached` where the node was not asked.
nlohmann::ordered_json status_json(const LabStatus& status);

/// A JSON string, or null for an empty text.
nlohmann::ordered_json text_or_null(const std::string& text);

/// `value` with an indent of 2 and a line end; invalid UTF-8 is replaced, never thrown at.
std::string dump(const nlohmann::ordered_json& value);
std::string dump_line(const nlohmann::ordered_json& value);  // the same on one line

}  // namespace vmlab
