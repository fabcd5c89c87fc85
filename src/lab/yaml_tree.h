// YAML documents as plain values that keep what matters: positions, quotes, the order of keys.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "lab/lab.h"

namespace vmlab {

struct YamlEntry;

struct YamlTree {
  enum class Kind { null, scalar, list, map };
  Kind kind = Kind::null;
  std::string text;     // of a scalar
  bool quoted = false;  // a scalar in quotes or a block: never a number, a boolean or null
  std::string tag;      // explicit only, e.g. `tag:yaml.org,2002:binary`
  Mark mark;
  std::vector<YamlTree> items;
  std::vector<YamlEntry> entries;

  bool is_map() const { return kind == Kind::map; }
  bool is_list() const { return kind == Kind::list; }
  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_null() const { return kind == Kind::null; }
  const YamlTree* find(std::string_view key) const;  // nullptr when it is no map or has no such key

  // For documents made here.
  static YamlTree of_text(std::string text);   // a string, whatever it looks like
  static YamlTree of_plain(std::string text);  // a boolean or number
  static YamlTree of_list(std::vector<YamlTree> items);
  static YamlTree of_map(std::vector<YamlEntry> entries);
  void set(std::string key, YamlTree value);  // adds a pair at the end
};

struct YamlEntry {
  std::string key;
  YamlTree value;
  Mark mark;
  bool quoted = false;  // the key
};

/// Limits by which hostile input is refused before it costs anything.
struct YamlLimits {
  std::size_t bytes = std::size_t{1} << 20;
  int depth = 40;
  std::size_t values = 200'000;  // with aliases written out
  std::size_t problems = 100;    // those that do not end the reading
};

/// Reads one document. Aliases are written out. Problems (no UTF-8 text, too large, too deep, no
/// YAML, a second document, duplicate keys, keys that are no scalars) are added to `problems`, with
/// line and column (in bytes); nullopt when there is no tree to go on with. An empty document is a
/// null tree.
std::optional<YamlTree> read_yaml(std::string_view text, const std::string& file,
                                  std::vector<Diagnostic>& problems, const YamlLimits& limits = {});

/// Block style; reading it again gives an equal tree. Ends with a line end.
std::string write_yaml(const YamlTree& tree);

/// Adds `later` to `into`: maps are merged key by key, lists appended, a scalar replaced. A null
/// leaves what was there.
void merge_yaml(YamlTree& into, YamlTree later);

/// Types as PyYAML's safe loader gives them (YAML 1.1: `yes` is true, `0644` octal), but for times
/// and sexagesimal numbers, which stay text.
nlohmann::ordered_json yaml_to_json(const YamlTree& tree);

/// The value of a plain `true`, `no`, `On` …; nullopt for anything else.
std::optional<bool> yaml_bool(const YamlTree& tree);

}  // namespace vmlab
