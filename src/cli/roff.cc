#include "cli/roff.h"

#include <fmt/format.h>

#include "base/text.h"

namespace vmlab {

namespace {

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    switch (c) {
      case '\\':
        safe += "\\e";
        break;
      case '-':
        safe += "\\-";
        break;
      case '\'':
        safe += "\\(aq";
        break;
      case '`':
        safe += "\\(ga";
        break;
      case '~':
        safe += "\\(ti";
        break;
      case '^':
        safe += "\\(ha";
        break;
      default:
        safe += c;
    }
  }
  return safe;
}

/// A line must not begin like a request.
std::string guarded(const std::string& line) {
  return line.starts_with('.') || line.starts_with('\'') ? "\\&" + line : line;
}

}  // namespace

std::string roff(std::string_view text) {
  std::string made;
  bool bold = false;
  for (const auto& part : split(text, '`')) {
    made += bold && !part.empty() ? "\\fB" + escaped(part) + "\\fR" : escaped(part);
    bold = !bold;
  }
  return guarded(made);
}

std::string roff_bold(std::string_view text) {
  return "\\fB" + escaped(text) + "\\fR";
}

std::string roff_italic(std::string_view text) {
  return "\\fI" + escaped(text) + "\\fR";
}

ManualPage::ManualPage(std::string_view name, int section, std::string_view source)
    : text_(fmt::format(".TH {} {} \"\" \"{}\" \"vmlab\"\n.nh\n.ad l\n", name, section, source)) {}

void ManualPage::section(std::string_view title) {
  text_ += fmt::format(".SH {}\n", title);
}

void ManualPage::subsection(std::string_view title) {
  text_ += fmt::format(".SS {}\n", roff(title));
}

void ManualPage::paragraph(std::string_view text) {
  text_ += fmt::format(".PP\n{}\n", roff(text));
}

void ManualPage::item(std::string_view term, std::string_view text) {
  text_ += fmt::format(".TP\n{}\n{}\n", term, roff(text));
}

void ManualPage::verbatim(std::string_view text) {
  text_ += ".PP\n.RS 2\n.nf\n";
  for (const auto& line : lines(text)) text_ += guarded(escaped(line)) + "\n";
  text_ += ".fi\n.RE\n";
}

void ManualPage::line(std::string_view made) {
  text_ += fmt::format("{}\n", made);
}

}  // namespace vmlab
