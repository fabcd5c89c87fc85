#include "plan/template_note.h"

#include <nlohmann/json.hpp>

namespace vmlab {

using nlohmann::ordered_json;

std::string to_text(const TemplateNote& note) {
  ordered_json value;
  value["image"] = note.image;
  value["prepared"] = note.prepared;
  value["cpus"] = note.cpus;
  value["memory_mib"] = note.memory_mib;
  value["disk_mib"] = note.disk_mib;
  value["accelerator"] = to_text(note.accelerator);
  return value.dump() + "\n";
}

std::optional<TemplateNote> parse_template_note(std::string_view text) {
  try {
    const auto value = ordered_json::parse(text);
    TemplateNote note;
    note.image = value.at("image").get<std::string>();
    note.prepared = value.at("prepared").get<std::string>();
    note.cpus = value.at("cpus").get<unsigned>();
    note.memory_mib = value.at("memory_mib").get<std::uint64_t>();
    note.disk_mib = value.at("disk_mib").get<std::uint64_t>();
    const auto accelerator = value.at("accelerator").get<std::string>();
    if (accelerator == to_text(Accelerator::kvm)) note.accelerator = Accelerator::kvm;
    if (accelerator != to_text(note.accelerator)) return std::nullopt;
    return note;
  } catch (const ordered_json::exception&) {
    return std::nullopt;
  }
}

}  // namespace vmlab
