#include "lab/yaml_tree.h"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iterator>

namespace vmlab {

const YamlTree* YamlTree::find(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &YamlEntry::key);
  return found == entries.end() ? nullptr : &found->value;
}

YamlTree YamlTree::of_text(std::string text) {
  YamlTree tree;
  tree.kind = Kind::scalar;
  tree.text = std::move(text);
  tree.quoted = true;
  return tree;
}

YamlTree YamlTree::of_plain(std::string text) {
  auto tree = of_text(std::move(text));
  tree.quoted = false;
  return tree;
}

YamlTree YamlTree::of_list(std::vector<YamlTree> items) {
  YamlTree tree;
  tree.kind = Kind::list;
  tree.items = std::move(items);
  return tree;
}

YamlTree YamlTree::of_map(std::vector<YamlEntry> entries) {
  YamlTree tree;
  tree.kind = Kind::map;
  tree.entries = std::move(entries);
  return tree;
}

void YamlTree::set(std::string key, YamlTree value) {
  entries.push_back({std::move(key), std::move(value), {}, false});
}

namespace {

/// Text that a literal block carries exactly and readably: whole lines of printable characters.
bool fits_literal(const std::string& text) {
  if (text.size() < 2 || text.back() != '\n' || text[text.size() - 2] == '\n') return false;
  if (text.front() == ' ' || text.front() == '\n' || text.front() == '\t') return false;
  return std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
}

/// Words that stay strings without quotes and need none to be read by people: they begin with a
/// letter or a slash, and YAML 1.1 gives them no other meaning.
bool fits_plain(const std::string& text) {
  if (text.empty() || text.size() > 200 || text.back() == ' ') return false;
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (!letter(text.front()) && text.front() != '/') return false;
  const bool harmless = std::ranges::all_of(text, [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || std::string_view("_./- ").find(c) < 5;
  });
  if (!harmless) return false;
  const auto word = YamlTree::of_plain(text);
  static constexpr std::array<std::string_view, 7> special = {"y",    "Y",    "n",   "N",
                                                              "null", "Null", "NULL"};
  return !yaml_bool(word) && std::ranges::find(special, text) == special.end();
}

void emit_scalar(YAML::Emitter& out, const std::string& text, bool quoted) {
  if (!quoted || fits_plain(text)) {
    out << text;
  } else if (fits_literal(text)) {
    out << YAML::Literal << text;
  } else {
    out << YAML::DoubleQuoted << text;
  }
}

/// A command or the like: fits on one line.
bool fits_line(const YamlTree& list) {
  return std::ranges::all_of(list.items, [](const YamlTree& item) {
    return item.is_scalar() && item.tag.empty() && item.text.find('\n') == std::string::npos;
  });
}

void emit(YAML::Emitter& out, const YamlTree& tree, bool in_list = false) {
  if (!tree.tag.empty() && !tree.is_null()) out << YAML::VerbatimTag(tree.tag);
  switch (tree.kind) {
    case YamlTree::Kind::null:
      out << YAML::Null;
      break;
    case YamlTree::Kind::scalar:
      emit_scalar(out, tree.text, tree.quoted);
      break;
    case YamlTree::Kind::list:
      if (tree.items.empty() || (in_list && fits_line(tree))) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const auto& item : tree.items) emit(out, item, true);
      out << YAML::EndSeq;
      break;
    case YamlTree::Kind::map:
      if (tree.entries.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const auto& [key, value, mark, quoted] : tree.entries) {
        out << YAML::Key;
        if (quoted && !fits_plain(key)) out << YAML::DoubleQuoted;
        out << key << YAML::Value;
        emit(out, value);
      }
      out << YAML::EndMap;
      break;
  }
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
  }
  std::int64_t number = 0;
  const auto* last = text.data() + text.size();
  if (text.empty() || text.starts_with('-')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), last, number, base);
  if (error != std::errc{} || end != last) return std::nullopt;
  return negative ? -number : number;
}

/// YAML 1.1 wants a dot in a float, and a sign in its exponent.
std::optional<double> to_float(const std::string& text) {
  const auto dot = text.find('.');
  const auto exponent = text.find_first_of("eE");
  if (dot == std::string::npos || (exponent != std::string::npos && exponent < dot)) return {};
  if (text.find_first_not_of("+-.0123456789eE") != std::string::npos) return std::nullopt;
  if (exponent != std::string::npos &&
      (exponent + 1 == text.size() || (text[exponent + 1] != '+' && text[exponent + 1] != '-'))) {
    return std::nullopt;
  }
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (end != text.c_str() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

nlohmann::ordered_json scalar_to_json(const YamlTree& tree) {
  if (tree.quoted) return tree.text;
  if (const auto flag = yaml_bool(tree)) return *flag;
  if (const auto number = to_integer(tree.text)) return *number;
  if (const auto number = to_float(tree.text)) return *number;
  return tree.text;
}

}  // namespace

std::optional<bool> yaml_bool(const YamlTree& tree) {
  if (!tree.is_scalar() || tree.quoted) return std::nullopt;
  for (const auto* word : {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}) {
    if (tree.text == word) return true;
  }
  for (const auto* word : {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}) {
    if (tree.text == word) return false;
  }
  return std::nullopt;
}

std::string write_yaml(const YamlTree& tree) {
  YAML::Emitter out;
  emit(out, tree);
  return std::string(out.c_str(), out.size()) + "\n";
}

void merge_yaml(YamlTree& into, YamlTree later) {
  if (later.is_null()) return;
  if (into.is_list() && later.is_list()) {
    std::ranges::move(later.items, std::back_inserter(into.items));
  } else if (into.is_map() && later.is_map()) {
    for (auto& entry : later.entries) {
      const auto found = std::ranges::find(into.entries, entry.key, &YamlEntry::key);
      if (found == into.entries.end()) {
        into.entries.push_back(std::move(entry));
      } else {
        merge_yaml(found->value, std::move(entry.value));
      }
    }
  } else {
    into = std::move(later);
  }
}

nlohmann::ordered_json yaml_to_json(const YamlTree& tree) {
  switch (tree.kind) {
    case YamlTree::Kind::null:
      return nullptr;
    case YamlTree::Kind::scalar:
      return scalar_to_json(tree);
    case YamlTree::Kind::list: {
      auto list = nlohmann::ordered_json::array();
      for (const auto& item : tree.items) list.push_back(yaml_to_json(item));
      return list;
    }
    case YamlTree::Kind::map:
      break;
  }
  // Not operator[]: an ordered_json looks through all its keys for each.
  nlohmann::ordered_json::object_t map;
  for (const auto& entry : tree.entries) {
    map.emplace_back(entry.key, yaml_to_json(entry.value));
  }
  return map;
}

}  // namespace vmlab
