#include "lab/section.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.h"
#include "base/units.h"

namespace vmlab {

std::string suggestion(const std::string& word, const std::vector<std::string>& candidates) {
  if (const auto near = closest(word, candidates)) return fmt::format("did you mean '{}'?", *near);
  if (candidates.empty() || candidates.size() > 20) return {};
  return "known: " + join(candidates, ", ");
}

std::string shown(std::string_view text) {
  std::size_t end = std::min<std::size_t>(text.size(), 60);
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  std::string line = "'";
  for (const char c : text.substr(0, end)) line += c >= 0 && c < ' ' ? ' ' : c;
  return line + (end < text.size() ? "…'" : "'");
}

std::string shown(const YamlTree& tree) {
  switch (tree.kind) {
    case YamlTree::Kind::null:
      return "nothing";
    case YamlTree::Kind::list:
      return "a list";
    case YamlTree::Kind::map:
      return "a map";
    case YamlTree::Kind::scalar:
      break;
  }
  return shown(tree.text);
}

std::optional<std::string> text_of(const YamlTree& tree, const std::string& what,
                                   Problems& problems) {
  if (tree.is_scalar()) return tree.text;
  problems.add(tree.mark, fmt::format("{} must be text, not {}", what, shown(tree)));
  return std::nullopt;
}

Section::Section(const YamlTree& tree, const TopologySection& known, Problems& problems,
                 const std::string& where)
    : tree_(&tree), problems_(&problems), where_(shown(where.empty() ? known.name : where)) {
  if (!tree.is_map()) {
    problems.add(tree.mark, fmt::format("{} must be a map, not {}", where_, shown(tree)),
                 "known keys: " + join(known.keys, ", "));
    return;
  }
  for (const auto& entry : tree.entries) {
    if (std::ranges::find(known.keys, entry.key) != known.keys.end()) continue;
    problems.add(entry.mark, fmt::format("unknown key {} in {}", shown(entry.key), where_),
                 suggestion(entry.key, known.keys));
  }
}

const YamlTree* Section::find(const std::string& key) const {
  const auto* value = tree_->find(key);
  if (value == nullptr || !value->is_null()) return value;
  problems_->add(value->mark, fmt::format("'{}' has no value", key));
  return nullptr;
}

const YamlTree* Section::require(const std::string& key) const {
  if (tree_->is_map() && tree_->find(key) == nullptr) {
    problems_->add(tree_->mark, fmt::format("'{}' is missing in {}", key, where_));
  }
  return find(key);
}

std::optional<Placed<std::string>> Section::text(const std::string& key) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  auto text = text_of(*value, "'" + key + "'", *problems_);
  if (!text) return std::nullopt;
  return Placed<std::string>{std::move(*text), value->mark};
}

std::optional<Placed<unsigned>> Section::number(const std::string& key, unsigned least,
                                                unsigned most) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  unsigned number = 0;
  const auto& text = value->text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!value->is_scalar() || value->quoted || error != std::errc{} ||
      end != text.data() + text.size() || number < least || number > most) {
    problems_->add(value->mark, fmt::format("'{}' must be a whole number from {} to {}, not {}",
                                            key, least, most, shown(*value)));
    return std::nullopt;
  }
  return Placed<unsigned>{number, value->mark};
}

std::optional<Placed<bool>> Section::flag(const std::string& key) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto flag = yaml_bool(*value)) return Placed<bool>{*flag, value->mark};
  problems_->add(value->mark,
                 fmt::format("'{}' must be true or false, not {}", key, shown(*value)));
  return std::nullopt;
}

namespace {

/// `write 8GiB` for `8GB`, `8 gib` or `8g`, `add a unit: 8GiB` for `8`; else empty.
std::string size_meant(std::string_view written) {
  written = trim(written);
  const auto digits = written.substr(0, written.find_first_not_of("0123456789"));
  auto unit = std::string(trim(written.substr(digits.size())));
  std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::toupper(c); });
  for (const char letter : {'G', 'M', 'T'}) {
    const auto meant = fmt::format("{}{}iB", digits, letter);
    if (!parse_size_mib(meant)) return {};
    if (unit.empty()) return "add a unit: " + meant;
    for (const auto* rest : {"", "B", "IB"}) {
      if (unit == letter + std::string(rest)) return "write " + meant;
    }
  }
  return {};
}

}  // namespace

std::optional<Placed<std::uint64_t>> Section::size_mib(const std::string& key) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->is_scalar()) {
    if (const auto size = parse_size_mib(value->text)) {
      return Placed<std::uint64_t>{*size, value->mark};
    }
  }
  problems_->add(value->mark,
                 fmt::format("'{}' must be a size like 8GiB or 512MiB, not {}", key, shown(*value)),
                 value->is_scalar() ? size_meant(value->text) : "");
  return std::nullopt;
}

std::optional<std::vector<Placed<std::string>>> Section::texts(const std::string& key) const {
  const auto* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_list()) {
    problems_->add(value->mark, fmt::format("'{}' must be a list, not {}", key, shown(*value)),
                   value->is_scalar() ? fmt::format("write [{}]", value->text) : "");
    return std::nullopt;
  }
  std::vector<Placed<std::string>> texts;
  for (const auto& item : value->items) {
    if (auto text = text_of(item, "an entry of '" + key + "'", *problems_)) {
      texts.push_back({std::move(*text), item.mark});
    }
  }
  return texts;
}

}  // namespace vmlab
