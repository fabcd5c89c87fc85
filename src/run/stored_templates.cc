#include "run/stored_templates.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "plan/forking.h"

namespace vmlab {

namespace fs = std::filesystem;

namespace {

std::uint64_t bytes_in(const fs::path& directory, System& system) {
  std::uint64_t sum = 0;
  for (const auto& name : system.list(directory)) {
    if (const auto info = system.stat(directory / name)) sum += info->allocated_bytes;
  }
  return sum;
}

/// A backing file may be named relative to the disk that has it.
fs::path backing_of(const fs::path& disk, Ports& ports) {
  const auto info = ports.images.disk(disk);
  if (!info || info->backing_file.empty()) return {};
  return (disk.parent_path() / info->backing_file).lexically_normal();
}

/// Each disk of a lab that lies on another file.
void for_overlays(const Paths& paths, Ports& ports,
                  const std::function<void(const std::string& lab, const std::string& file,
                                           const fs::path& backing)>& visit) {
  for (const auto& lab : ports.system.list(paths.labs())) {
    for (const auto& file : ports.system.list(paths.lab(lab))) {
      if (fs::path(file).extension() != ".qcow2") continue;
      const auto backing = backing_of(paths.lab(lab) / file, ports);
      if (!backing.empty()) visit(lab, file, backing);
    }
  }
}

bool is_whole(const TemplateFiles& files, System& system) {
  return system.stat(files.sum) && system.stat(files.memory) && system.stat(files.disk);
}

bool is_made_now(const std::string& name, const Paths& paths, System& system) {
  return system.locked(paths.lock("template-" + name));
}

}  // namespace

std::vector<StoredTemplate> stored_templates(const Paths& paths, Ports& ports) {
  std::vector<StoredTemplate> found;
  const auto names = ports.system.list(paths.templates());
  if (names.empty()) return found;  // no disk of a lab need be read
  const auto users = users_of_disks(paths, ports);
  for (const auto& name : names) {
    const auto directory = paths.template_directory(name);
    const auto info = ports.system.stat(directory);
    if (!info || !info->directory) continue;
    const auto files = paths.template_files(name);
    StoredTemplate one{.name = name,
                       .note = parse_template_note(ports.system.read(files.about).value_or("")),
                       .whole = is_whole(files, ports.system),
                       .allocated_bytes = bytes_in(directory, ports.system),
                       .labs = {}};
    if (const auto labs = users.find(files.disk.lexically_normal()); labs != users.end()) {
      one.labs.assign(labs->second.begin(), labs->second.end());
    }
    found.push_back(std::move(one));
  }
  std::ranges::sort(found, {}, &StoredTemplate::name);
  return found;
}

std::map<fs::path, std::set<std::string>> users_of_disks(const Paths& paths, Ports& ports) {
  std::map<fs::path, std::set<std::string>> users;
  for_overlays(paths, ports,
               [&](const std::string& lab, const std::string&, const fs::path& backing) {
                 users[backing].insert(lab);
               });
  for (const auto& name : ports.system.list(paths.templates())) {
    const auto disk = paths.template_files(name).disk.lexically_normal();
    const auto labs = users.find(disk);
    if (labs == users.end()) continue;
    const auto below = backing_of(disk, ports);
    if (!below.empty()) users[below].insert(labs->second.begin(), labs->second.end());
  }
  return users;
}

std::vector<std::string> nodes_on_template(const std::string& name, const Paths& paths,
                                           Ports& ports) {
  std::vector<std::string> nodes;
  const auto disk = paths.template_files(name).disk.lexically_normal();
  for_overlays(paths, ports,
               [&](const std::string& lab, const std::string& file, const fs::path& backing) {
                 if (backing != disk) return;
                 nodes.push_back(fmt::format("{} of lab {}", fs::path(file).stem().string(), lab));
               });
  return nodes;
}

std::vector<LeftTemplate> left_templates(const Paths& paths, Ports& ports) {
  std::map<std::string, LeftTemplate> found;
  std::set<std::string> kept;
  for (const auto& stored : stored_templates(paths, ports)) {
    if (stored.whole || !stored.labs.empty()) {
      kept.insert(stored.name);
    } else {
      found[stored.name].directory = true;
    }
  }
  const auto prefix = template_domain({});
  for (const auto& domain : ports.hypervisor.domains()) {
    if (!domain.label || !domain.name.starts_with(prefix)) continue;
    const auto name = domain.name.substr(prefix.size());
    // Of another state directory: it is told by where its disks lie.
    const auto directory = paths.template_directory(name);
    const bool here = std::ranges::any_of(domain.shape.files, [&](const std::string& file) {
      return fs::path(file).parent_path() == directory;
    });
    if (here && !kept.contains(name)) found[name].domain = domain.name;
  }
  std::vector<LeftTemplate> result;
  for (auto& [name, left] : found) {
    if (is_made_now(name, paths, ports.system)) continue;
    left.name = name;
    result.push_back(std::move(left));
  }
  return result;
}

std::unique_ptr<Lock> lock_template(const std::string& name, const Paths& paths, System& system) {
  return system.lock(paths.lock("template-" + name));
}

void remove_template(const std::string& name, const Paths& paths, System& system) {
  // First what says that it is whole.
  system.remove(paths.template_files(name).sum);
  system.remove(paths.template_directory(name));
}

void remove_left_template(const LeftTemplate& left, const Paths& paths, Ports& ports) {
  try {
    const auto lock = lock_template(left.name, paths, ports.system);
    if (is_whole(paths.template_files(left.name), ports.system)) return;
    ports.hypervisor.remove_domain(template_domain(left.name));
    remove_template(left.name, paths, ports.system);
  } catch (const Error& error) {
    if (error.code() != ExitCode::locked) throw;
  }
}

}  // namespace vmlab
