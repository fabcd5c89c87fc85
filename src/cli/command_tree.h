// What the program can be told, as data: the source of completion and of the manual page. It is
// read off the very description that parses the command line.
#pragma once

#include <string>
#include <vector>

namespace vmlab {

struct OptionView {
  std::vector<std::string> names;    // `-u`, `--unit`; of a positional its one name: `NODE`
  std::string type;                  // `DIR`; empty for a flag
  std::vector<std::string> choices;  // the only words it takes; empty: any
  std::string description;
  std::string by_default;   // empty: not said
  std::string environment;  // variable that gives the default; empty: none
  bool required = false;
  bool repeats = false;
};

/// Whether a command takes another command after `--`.
enum class AfterDashes { nothing, optional, required };
AfterDashes after_dashes(const std::string& command);

struct CommandView {
  std::string path;  // `image list`; empty for the program itself
  std::string name;  // `list`
  std::string description;
  std::string group;     // heading that it stands under
  std::string examples;  // lines, indented; empty: none
  std::vector<OptionView> positionals;
  std::vector<OptionView> options;
  std::vector<CommandView> commands;
  AfterDashes words_after_dashes = AfterDashes::nothing;

  const CommandView* find(const std::string& command) const;  // by name; nullptr: none
};

/// The program itself, hidden commands left out.
CommandView command_tree();

}  // namespace vmlab
