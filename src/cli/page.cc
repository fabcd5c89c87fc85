#include "cli/page.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/text.h"

namespace vmlab {

namespace {

// No character here needs an escape in XML: a style's text has none in HTML.
constexpr std::string_view shared_style = R"(
:root { color-scheme: light dark;
  --back: #ffffff; --text: #1c2330; --soft: #56627a; --line: #d5dae2; --panel: #f4f6f9;
  --good: #1a7f4b; --bad: #c4302b; --warn: #8a5c00; --accent: #2f63c8;
  --kind-1: #2f63c8; --kind-2: #1f8a70; --kind-3: #8250df; --kind-4: #a8730f; }
@media (prefers-color-scheme: dark) { :root {
  --back: #12161d; --text: #e3e8f0; --soft: #9aa6b8; --line: #333c4a; --panel: #1b212b;
  --good: #4cc38a; --bad: #ff7b72; --warn: #e3b341; --accent: #7aa7ff;
  --kind-1: #7aa7ff; --kind-2: #4fc3a1; --kind-3: #b794f6; --kind-4: #d9a441; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.25rem; max-width: 75rem; background: var(--back);
  color: var(--text); font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; line-height: 1.25; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
.soft { color: var(--soft); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .75rem .3rem 0;
  border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--soft); }
)";

}  // namespace

std::string document_text(std::string_view text) {
  // The JSON writer replaces invalid UTF-8; reading back gives the text with its escapes undone.
  using nlohmann::json;
  const auto quoted = json(std::string(text)).dump(-1, ' ', false, json::error_handler_t::replace);
  std::string clean;
  for (const char c : strip_ansi(json::parse(quoted).get<std::string>())) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '\n' || byte == '\t' || (byte >= 0x20 && byte != 0x7f)) clean += c;
  }
  for (const std::string_view none : {"\uFFFE", "\uFFFF"}) {  // no characters of XML
    for (auto at = clean.find(none); at != clean.npos; at = clean.find(none)) {
      clean.replace(at, none.size(), "\uFFFD");
    }
  }
  return clean;
}

pugi::xml_node add_element(pugi::xml_node parent, const char* name, const std::string& css_class,
                           const std::string& text) {
  auto child = parent.append_child(name);
  if (!css_class.empty()) child.append_attribute("class").set_value(css_class.c_str());
  if (!text.empty()) child.text().set(document_text(text).c_str());
  return child;
}

Page::Page(const std::string& title, std::string_view style) {
  document_.append_child(pugi::node_doctype).set_value("html");
  auto html = document_.append_child("html");
  html.append_attribute("lang").set_value("en");
  auto head = html.append_child("head");
  const auto meta = [&head](const char* key, const char* name, const char* content) {
    auto element = head.append_child("meta");
    element.append_attribute(key).set_value(name);
    if (content != nullptr) element.append_attribute("content").set_value(content);
  };
  meta("charset", "utf-8", nullptr);
  meta("http-equiv", "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  meta("name", "viewport", "width=device-width, initial-scale=1");
  add_element(head, "title", "", title);
  add_element(head, "style", "", std::string(shared_style) + std::string(style));
  body_ = html.append_child("body");
}

std::string Page::text() const {
  std::ostringstream out;
  document_.save(out, "", pugi::format_raw | pugi::format_no_declaration);
  return out.str() + "\n";
}

}  // namespace vmlab
