// What `vmlab test` came to.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cli/terminal.h"

namespace vmlab {

struct TestRun {
  int exit_code = 0;
  std::chrono::milliseconds restored{0};  // how long going back took
  std::chrono::milliseconds took{0};      // the command
  std::string output;                     // its end
  std::string error;                      // why the lab could not be brought back; empty: it could
  bool ok() const { return exit_code == 0 && error.empty(); }
};

std::string render_runs(const std::vector<TestRun>& runs, Style style);

/// One JUnit test suite, a test case for each run.
std::string junit_of(const std::string& lab, const std::string& command,
                     const std::vector<TestRun>& runs);

}  // namespace vmlab
