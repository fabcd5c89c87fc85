#include "cli/output_images.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "base/units.h"

namespace vmlab {

using nlohmann::ordered_json;

namespace {

std::string source_word(const Image& image) {
  return std::holds_alternative<BuildSource>(image.source) ? "built" : "downloaded";
}

const ImageFile* file_of(const Image& image, bool prepared, const std::vector<ImageFile>& files,
                         bool part = false) {
  const auto found = std::ranges::find_if(files, [&](const ImageFile& file) {
    return file.image == image.name && file.prepared == prepared && file.part == part;
  });
  return found == files.end() ? nullptr : &*found;
}

template <class Stored>
std::uint64_t sum_of(const std::vector<Stored>& all) {
  std::uint64_t sum = 0;
  for (const auto& one : all) sum += one.allocated_bytes;
  return sum;
}

template <class Stored>
ordered_json sizes_json(const std::vector<Stored>& all) {
  auto list = ordered_json::array();
  for (const auto& one : all) {
    list.push_back({{"name", one.name}, {"allocated_bytes", one.allocated_bytes}});
  }
  return list;
}

std::string shape_of(const StoredTemplate& stored) {
  if (!stored.note) return stored.whole ? "-" : "unfinished";
  const auto& note = *stored.note;
  return fmt::format("{}, {}, disk {}, {}{}", counted(note.cpus, "cpu"),
                     format_size_mib(note.memory_mib), format_size_mib(note.disk_mib),
                     to_text(note.accelerator), stored.whole ? "" : ", damaged");
}

std::string render_templates(const std::vector<StoredTemplate>& templates, Style style) {
  Table table({"TEMPLATE", "IMAGE", "SHAPE", "SIZE", "LABS"});
  for (const auto& stored : templates) {
    table.add({printable(stored.name), stored.note ? printable(stored.note->image) : "-",
               shape_of(stored), format_bytes(stored.allocated_bytes),
               stored.labs.empty() ? "-" : join(stored.labs, ", ")});
  }
  return table.render(style);
}

ordered_json template_json(const StoredTemplate& stored) {
  ordered_json entry;
  entry["name"] = stored.name;
  for (const auto* key : {"image", "prepared", "cpus", "memory_mib", "disk_mib", "accelerator"}) {
    entry[key] = nullptr;
  }
  if (stored.note) {
    entry["image"] = stored.note->image;
    entry["prepared"] = stored.note->prepared;
    entry["cpus"] = stored.note->cpus;
    entry["memory_mib"] = stored.note->memory_mib;
    entry["disk_mib"] = stored.note->disk_mib;
    entry["accelerator"] = to_text(stored.note->accelerator);
  }
  entry["whole"] = stored.whole;
  entry["allocated_bytes"] = stored.allocated_bytes;
  entry["labs"] = stored.labs;
  return entry;
}

}  // namespace

std::string render_images(const std::vector<Image>& images, const std::vector<ImageFile>& files,
                          const std::vector<StoredTemplate>& templates, Style style) {
  Table table({"IMAGE", "SOURCE", "BASE", "PREPARED", "LABS", "DESCRIPTION"});
  for (const auto& image : images) {
    std::set<std::string> labs;
    const auto cell = [&](bool prepared) -> std::string {
      const auto* file = file_of(image, prepared, files);
      const auto* part = file == nullptr ? file_of(image, prepared, files, true) : nullptr;
      if (part != nullptr) return format_bytes(part->allocated_bytes) + " so far";
      if (file == nullptr) return "-";
      labs.insert(file->labs.begin(), file->labs.end());
      return format_bytes(file->allocated_bytes);
    };
    const auto base = cell(false);
    const auto prepared = cell(true);
    const std::vector<std::string> names(labs.begin(), labs.end());
    table.add({image.name, source_word(image), base, prepared,
               names.empty() ? "-" : join(names, ", "), image.description});
  }
  auto text = table.render(style);
  if (!templates.empty()) text += "\n" + render_templates(templates, style);
  std::vector<ImageFile> others;
  std::ranges::copy_if(files, std::back_inserter(others),
                       [](const ImageFile& file) { return file.image.empty(); });
  if (others.empty()) return text;
  text += fmt::format("\n{} of earlier versions, {}:\n", counted(others.size(), "file"),
                      format_bytes(sum_of(others)));
  for (const auto& file : others) {
    text += fmt::format("  {}  {}  {}\n", printable(file.name), format_bytes(file.allocated_bytes),
                        file.labs.empty() ? "no lab uses it" : "used by " + join(file.labs, ", "));
  }
  return text + "`vmlab image prune` removes those that no lab uses\n";
}

ordered_json images_json(const std::vector<Image>& images, const std::vector<ImageFile>& files,
                         const std::vector<StoredTemplate>& templates) {
  ordered_json record;
  record["images"] = ordered_json::array();
  for (const auto& image : images) {
    const auto name_of = [&](bool prepared) {
      const auto* file = file_of(image, prepared, files);
      return file == nullptr ? ordered_json(nullptr) : ordered_json(file->name);
    };
    ordered_json entry;
    entry["name"] = image.name;
    entry["description"] = text_or_null(image.description);
    entry["source"] = source_word(image);
    entry["base"] = name_of(false);
    entry["prepared"] = name_of(true);
    record["images"].push_back(std::move(entry));
  }
  record["files"] = ordered_json::array();
  for (const auto& file : files) {
    ordered_json entry;
    entry["name"] = file.name;
    entry["image"] = text_or_null(file.image);
    entry["prepared"] = file.prepared;
    entry["allocated_bytes"] = file.allocated_bytes;
    entry["labs"] = file.labs;
    record["files"].push_back(std::move(entry));
  }
  record["templates"] = ordered_json::array();
  for (const auto& stored : templates) record["templates"].push_back(template_json(stored));
  return record;
}

std::string render_checks(const std::vector<ImageCheck>& checks, Style style) {
  if (checks.empty()) return "no image files are here\n";
  Table table({"IMAGE", "FILE", "STATE", "FOUND"});
  for (const auto& check : checks) {
    table.add({check.image, check.file, check.good ? "good" : "damaged", check.found});
  }
  return table.render(style);
}

ordered_json checks_json(const std::vector<ImageCheck>& checks) {
  ordered_json record;
  record["checks"] = ordered_json::array();
  for (const auto& check : checks) {
    ordered_json entry;
    entry["file"] = check.file;
    entry["image"] = check.image;
    entry["good"] = check.good;
    entry["found"] = check.found;
    record["checks"].push_back(std::move(entry));
  }
  return record;
}

std::string render_prune(const Pruned& pruned, Style style) {
  const auto& [files, templates, dry_run] = pruned;
  if (files.empty() && templates.empty()) return "nothing to remove\n";
  Table table({"FILE", "SIZE"});
  for (const auto& file : files) table.add({file.name, format_bytes(file.allocated_bytes)});
  for (const auto& stored : templates) {
    table.add({"template " + printable(stored.name), format_bytes(stored.allocated_bytes)});
  }
  std::vector<std::string> counts;
  if (!files.empty()) counts.push_back(counted(files.size(), "file"));
  if (!templates.empty()) counts.push_back(counted(templates.size(), "template"));
  return table.render(style) + fmt::format("{} {}, {}\n", dry_run ? "would remove" : "removed",
                                           join(counts, " and "),
                                           format_bytes(sum_of(files) + sum_of(templates)));
}

ordered_json prune_json(const Pruned& pruned) {
  ordered_json record;
  record["dry_run"] = pruned.dry_run;
  record["files"] = sizes_json(pruned.files);
  record["templates"] = sizes_json(pruned.templates);
  record["allocated_bytes"] = sum_of(pruned.files) + sum_of(pruned.templates);
  return record;
}

}  // namespace vmlab
