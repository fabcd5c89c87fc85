// One map of the user's file, read key by key with types; what is wrong goes to Problems.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lab/problems.h"
#include "lab/topology_keys.h"
#include "lab/yaml_tree.h"

namespace vmlab {

/// A value with the place where it was written.
template <class T>
struct Placed {
  T value;
  Mark mark;
};

class Section {
 public:
  /// Reports unknown keys. `tree` that is no map is reported and read as an empty one.
  Section(const YamlTree& tree, const TopologySection& known, Problems& problems,
          const std::string& where = {});  // in messages instead of known.name

  Mark mark() const { return tree_->mark; }
  /// nullptr when the key is absent. A key without value is reported and counts as absent.
  const YamlTree* find(const std::string& key) const;
  /// As find; absence is reported.
  const YamlTree* require(const std::string& key) const;

  // nullopt when absent, or of the wrong type, which is reported.
  std::optional<Placed<std::string>> text(const std::string& key) const;
  std::optional<Placed<unsigned>> number(const std::string& key, unsigned least,
                                         unsigned most) const;
  std::optional<Placed<bool>> flag(const std::string& key) const;
  std::optional<Placed<std::uint64_t>> size_mib(const std::string& key) const;
  /// A list of texts.
  std::optional<std::vector<Placed<std::string>>> texts(const std::string& key) const;

 private:
  const YamlTree* tree_;
  Problems* problems_;
  std::string where_;  // in quotes
};

/// The text of a scalar that is no number or boolean by its looks; reported otherwise. `what` names
/// it in the message.
std::optional<std::string> text_of(const YamlTree& tree, const std::string& what,
                                   Problems& problems);

/// `a map`, `a list`, `nothing`, or the text itself in quotes, cut short.
std::string shown(const YamlTree& tree);
/// In quotes, on one line, cut short.
std::string shown(std::string_view text);

/// "did you mean 'x'?", else "known: a, b, c" when that is short enough.
std::string suggestion(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace vmlab
