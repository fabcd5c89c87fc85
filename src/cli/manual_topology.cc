// vmlab-topology(5).
#include <fmt/format.h>

#include "cli/manual.h"
#include "cli/roff.h"

namespace vmlab {

namespace {

using Json = nlohmann::ordered_json;

/// The part of the schema that a value refers to by "$ref"; the value itself where it does not.
const Json& referred(const Json& schema, const Json& value) {
  if (!value.contains("$ref")) return value;
  const auto name = value.at("$ref").get<std::string>();
  return schema.at(Json::json_pointer(name.substr(1)));
}

bool is_section(const Json& value) {
  return value.contains("properties");
}

std::string section_named(const Json& value) {
  const auto name = value.at("$ref").get<std::string>();
  return name.substr(name.rfind('/') + 1);
}

std::string plain_text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// What kind of value a key takes, in a word or two.
std::string kind_of(const Json& schema, const Json& value) {
  const auto& meant = referred(schema, value);
  if (is_section(meant)) return fmt::format("see `{}`", section_named(value));
  if (meant.contains("enum")) {
    std::string words;
    for (const auto& word : meant.at("enum")) {
      words += (words.empty() ? "" : ", ") + plain_text(word);
    }
    return words;
  }
  if (meant.contains("oneOf")) {
    std::string kinds;
    for (const auto& one : meant.at("oneOf")) {
      kinds += kinds.empty() ? "" : ", or ";
      kinds += one.contains("const") ? plain_text(one.at("const")) : kind_of(schema, one);
    }
    return kinds;
  }
  const auto type = meant.value("type", "");
  if (type == "array") return "list of " + kind_of(schema, meant.at("items"));
  if (type == "integer" && meant.contains("minimum") && meant.contains("maximum")) {
    return fmt::format("{} to {}", meant.at("minimum").dump(), meant.at("maximum").dump());
  }
  if (type == "boolean") return "true or false";
  if (type == "object" && meant.contains("additionalProperties")) {
    return fmt::format("by name, {}", kind_of(schema, meant.at("additionalProperties")));
  }
  return type == "object" ? "mapping" : type;
}

std::string text_of(const Json& schema, const Json& value) {
  const auto& meant = referred(schema, value);
  const auto& describes = value.contains("description") ? value : meant;
  auto text = describes.at("description").get<std::string>();
  const bool said = text.find("Default:") != std::string::npos;
  if (value.contains("default") && !said) {
    text += fmt::format(" Default: {}.", plain_text(value.at("default")));
  }
  return text;
}

void add_keys(ManualPage& page, const Json& schema, const Json& section) {
  const auto required = section.value("required", Json::array());
  for (const auto& [name, value] : section.at("properties").items()) {
    const bool must = std::find(required.begin(), required.end(), name) != required.end();
    const auto kind = kind_of(schema, value);
    page.item(fmt::format("{} ({}{})", roff_bold(name), roff(kind), must ? ", required" : ""),
              text_of(schema, value));
  }
}

}  // namespace

std::string topology_page(const Json& schema, const std::string& example,
                          const std::string& version) {
  ManualPage page("VMLAB-TOPOLOGY", 5, "vmlab " + version);
  page.section("NAME");
  page.line("vmlab\\-topology \\- the file that describes a lab");
  page.section("DESCRIPTION");
  page.paragraph(schema.at("description").get<std::string>() +
                 " It is YAML without templates. Unknown and duplicate keys are errors; `vmlab "
                 "validate` tells all problems of a file at once, with their places.");
  page.section("KEYS");
  add_keys(page, schema, schema);
  for (const auto& [name, section] : schema.at("$defs").items()) {
    if (!is_section(section)) continue;
    page.subsection(name);
    page.paragraph(section.at("description").get<std::string>());
    add_keys(page, schema, section);
  }
  page.section("EXAMPLE");
  page.verbatim(example);
  page.section("\"SEE ALSO\"");
  page.line(".BR vmlab (1)");
  return page.text();
}

}  // namespace vmlab
