#include "cli/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "cli/command_line.h"
#include "cli/complete.h"
#include "cli/help_formatter.h"

namespace vmlab {

namespace {

std::string exit_codes() {
  std::string text;
  for (const auto& [code, meaning] : exit_code_meanings) {
    text += fmt::format("{}{} {}", text.empty() ? "Exit codes: " : ", ", static_cast<int>(code),
                        meaning);
  }
  return text + ".";
}

/// All commands, described; fills `into` when it parses.
class CommandLine {
 public:
  explicit CommandLine(Invocation& into) : into_(into) {
    app_.name("vmlab");
    app_.require_subcommand(0, 1);
    app_.set_help_flag("-h,--help", "this text");
    app_.allow_extras();
    app_.set_version_flag("--version", "vmlab " VMLAB_VERSION, "the version of vmlab");
    app_.formatter(std::make_shared<HelpFormatter>());
    app_.get_formatter()->column_width(34);
    app_.get_formatter()->label("SUBCOMMAND", "COMMAND");
    app_.footer(
        "Examples:\n"
        "  vmlab up topologies/dcos.yaml      nothing -> running cluster; again: continues\n"
        "  vmlab status                       nodes, addresses, phases\n"
        "  vmlab ssh master-1                 a shell on a node\n"
        "  vmlab down dcos                    remove all of the lab\n\n" +
        exit_codes());
    add_globals();
    add_lab_commands();
    add_node_commands(app_, into_);
    add_picture_commands(app_, into_);
    add_host_commands(app_, into_);
    add_recovery_commands(app_, into_);
    add_image_commands();
    add_help_commands(app_, into_);
    group_commands(app_);
  }

  const CLI::App& app() const { return app_; }

  void parse(std::vector<std::string> words) {
    std::ranges::reverse(words);  // CLI11 takes them from the back
    try {
      app_.parse(words);
    } catch (const CLI::CallForHelp&) {
      // Help on a command that there is not would be help on something else.
      if (!chosen()->get_subcommands({}).empty()) refuse_extras(*chosen());
      into_.text = app_.help();
      return;
    } catch (const CLI::CallForVersion&) {
      into_.command = "version";
      return;
    } catch (const CLI::ConversionError& error) {
      fail(not_converted(error.what()));
    } catch (const CLI::ParseError& error) {
      fail(error.what());
    }
    const auto* last = chosen();
    refuse_extras(*last);
    into_.command = path_of(last);
    if (last == &app_) fail("a command is missing");
    if (const auto known = commands_of(*last); !known.empty()) {
      fail("a command is missing after '" + last->get_name() + "'", std::nullopt,
           "commands: " + join(known, ", "));
    }
  }

 private:
  void add_globals() {
    app_.add_option("--state-dir", into_.state_dir, "where labs and images live")
        ->envname("VMLAB_STATE_DIR")
        ->type_name("DIR")
        ->capture_default_str();
    app_.add_option("--connect", into_.connect, "libvirt connection")
        ->envname("VMLAB_CONNECT")
        ->type_name("URI")
        ->capture_default_str();
    add_choice(app_, "--log-format", into_.log_format, "how progress is told",
               {{"auto", LogFormat::automatic},
                {"tty", LogFormat::tty},
                {"plain", LogFormat::plain},
                {"json", LogFormat::json}});
    auto* verbose = app_.add_flag("-v,--verbose", into_.verbose,
                                  "tell also what running steps say; twice: and each call to "
                                  "libvirt, to nodes and by HTTP");
    app_.add_flag("-q,--quiet", into_.quiet, "say only what failed and how it ended")
        ->excludes(verbose);
    app_.add_option("--log-file", into_.log_file,
                    "append there all that -vv would tell, with times; for your eyes only")
        ->type_name("FILE");
  }

  void add_lab_commands() {
    auto* up =
        add_command(app_, "up", "make a topology file's lab real; run again it continues",
                    "  vmlab up topologies/dcos.yaml\n"
                    "  vmlab up topologies/dcos.yaml --accelerator tcg\n"
                    "  vmlab up dcos --agents 5 --set agent.memory=16GiB\n"
                    "  vmlab up dcos --prune               removes nodes that are gone from it\n"
                    "  vmlab up topologies/dcos.yaml --log-format json | jq .");
    up->add_option("FILE", into_.target, targets_help)->type_name(" ");
    add_choice(
        *up, "--accelerator", into_.accelerator, "how guests run; auto: kvm where it works",
        {{"auto", Accelerator::automatic}, {"kvm", Accelerator::kvm}, {"tcg", Accelerator::tcg}});

    up->add_flag("--replace", into_.replace, "wipe nodes that were installed differently");
    up->add_flag("--no-checkpoint", into_.no_checkpoint, "save no checkpoints on the way");

    auto* plan = add_command(app_, "plan", "what `up` would do, and why; changes nothing",
                             "  vmlab plan topologies/dcos.yaml\n"
                             "  vmlab plan topologies/dcos.yaml --json");
    plan->add_option("FILE", into_.target, targets_help)->type_name(" ");
    add_json(plan, into_);

    for (auto* command : {up, plan}) {
      add_boot(command, into_,
               "how new nodes come to run: forked from a template's memory, or booted; auto: what "
               "pays");
      add_changes(command, into_);
    }

    auto* validate = add_command(app_, "validate", "check topology files; all problems at once",
                                 "  vmlab validate topologies/*.yaml");
    validate->add_option("FILE", into_.files, "topology files")->type_name(" ")->required();

    auto* down = add_command(app_, "down", "remove all that a lab made, and nothing else",
                             "  vmlab down dcos\n"
                             "  vmlab down topologies/dcos.yaml");
    down->add_option("LAB", into_.target, "a lab's name, or its topology file")
        ->type_name(" ")
        ->required();

    add_command(app_, "version", "the version of vmlab", "  vmlab version");
  }

  void add_image_commands() {
    auto* image = add_command(app_, "image", "images that nodes start from",
                              "  vmlab image list\n"
                              "  vmlab image build debian-12\n"
                              "  vmlab image prune --dry-run");
    auto* list = add_command(*image, "list", "the catalogue, what of it is here, and templates",
                             "  vmlab image list --json");
    add_json(list, into_);
    auto* build = add_command(*image, "build", "make the prepared image, with all that it needs",
                              "  vmlab image build debian-12");
    build->add_option("NAME", into_.images, "images of the catalogue")->type_name(" ")->required();
    auto* pull =
        add_command(*image, "pull", "download the base image only", "  vmlab image pull rocky-9");
    pull->add_option("NAME", into_.images, "images of the catalogue")->type_name(" ")->required();
    auto* verify = add_command(*image, "verify", "check the files that are here",
                               "  vmlab image verify\n"
                               "  vmlab image verify debian-12");
    verify->add_option("NAME", into_.images, "images of the catalogue; default: all")
        ->type_name(" ");
    add_json(verify, into_);
    auto* prune = add_command(*image, "prune",
                              "remove files of no image of the catalogue, and unused templates",
                              "  vmlab image prune --dry-run\n"
                              "  vmlab image prune --all");
    prune->add_flag("--all", into_.all, "current images too; never one that a lab uses");
    prune->add_flag("--dry-run", into_.dry_run, "only say what would be removed");
    add_json(prune, into_);
  }

  template <class Value>
  static void add_choice(CLI::App& command, const std::string& name, Value& value,
                         const std::string& description,
                         const std::vector<std::pair<std::string, Value>>& choices) {
    std::vector<std::string> words;
    words.reserve(choices.size());
    for (const auto& choice : choices) words.push_back(choice.first);
    const auto read = [&value, choices](const std::string& word) {
      value = std::ranges::find(choices, word, &std::pair<std::string, Value>::first)->second;
    };
    take_only(command.add_option_function<std::string>(name, read, description), words);
  }

  const CLI::App* chosen() const {
    const CLI::App* last = &app_;
    while (!last->get_subcommands().empty()) last = last->get_subcommands().front();
    return last;
  }

  std::string path_of(const CLI::App* command) const {
    if (command == &app_) return {};
    const auto parent = path_of(command->get_parent());
    return parent.empty() ? command->get_name() : parent + " " + command->get_name();
  }

  /// All that CLI11 converts is numbers: `Could not convert: --agents = -3`.
  static std::string not_converted(const std::string& what) {
    const std::string before = "Could not convert: ";
    const auto equals = what.find(" = ");
    if (!what.starts_with(before) || equals == std::string::npos) return what;
    return fmt::format("{} takes a number, not '{}'",
                       what.substr(before.size(), equals - before.size()), what.substr(equals + 3));
  }

  /// Names of the commands below, in the order of the help; hidden ones left out.
  static std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const auto* command : app.get_subcommands({})) {
      if (!command->get_group().empty()) names.push_back(command->get_name());
    }
    return names;
  }

  void refuse_extras(const CLI::App& last) const {
    const auto extras = app_.remaining(true);
    if (extras.empty()) return;
    const auto& word = extras.front();
    if (word.size() > 1 && word[0] == '-') {
      std::vector<std::string> known;
      for (const auto* command = &last; command != nullptr; command = command->get_parent()) {
        for (const auto* option : command->get_options()) {
          for (const auto& name : option->get_lnames()) known.push_back("--" + name);
        }
      }
      fail(fmt::format("unknown option '{}'", word), closest(word, known));
    }
    if (auto known = commands_of(last); !known.empty()) {
      std::ranges::sort(known);
      fail(fmt::format("unknown command '{}'", word), closest(word, known),
           "commands: " + join(known, ", "));
    }
    std::string hint;
    if (after_dashes(last.get_name()) != AfterDashes::nothing) {
      hint = fmt::format("a command to run stands after '--': vmlab {} ... -- {}", last.get_name(),
                         join(extras, " "));
    }
    fail(fmt::format("'{}' is one word too many", word), std::nullopt, hint);
  }

  [[noreturn]] void fail(const std::string& what,
                         const std::optional<std::string>& meant = std::nullopt,
                         const std::string& otherwise = {}) const {
    const auto path = path_of(chosen());
    const auto program = path.empty() ? std::string("vmlab") : "vmlab " + path;
    auto hint = otherwise.empty() ? fmt::format("see `{} --help`", program) : otherwise;
    if (meant) hint = fmt::format("did you mean '{}'?", *meant);
    throw Error(program + ": " + what, hint, ExitCode::bad_input);
  }

  Invocation& into_;
  CLI::App app_{"One topology file -> a lab of virtual machines, DC/OS installed on it."};
};

}  // namespace

CommandView command_tree() {
  Invocation ignored;
  return view_of(CommandLine(ignored).app(), {});
}

Invocation parse_command_line(const std::vector<std::string>& words) {
  Invocation invocation;
  if (const char* uri = std::getenv("LIBVIRT_DEFAULT_URI"); uri != nullptr && *uri != '\0') {
    invocation.connect = uri;
  }
  auto ours = words;
  // `vmlab help up` is what people try first.
  if (!ours.empty() && ours.front() == "help") {
    ours.erase(ours.begin());
    ours.emplace_back("--help");
  }
  // What follows `--` belongs to the command on the node, whatever it looks like.
  const auto dashes = std::ranges::find(ours, "--");
  const bool on_nodes = std::any_of(ours.begin(), dashes, [](const std::string& word) {
    return after_dashes(word) != AfterDashes::nothing;
  });
  if (dashes != ours.end() && on_nodes) {
    invocation.words.assign(dashes + 1, ours.end());
    ours.erase(dashes, ours.end());
  }
  CommandLine(invocation).parse(std::move(ours));
  if (invocation.command == "__complete") {  // the line that is completed says where labs live
    const auto place = value_among(invocation.words, "--state-dir");
    if (!place.empty()) invocation.state_dir = place;
  }
  if (invocation.command == "test") {
    if (invocation.checkpoint.empty()) invocation.checkpoint = "installed";
    if (invocation.words.empty()) {
      throw Error("vmlab test: a command is missing after '--'",
                  "for example: vmlab test dcos -- pytest tests", ExitCode::bad_input);
    }
  }
  if (invocation.command == "exec" && invocation.words.empty()) {
    throw Error("vmlab exec: a command is missing after '--'",
                "for example: vmlab exec 'agent-*' -- docker ps", ExitCode::bad_input);
  }
  return invocation;
}

}  // namespace vmlab
