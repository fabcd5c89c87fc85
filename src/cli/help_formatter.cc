#include "cli/help_formatter.h"

#include "base/text.h"
#include "cli/command_tree.h"

namespace vmlab {

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  auto usage = CLI::Formatter::make_usage(app, std::move(name));
  const auto after = after_dashes(app->get_name());
  if (after == AfterDashes::nothing) return usage;
  const auto end = usage.find_last_not_of('\n') + 1;
  return usage.insert(end, after == AfterDashes::required ? " -- CMD..." : " [-- CMD...]");
}

/// What its validators say stays for the error; what is required is in the usage.
std::string HelpFormatter::make_option_opts(const CLI::Option* option) const {
  std::string text;
  if (option->get_type_size() != 0) {
    const auto type = option->get_type_name();
    const auto word = trim(std::string_view(type).substr(0, type.find(':')));
    if (!word.empty()) text += " " + std::string(word);
    if (!option->get_default_str().empty()) text += "=" + option->get_default_str();
  }
  if (!option->get_envname().empty())
    text += " (" + get_label("Env") + ":" + option->get_envname() + ")";
  return text;
}

}  // namespace vmlab
