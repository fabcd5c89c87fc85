#include "cli/command_tree.h"

#include <algorithm>

#include "base/text.h"
#include "cli/command_line.h"

namespace vmlab {

namespace {

OptionView view_of(const CLI::Option& option) {
  OptionView view;
  if (option.get_positional()) {
    view.names.push_back(option.get_name(true));
  } else {
    for (const auto& name : option.get_snames()) view.names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) view.names.push_back("--" + name);
  }
  if (option.get_items_expected_max() > 0) {
    view.type = trim(option.get_type_name());
    if (view.type.find('|') != std::string::npos) view.choices = split(view.type, '|');
  }
  view.description = option.get_description();
  view.by_default = option.get_default_str();
  view.environment = option.get_envname();
  view.required = option.get_required();
  view.repeats = option.get_items_expected_max() > 1 ||
                 option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  return view;
}

struct Group {
  const char* heading;
  std::vector<const char*> commands;
};

const std::vector<Group>& groups() {
  static const std::vector<Group> all = {
      {"Labs", {"up", "plan", "validate", "status", "down", "protect"}},
      {"Nodes", {"ssh", "exec", "console", "cp", "logs", "start", "stop", "restart"}},
      {"Going back", {"reset", "checkpoint", "test"}},
      {"The cluster", {"endpoints", "nodes", "services"}},
      {"Pictures and other tools", {"graph", "report", "export"}},
      {"This host", {"doctor", "image", "gc"}},
      {"Help", {"completion", "version"}},
  };
  return all;
}

/// The examples are all of the footer but its first line, up to an empty one.
std::string examples_of(const std::string& footer) {
  const std::string heading = "Examples:\n";
  if (!footer.starts_with(heading)) return {};
  const auto end = footer.find("\n\n");
  return footer.substr(heading.size(), end - heading.size()) + "\n";
}

}  // namespace

AfterDashes after_dashes(const std::string& command) {
  if (command == "ssh") return AfterDashes::optional;
  const bool takes = command == "exec" || command == "test" || command == "__complete";
  return takes ? AfterDashes::required : AfterDashes::nothing;
}

const CommandView* CommandView::find(const std::string& command) const {
  const auto found = std::ranges::find(commands, command, &CommandView::name);
  return found == commands.end() ? nullptr : &*found;
}

void group_commands(CLI::App& app) {
  for (const auto& group : groups()) {
    for (const auto* name : group.commands) {
      const auto command = app.get_subcommand_ptr(name);
      command->group(group.heading);
      // To the end: they are shown in the order in which they were added.
      app.remove_subcommand(command.get());
      app.add_subcommand(command);
    }
  }
}

CommandView view_of(const CLI::App& app, const std::string& parent) {
  CommandView view;
  view.name = app.get_name();
  if (app.get_parent() != nullptr) {
    view.path = parent.empty() ? view.name : parent + " " + view.name;
  }
  view.description = app.get_description();
  view.group = app.get_group();
  view.words_after_dashes = after_dashes(view.path);
  view.examples = examples_of(app.get_footer());
  for (const auto* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    (option->get_positional() ? view.positionals : view.options).push_back(view_of(*option));
  }
  for (const auto* command : app.get_subcommands({})) {
    if (!command->get_group().empty()) view.commands.push_back(view_of(*command, view.path));
  }
  return view;
}

}  // namespace vmlab
