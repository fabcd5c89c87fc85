// Templates that are here, and what lies on what.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "host/ports.h"
#include "plan/paths.h"
#include "plan/template_note.h"

namespace vmlab {

/// A directory below Paths::templates.
struct StoredTemplate {
  std::string name;
  std::optional<TemplateNote> note;   // nullopt: it does not tell
  bool whole = false;                 // otherwise it is being made, or its making was cut off
  std::uint64_t allocated_bytes = 0;  // of all its files
  std::vector<std::string> labs;      // whose disks lie on its own
};

/// By name.
std::vector<StoredTemplate> stored_templates(const Paths& paths, Ports& ports);

/// File that disks of labs lie on, itself or below a template's disk -> names of those labs.
std::map<std::filesystem::path, std::set<std::string>> users_of_disks(const Paths& paths,
                                                                      Ports& ports);

/// Nodes whose disks lie on a template's, as `node of lab x`, by name.
std::vector<std::string> nodes_on_template(const std::string& name, const Paths& paths,
                                           Ports& ports);

/// A template whose making was cut off, and on which nothing lies.
struct LeftTemplate {
  std::string name;
  std::string domain;      // empty: none
  bool directory = false;  // below Paths::templates
};

/// By name. One that is being made now is left out.
std::vector<LeftTemplate> left_templates(const Paths& paths, Ports& ports);

/// Whoever makes it, or removes it, holds this. Throws Error with ExitCode::locked.
std::unique_ptr<Lock> lock_template(const std::string& name, const Paths& paths, System& system);

/// One that is whole: a domain it has only while it is made. Its lock is held.
void remove_template(const std::string& name, const Paths& paths, System& system);
/// One that another run took up meanwhile stays.
void remove_left_template(const LeftTemplate& left, const Paths& paths, Ports& ports);

}  // namespace vmlab
