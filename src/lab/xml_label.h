// vmlab's mark in libvirt's XML, and the hash that it carries.
#pragma once

#include <pugixml.hpp>
#include <string>

#include "lab/domain_xml.h"

namespace vmlab {

/// Child element with text.
pugi::xml_node add_child(pugi::xml_node parent, const char* name, const std::string& text = {});

/// Attribute of an element; returns the element, for chaining.
pugi::xml_node set(pugi::xml_node element, const char* name, const std::string& value);

/// Text of the document; the same for the same tree.
std::string xml_text(const pugi::xml_document& document);

/// Puts `<v:lab xmlns:v='urn:vmlab:1' name= [node=] hash= [state=]/>` into `metadata`, which must
/// be in `document`. `hash` is over what the caller says the definition depends on.
LabelledXml labelled(const pugi::xml_document& document, pugi::xml_node metadata,
                     const std::string& lab, const std::string& node, const std::string& hash,
                     const std::string& state_directory = {});

}  // namespace vmlab
