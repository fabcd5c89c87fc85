// How images look: the catalogue, checks, what is pruned.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/catalogue.h"
#include "cli/output_tables.h"
#include "cli/terminal.h"
#include "run/stored_templates.h"

namespace vmlab {

std::string render_images(const std::vector<Image>& images, const std::vector<ImageFile>& files,
                          const std::vector<StoredTemplate>& templates, Style style);
/// {"images":[{"name","description","source","base","prepared"}],"files":[{"name","image",
/// "prepared","allocated_bytes","labs":[…]}],"templates":[{"name","image","prepared","cpus",
/// "memory_mib","disk_mib","accelerator","whole","allocated_bytes","labs":[…]}]}; `base` and
/// `prepared` are file names or null; null for what a template does not tell.
nlohmann::ordered_json images_json(const std::vector<Image>& images,
                                   const std::vector<ImageFile>& files,
                                   const std::vector<StoredTemplate>& templates);

struct ImageCheck {
  std::string file;
  std::string image;
  bool good = false;
  std::string found;  // what was checked, or what is wrong
};

std::string render_checks(const std::vector<ImageCheck>& checks, Style style);
/// {"checks":[{"file","image","good","found"}]}
nlohmann::ordered_json checks_json(const std::vector<ImageCheck>& checks);

/// What goes, or would go.
struct Pruned {
  std::vector<ImageFile> files;
  std::vector<StoredTemplate> templates;
  bool dry_run = false;
};

std::string render_prune(const Pruned& pruned, Style style);
/// {"dry_run","files":[{"name","allocated_bytes"}],"templates":[{"name","allocated_bytes"}],
/// "allocated_bytes"}
nlohmann::ordered_json prune_json(const Pruned& pruned);

}  // namespace vmlab
