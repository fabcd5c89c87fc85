// vmlab(1).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "cli/manual.h"
#include "cli/options.h"
#include "cli/roff.h"

namespace vmlab {

namespace {

using Pair = std::pair<const char*, const char*>;

constexpr std::array<Pair, 5> files = {{
    {"/var/lib/vmlab/images", "images, as downloaded and as prepared"},
    {"/var/lib/vmlab/labs/LAB", "disks, consoles, history and evidence of a lab"},
    {"/var/lib/vmlab/labs/LAB/ssh_config",
     "for other programs that reach nodes by ssh: `ssh -F … master-1`"},
    {"/usr/share/vmlab/topologies", "topologies to begin with, and their schema"},
    {"/usr/share/vmlab/images", "the catalogue of images; copy one to make your own"},
}};

constexpr std::array<Pair, 4> more_environment = {{
    {"LIBVIRT_DEFAULT_URI", "the libvirt connection where VMLAB_CONNECT is not set"},
    {"VMLAB_DATA", "directory that holds images/, cloud-init/ and topologies/"},
    {"NO_COLOR", "not empty: no colours, also on a terminal"},
    {"http_proxy, https_proxy, no_proxy", "for downloads, and for packages put into an image"},
}};

std::string capitals(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string placeholder(const OptionView& positional) {
  auto word = positional.names.front();
  if (positional.repeats) word += "...";
  return positional.required ? word : "[" + word + "]";
}

/// `-u, --unit UNIT`, as roff.
std::string option_term(const OptionView& option) {
  std::string term;
  for (const auto& name : option.names) {
    term += (term.empty() ? "" : ", ") + roff_bold(name);
  }
  if (option.type.empty()) return term;
  return term + " " + (option.choices.empty() ? roff_italic(option.type) : roff_bold(option.type));
}

std::string option_text(const OptionView& option) {
  auto text = option.description;
  if (!option.choices.empty() && option.names.front()[0] != '-') {
    text += ": " + join(option.choices, ", ");
  }
  if (!option.by_default.empty()) text += fmt::format("; default: {}", option.by_default);
  if (!option.environment.empty()) text += fmt::format(" (or ${})", option.environment);
  return text + ".";
}

void describe_command(ManualPage& page, const CommandView& command) {
  if (!command.commands.empty()) {
    for (const auto& below : command.commands) describe_command(page, below);
    return;
  }
  page.subsection(synopsis(command));
  page.paragraph(command.description + ".");
  for (const auto& positional : command.positionals) {
    page.item(roff_italic(positional.names.front()), option_text(positional));
  }
  for (const auto& option : command.options) {
    if (option.names.back() != "--help") page.item(option_term(option), option_text(option));
  }
  if (!command.examples.empty()) page.verbatim(command.examples);
}

void add_environment(ManualPage& page, const CommandView& program) {
  page.section("ENVIRONMENT");
  for (const auto& option : program.options) {
    if (option.environment.empty()) continue;
    page.item(roff_bold(option.environment), option.description + ".");
  }
  for (const auto& [name, text] : more_environment) {
    page.item(roff_bold(name), std::string(text) + ".");
  }
}

}  // namespace

std::string synopsis(const CommandView& command) {
  auto text = "vmlab " + command.path;
  for (const auto& positional : command.positionals) text += " " + placeholder(positional);
  if (command.words_after_dashes == AfterDashes::required) text += " -- CMD...";
  if (command.words_after_dashes == AfterDashes::optional) text += " [-- CMD...]";
  return text;
}

std::string commands_page(const CommandView& program, const std::string& version) {
  ManualPage page("VMLAB", 1, "vmlab " + version);
  page.section("NAME");
  page.line("vmlab \\- labs of virtual machines, and DC/OS on them, from one topology file");
  page.section("SYNOPSIS");
  page.line(roff_bold("vmlab") + " [" + roff_italic("OPTIONS") + "] " + roff_italic("COMMAND") +
            " [" + roff_italic("ARGUMENTS") + "]");
  page.section("DESCRIPTION");
  page.paragraph(program.description +
                 " What the file wants is compared with what there is, and what is missing is "
                 "done: the same command continues after a failure, and does nothing on a lab "
                 "that is finished. The file is described in vmlab-topology(5).");
  page.verbatim(program.examples);
  std::string group;
  for (const auto& command : program.commands) {
    if (command.group != group)
      page.section(fmt::format("\"COMMANDS: {}\"", capitals(command.group)));
    group = command.group;
    describe_command(page, command);
  }
  page.section("OPTIONS");
  page.paragraph("Every command takes these, before it or after it.");
  for (const auto& option : program.options) page.item(option_term(option), option_text(option));
  page.section("\"EXIT STATUS\"");
  for (const auto& [code, meaning] : exit_code_meanings) {
    page.item(roff_bold(std::to_string(static_cast<int>(code))), std::string(meaning) + ".");
  }
  add_environment(page, program);
  page.section("FILES");
  for (const auto& [name, text] : files) page.item(roff_bold(name), std::string(text) + ".");
  page.section("\"SEE ALSO\"");
  page.line(".BR vmlab\\-topology (5),");
  page.line(".BR virsh (1),");
  page.line(".BR ssh (1)");
  return page.text();
}

}  // namespace vmlab
