#include "cli/output_test.h"

#include <fmt/format.h>

#include <algorithm>
#include <pugixml.hpp>
#include <sstream>

#include "base/units.h"
#include "cli/output_tables.h"
#include "cli/page.h"

namespace vmlab {

namespace {

std::string seconds_of(std::chrono::milliseconds time) {
  return fmt::format("{:.3f}", static_cast<double>(time.count()) / 1000.0);
}

}  // namespace

std::string render_runs(const std::vector<TestRun>& runs, Style style) {
  Table table({"RUN", "RESULT", "EXIT", "RESTORE", "COMMAND", "NOTE"});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& run = runs[i];
    table.add({std::to_string(i + 1), run.ok() ? "passed" : "failed", std::to_string(run.exit_code),
               format_duration(run.restored), format_duration(run.took), run.error});
  }
  const auto passed = std::ranges::count_if(runs, &TestRun::ok);
  return table.render(style) + fmt::format("{} of {} passed\n", passed, runs.size());
}

std::string junit_of(const std::string& lab, const std::string& command,
                     const std::vector<TestRun>& runs) {
  pugi::xml_document document;
  auto suite = document.append_child("testsuite");
  std::chrono::milliseconds total{0};
  for (const auto& run : runs) total += run.took;
  suite.append_attribute("name") = ("vmlab." + lab).c_str();
  suite.append_attribute("tests") = static_cast<unsigned>(runs.size());
  suite.append_attribute("failures") = static_cast<unsigned>(std::ranges::count_if(
      runs, [](const TestRun& run) { return run.error.empty() && run.exit_code != 0; }));
  suite.append_attribute("errors") = static_cast<unsigned>(
      std::ranges::count_if(runs, [](const TestRun& run) { return !run.error.empty(); }));
  suite.append_attribute("time") = seconds_of(total).c_str();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto& run = runs[i];
    auto test = suite.append_child("testcase");
    test.append_attribute("classname") = ("vmlab." + lab).c_str();
    test.append_attribute("name") =
        document_text(fmt::format("{} (run {})", command, i + 1)).c_str();
    test.append_attribute("time") = seconds_of(run.took).c_str();
    if (!run.error.empty()) {
      test.append_child("error").append_attribute("message") = document_text(run.error).c_str();
    } else if (run.exit_code != 0) {
      test.append_child("failure").append_attribute("message") =
          fmt::format("ended with {}", run.exit_code).c_str();
    }
    test.append_child("system-out").text() = document_text(run.output).c_str();
  }
  std::ostringstream text;
  document.save(text, "  ");
  return text.str();
}

}  // namespace vmlab
