#include "run/leftovers.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "run/apply.h"

namespace vmlab {

namespace {

bool lies_in(const std::filesystem::path& directory, const std::string& file) {
  const auto inside = std::filesystem::path(file).lexically_relative(directory).string();
  return !inside.empty() && !inside.starts_with("..");
}

}  // namespace

std::vector<Leftover> leftovers(const Settings& settings, Ports& ports) {
  const auto& paths = settings.paths;
  const auto known = known_labs(settings, ports);
  const auto owned = [&](const std::string& lab) {
    return std::ranges::find(known, lab) != known.end();
  };
  std::map<std::string, Leftover> found;
  std::set<std::string> of_others;
  for (const auto& name : ports.system.list(paths.labs())) {
    if (!owned(name)) found[name].directory = true;
  }
  for (const auto& domain : ports.hypervisor.domains()) {
    if (!domain.label || owned(domain.label->lab)) continue;
    const auto& lab = domain.label->lab;
    const bool here = std::ranges::all_of(
        domain.shape.files, [&](const std::string& file) { return lies_in(paths.lab(lab), file); });
    if (here) {
      found[lab].domains.push_back(domain.name);
    } else {
      of_others.insert(lab);
    }
  }
  for (const auto& network : ports.hypervisor.networks()) {
    if (!network.label || owned(network.label->lab)) continue;
    const auto& lab = network.label->lab;
    const auto& of = network.label->state_directory;
    if (of == paths.root.string() || (of.empty() && found.contains(lab))) {
      found[lab].network = network.name;
    } else if (!of.empty()) {
      of_others.insert(lab);
    }
  }
  std::vector<Leftover> result;
  for (auto& [name, leftover] : found) {
    if (of_others.contains(name)) continue;
    leftover.lab = name;
    result.push_back(std::move(leftover));
  }
  return result;
}

UnusedReleases unused_releases(const Settings& settings, Ports& ports) {
  UnusedReleases unused;
  const auto& paths = settings.paths;
  // Before the labs: one that downloads now was known before its file was there.
  const auto names = ports.system.list(paths.releases());
  if (names.empty()) return unused;
  std::set<std::string> used;
  for (const auto& name : known_labs(settings, ports)) {
    try {
      const auto lab = recall_lab(name, settings, ports, Installer::unseen);
      if (!lab.dcos) continue;
      const auto file = local_release(lab.dcos->release, paths).filename().string();
      used.insert({file, file + ".part"});
    } catch (const std::exception&) {
      unused.unknown = fmt::format("the topology of lab '{}' cannot be read", name);
      return unused;
    }
  }
  for (const auto& name : names) {
    if (!used.contains(name)) unused.files.push_back(paths.releases() / name);
  }
  return unused;
}

}  // namespace vmlab
