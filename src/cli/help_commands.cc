// Commands that help with the command line: completion and the manual's pages.
#include <fmt/format.h>

#include <algorithm>

#include "cli/catalogue.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "cli/manual.h"
#include "dcos/units.h"

namespace vmlab {

namespace {

/// Labs that are known, or the one that is meant.
std::vector<std::string> labs_meant(const Context& context, const std::string& lab) {
  if (!lab.empty()) return {lab};
  return known_labs(context.settings, context.ports);
}

Names nodes_of_labs(const Context& context, const std::string& meant) {
  Names names;
  for (const auto& lab : labs_meant(context, meant)) {
    try {
      for (const auto& [name, role] : recall_nodes(lab, context.settings, context.ports)) {
        names.push_back({name, to_text(role)});
      }
    } catch (const std::exception&) {
      continue;  // its file is gone or wrong: another lab's nodes may still be meant
    }
  }
  return names;
}

Names checkpoints_of_labs(const Context& context, const std::string& meant) {
  Names names;
  for (const auto& name : labs_meant(context, meant)) {
    const auto lab = lab_of(context, name, Installer::unseen);
    for (const auto& checkpoint : checkpoints(lab, context.settings, context.ports)) {
      names.push_back({checkpoint.name, "of lab " + name});
    }
  }
  return names;
}

Names units() {
  Names names;
  for (const auto role : {Role::master, Role::agent, Role::public_agent, Role::bootstrap}) {
    for (const auto& unit : troubleshooting_units(role)) {
      if (std::ranges::find(names, unit, &Candidate::word) == names.end()) {
        names.push_back({unit, ""});
      }
    }
  }
  return names;
}

NamesOf names_of(const Context& context) {
  NamesOf names;
  names.labs = [&context] {
    Names labs;
    for (const auto& name : known_labs(context.settings, context.ports)) {
      labs.push_back({name, "lab"});
    }
    return labs;
  };
  names.nodes = [&context](const std::string& lab) { return nodes_of_labs(context, lab); };
  names.images = [&context] {
    Names images;
    for (const auto& image : catalogue_images(context.settings.library)) {
      images.push_back({image.name, image.description});
    }
    return images;
  };
  names.checkpoints = [&context](const std::string& lab) {
    return checkpoints_of_labs(context, lab);
  };
  names.units = units;
  return names;
}

}  // namespace

ExitCode run_completion(const Context& context) {
  context.console.result(completion_script(context.invocation.page));
  return ExitCode::done;
}

ExitCode run_complete(const Context& context) {
  try {
    const auto found = complete(command_tree(), context.invocation.words, names_of(context));
    context.console.result(to_text(found));
  } catch (const Error&) {
    return ExitCode::failed;  // in the middle of a line nobody wants to read why
  } catch (const BadInput&) {
    return ExitCode::failed;
  }
  return ExitCode::done;
}

ExitCode run_manual(const Context& context) {
  auto& console = context.console;
  if (context.invocation.page == "commands") {
    console.result(commands_page(command_tree(), VMLAB_VERSION));
    return ExitCode::done;
  }
  const auto exists = [&](const std::filesystem::path& path) {
    return context.ports.system.stat(path).has_value();
  };
  const auto topologies = find_library(library_search(), exists).data / "topologies";
  const auto schema = context.ports.system.read(topologies / "schema.json");
  const auto example = context.ports.system.read(topologies / "dcos.yaml");
  if (!schema || !example) {
    throw Error(fmt::format("cannot find '{}'", (topologies / "schema.json").string()));
  }
  const auto parsed = nlohmann::ordered_json::parse(*schema);
  console.result(topology_page(parsed, *example, VMLAB_VERSION));
  return ExitCode::done;
}

}  // namespace vmlab
