#include "lab/xml_label.h"

#include <sstream>

namespace vmlab {

pugi::xml_node add_child(pugi::xml_node parent, const char* name, const std::string& text) {
  auto child = parent.append_child(name);
  if (!text.empty()) child.text().set(text.c_str());
  return child;
}

pugi::xml_node set(pugi::xml_node element, const char* name, const std::string& value) {
  element.append_attribute(name).set_value(value.c_str());
  return element;
}

std::string xml_text(const pugi::xml_document& document) {
  std::ostringstream out;
  document.save(out, "  ", pugi::format_indent | pugi::format_no_declaration);
  return out.str();
}

LabelledXml labelled(const pugi::xml_document& document, pugi::xml_node metadata,
                     const std::string& lab, const std::string& node, const std::string& hash,
                     const std::string& state_directory) {
  auto label = add_child(metadata, "v:lab");
  set(label, "xmlns:v", "urn:vmlab:1");
  set(label, "name", lab);
  if (!node.empty()) set(label, "node", node);
  set(label, "hash", hash);
  if (!state_directory.empty()) set(label, "state", state_directory);
  return {xml_text(document), hash};
}

}  // namespace vmlab
