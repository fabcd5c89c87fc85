// What a template is a template of, as a file beside its memory says: for people, who see only a
// hash otherwise, and for who asks on which image it lies. Never part of its name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lab/lab.h"

namespace vmlab {

struct TemplateNote {
  std::string image;     // name
  std::string prepared;  // file name of the prepared image under its disk
  unsigned cpus = 0;
  std::uint64_t memory_mib = 0;
  std::uint64_t disk_mib = 0;
  Accelerator accelerator = Accelerator::tcg;  // what was proven: kvm or tcg
  bool operator==(const TemplateNote&) const = default;
};
/// One JSON value, and a line end.
std::string to_text(const TemplateNote& note);
/// nullopt for a text that is no such note.
std::optional<TemplateNote> parse_template_note(std::string_view text);

}  // namespace vmlab
