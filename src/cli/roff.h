// A page of the manual, in the macros of man(7).
#pragma once

#include <string>
#include <string_view>

namespace vmlab {

/// Text with what roff would take for its own made harmless; words between backticks are bold.
std::string roff(std::string_view text);

class ManualPage {
 public:
  /// `name` as in `man NAME`; `source`: program and version.
  ManualPage(std::string_view name, int section, std::string_view source);

  void section(std::string_view title);     // capitals
  void subsection(std::string_view title);  // plain text
  void paragraph(std::string_view text);
  /// A term and what it means; `term` is roff already.
  void item(std::string_view term, std::string_view text);
  /// As it is, in lines of its own.
  void verbatim(std::string_view text);
  void line(std::string_view made);  // roff already

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// `\fB…\fR` and `\fI…\fR` around text.
std::string roff_bold(std::string_view text);
std::string roff_italic(std::string_view text);

}  // namespace vmlab
