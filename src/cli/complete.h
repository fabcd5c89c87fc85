// Completion of a command line: which words may stand next, found live.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/command_tree.h"

namespace vmlab {

struct Candidate {
  std::string word;
  std::string description;
  bool operator==(const Candidate&) const = default;
};

struct Completion {
  std::vector<Candidate> candidates;
  bool files = false;     // names of files fit, too
  bool no_blank = false;  // more of the same word may follow: `agent-1:`
  bool operator==(const Completion&) const = default;
};

/// A name and what kind of thing it is: `master-1`, `master`.
using Names = std::vector<Candidate>;

/// What there is; asked only for what fits. `lab` may be empty: any.
struct NamesOf {
  std::function<Names()> labs;
  std::function<Names(const std::string& lab)> nodes;
  std::function<Names()> images;
  std::function<Names(const std::string& lab)> checkpoints;
  std::function<Names()> units;
};

/// An option's value among the words, `--state-dir X` or `--state-dir=X`; empty: not given.
std::string value_among(const std::vector<std::string>& words, const std::string& option);

/// `words` follow the program's name; the last one, perhaps empty, is being typed.
Completion complete(const CommandView& program, const std::vector<std::string>& words,
                    const NamesOf& names);

/// For the shells' scripts: a line `word TAB description` each, then `:files`, `:no-blank`.
std::string to_text(const Completion& completion);

/// Script that has a shell (bash, zsh, fish) ask the program. Throws Error for another shell.
std::string completion_script(const std::string& shell);

}  // namespace vmlab
