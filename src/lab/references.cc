#include "lab/references.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>

#include "base/text.h"

namespace vmlab {

namespace {

bool is_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".yaml") || name.ends_with(".yml");
}

std::vector<std::string> names_of(const std::map<std::string, std::string>& texts) {
  std::vector<std::string> names;
  for (const auto& [name, text] : texts) names.push_back(name);
  return names;
}

/// By these vmlab reaches a node and knows that it is the right one.
constexpr std::array<std::string_view, 7> own_keys = {
    "hostname",       "fqdn",         "manage_etc_hosts", "ssh_keys",
    "ssh_deletekeys", "disable_root", "network"};

}  // namespace

void check_cloud_config(std::string_view text, const std::string& file,
                        std::vector<Diagnostic>& problems) {
  const auto first = trim(text.substr(0, text.find('\n')));
  if (first != "#cloud-config") {
    problems.push_back({file, 1, 1, "no cloud-config: its first line must be '#cloud-config'", {}});
    return;
  }
  const auto before = problems.size();
  const auto tree = read_yaml(text, file, problems);
  if (!tree || problems.size() > before) return;
  if (!tree->is_map()) {
    problems.push_back({file,
                        std::max(1, tree->mark.line),
                        std::max(1, tree->mark.column),
                        "no cloud-config: it must be a map, not " + shown(*tree),
                        {}});
    return;
  }
  for (const auto& entry : tree->entries) {
    if (std::ranges::find(own_keys, entry.key) == own_keys.end()) continue;
    problems.push_back({file, entry.mark.line, entry.mark.column,
                        fmt::format("'{}' is set by vmlab itself", entry.key), "leave it out"});
  }
}

References::References(const Library& library, const ReadFile& read, const FileExists& exists,
                       std::string directory, Problems& problems)
    : library_(library),
      read_(read),
      exists_(exists),
      directory_(std::move(directory)),
      problems_(problems) {}

std::string References::path(const std::string& written) const {
  return (std::filesystem::path(directory_) / written).lexically_normal().string();
}

std::optional<std::string> References::file(const Placed<std::string>& written,
                                            const std::string& what) {
  auto text = read_ ? read_(path(written.value)) : std::nullopt;
  if (!text) {
    problems_.add(written.mark, fmt::format("cannot read {} {}", what, shown(written.value)),
                  "looked for as " + path(written.value));
  }
  return text;
}

bool References::require_file(const Placed<std::string>& written, const std::string& what) {
  if (!exists_ || exists_(path(written.value))) return true;
  problems_.add(written.mark, fmt::format("cannot find {} {}", what, shown(written.value)),
                "looked for as " + path(written.value));
  return false;
}

const Image* References::image(const Placed<std::string>& name) {
  if (const auto known = images_.find(name.value); known != images_.end()) return &known->second;
  std::optional<std::string> text;
  std::string where = path(name.value);
  if (is_path(name.value)) {
    text = file(name, "image");
  } else if (const auto found = library_.images.find(name.value); found != library_.images.end()) {
    text = found->second;
    where = "images/" + name.value + ".yaml";
  } else {
    problems_.add(name.mark, "unknown image " + shown(name.value),
                  suggestion(name.value, names_of(library_.images)));
  }
  if (!text) return nullptr;
  try {
    return &images_.emplace(name.value, parse_image(*text, where)).first->second;
  } catch (const BadInput& bad) {
    problems_.add(bad.problems());
    return nullptr;
  }
}

std::optional<Fragment> References::fragment(const Placed<std::string>& name) {
  std::optional<std::string> text;
  std::string where = path(name.value);
  if (is_path(name.value)) {
    text = file(name, "cloud-config file");
  } else if (const auto found = library_.fragments.find(name.value);
             found != library_.fragments.end()) {
    text = found->second;
    where = "cloud-init/" + name.value + ".yaml";
  } else {
    problems_.add(name.mark, "unknown fragment " + shown(name.value),
                  suggestion(name.value, names_of(library_.fragments)));
  }
  if (!text) return std::nullopt;
  const auto [looked, fresh] = sound_.emplace(name.value, true);
  if (fresh) {
    std::vector<Diagnostic> found;
    check_cloud_config(*text, where, found);
    looked->second = found.empty();
    problems_.add(found);
  }
  if (!looked->second) return std::nullopt;
  return Fragment{name.value, std::move(*text)};
}

}  // namespace vmlab
