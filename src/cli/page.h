// Frame of the self-contained HTML pages: head, style, light and dark, narrow and wide.
#pragma once

#include <pugixml.hpp>
#include <string>
#include <string_view>

namespace vmlab {

/// An HTML document under construction. It asks for nothing outside itself: its style is inside,
/// there is no script, and its policy forbids the browser to fetch anything.
class Page {
 public:
  /// `style` is added to the style that all pages share.
  Page(const std::string& title, std::string_view style);
  pugi::xml_node body() { return body_; }
  std::string text() const;

 private:
  pugi::xml_document document_;
  pugi::xml_node body_;
};

/// Child of `parent` with a class (unless empty) and text.
pugi::xml_node add_element(pugi::xml_node parent, const char* name, const std::string& css_class,
                           const std::string& text = {});

/// `text` without what no XML or HTML document may hold: control characters but line ends and tabs,
/// escape sequences, invalid UTF-8, of which U+FFFD is left.
std::string document_text(std::string_view text);

}  // namespace vmlab
