#include "cli/complete.h"

#include <algorithm>

#include "base/text.h"

namespace vmlab {

namespace {

/// Where the words before the last one lead.
struct Place {
  const CommandView* command;
  std::vector<const OptionView*> options;  // the command's, then those of every command
  const OptionView* pending = nullptr;     // an option whose value comes next
  std::size_t positionals = 0;             // so many are there
  bool on_node = false;                    // after `--`: not ours
  std::string lab;
};

const OptionView* option_named(const Place& place, const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  for (const auto* option : place.options) {
    if (std::ranges::find(option->names, name) != option->names.end()) return option;
  }
  return nullptr;
}

Place place_after(const CommandView& program, const std::vector<std::string>& words) {
  Place place{.command = &program, .options = {}, .pending = nullptr, .lab = {}};
  const auto take_options = [&place](const CommandView& command) {
    std::vector<const OptionView*> own;
    for (const auto& option : command.options) own.push_back(&option);
    place.options.insert(place.options.begin(), own.begin(), own.end());
  };
  take_options(program);
  for (const auto& word : words) {
    if (place.pending != nullptr) {
      place.pending = nullptr;
    } else if (word == "--") {
      place.on_node = true;
      return place;
    } else if (word.size() > 1 && word[0] == '-') {
      const auto* option = option_named(place, word);
      const bool takes = option != nullptr && !option->type.empty();
      if (takes && word.find('=') == std::string::npos) place.pending = option;
    } else if (const auto* next = place.command->find(word); next != nullptr) {
      place.command = next;
      take_options(*next);
    } else if (!place.command->path.empty() || word != "help") {
      ++place.positionals;
    }
  }
  return place;
}

class Completer {
 public:
  Completer(std::string typed, std::string lab, const NamesOf& names)
      : typed_(std::move(typed)), lab_(std::move(lab)), names_(names) {}

  void add(const std::string& word, const std::string& description) {
    const Candidate candidate{prefix_ + word, description};
    auto& all = found_.candidates;
    const bool known = std::ranges::find(all, candidate.word, &Candidate::word) != all.end();
    if (!known && candidate.word.starts_with(typed_)) all.push_back(candidate);
  }

  void add_all(const Names& names) {
    for (const auto& name : names) add(name.word, name.description);
  }

  void add_options(const Place& place) {
    for (const auto* option : place.options) {
      const auto& name = option->names.back();
      if (name != "--help") add(name, option->description);
    }
    add("--help", "how it is used");
  }

  /// What an option or a positional of `command` stands for.
  void add_values(const OptionView& option, const CommandView& command) {
    for (const auto& choice : option.choices) add(choice, "");
    if (!option.choices.empty()) return;
    const auto name = option.names.back().starts_with("-") ? option.type : option.names.back();
    if (name == "LAB") {
      add_all(names_.labs());
      found_.files = option.names.back() == "LAB";
    } else if (name == "NODE") {
      add_all(names_.nodes(lab_));
    } else if (name == "PATTERN") {
      add_pattern();
    } else if (name == "NAME") {
      add_all(command.path.starts_with("image ") ? names_.images() : names_.checkpoints(lab_));
    } else if (name == "UNIT") {
      add_all(names_.units());
    } else if (name == "FILE" && command.path == "cp") {
      add_places();
    } else if (name == "FILE" || name == "DIR") {
      const bool may_be_lab = option.description.find("name of a lab") != std::string::npos;
      if (may_be_lab) add_all(names_.labs());
      found_.files = true;
    }
  }

  void begin_after(const std::string& prefix) { prefix_ = prefix; }
  Completion done() { return std::move(found_); }

 private:
  /// After a comma the next pattern begins; groups of nodes have one of their own.
  void add_pattern() {
    prefix_ = typed_.substr(0, typed_.rfind(',') + 1);
    const auto nodes = names_.nodes(lab_);
    add_all(nodes);
    for (const auto& node : nodes) {
      const auto dash = node.word.rfind('-');
      if (dash != std::string::npos) add(node.word.substr(0, dash) + "-*", "all of them");
    }
    add("*", "all nodes");
  }

  void add_places() {
    found_.files = true;
    for (const auto& node : names_.nodes(lab_)) add(node.word + ":", node.description);
    found_.no_blank = !found_.candidates.empty();
  }

  std::string typed_;
  std::string lab_;
  std::string prefix_;
  const NamesOf& names_;
  Completion found_;
};

}  // namespace

std::string value_among(const std::vector<std::string>& words, const std::string& option) {
  for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
    if (words[i] == option && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with(option + "=")) return words[i].substr(option.size() + 1);
  }
  return {};
}

Completion complete(const CommandView& program, const std::vector<std::string>& words,
                    const NamesOf& names) {
  if (words.empty()) return {};
  const std::vector<std::string> before(words.begin(), words.end() - 1);
  const auto& typed = words.back();
  const auto place = place_after(program, before);
  Completer completer(typed, value_among(before, "--lab"), names);
  if (place.on_node) return {};
  const auto equals = typed.find('=');
  if (place.pending != nullptr) {
    completer.add_values(*place.pending, *place.command);
  } else if (typed.starts_with("--") && equals != std::string::npos) {
    const auto* option = option_named(place, typed);
    if (option == nullptr) return {};
    completer.begin_after(typed.substr(0, equals + 1));
    completer.add_values(*option, *place.command);
  } else if (typed.starts_with("-")) {
    completer.add_options(place);
  } else if (!place.command->commands.empty()) {
    for (const auto& command : place.command->commands) {
      completer.add(command.name, command.description);
    }
  } else if (!place.command->positionals.empty()) {
    const auto& all = place.command->positionals;
    const bool beyond = place.positionals >= all.size();
    if (!beyond) {
      completer.add_values(all[place.positionals], *place.command);
    } else if (all.back().repeats) {
      completer.add_values(all.back(), *place.command);
    }
  }
  return completer.done();
}

std::string to_text(const Completion& completion) {
  std::string text;
  for (const auto& candidate : completion.candidates) {
    text += candidate.word;
    if (!candidate.description.empty()) text += "\t" + candidate.description;
    text += "\n";
  }
  if (completion.files) text += ":files\n";
  if (completion.no_blank) text += ":no-blank\n";
  return text;
}

}  // namespace vmlab
