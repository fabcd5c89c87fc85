// A small library and labs made from topology text, for tests that start from a Lab.
#pragma once

#include <string>
#include <vector>

#include "lab/load.h"

namespace vmlab::test {

/// Images `debian-12` (20 GiB) and `rocky-9`, the four fragments of the default list, a practice
/// release. Small texts of the tests' own, so that golden files do not follow the catalogue.
Library sample_library();

/// What comes with the program: images/ and cloud-init/ of the project.
Library project_library();

/// Text of a file of the project; fails the test when it cannot be read.
std::string project_file(const std::string& path);

/// Loads `text` as `lab.yaml` with the sample library; no file that it names can be read.
Lab load_sample(const std::string& text);
/// Loads and resolves on a host that reaches nothing.
Lab resolve_sample(const std::string& text);

/// Problems of `text`, each as `line:column: message` with ` [help]` when there is one; empty when
/// it loads.
std::vector<std::string> problems_of(const std::string& text, const ReadFile& read = {},
                                     const FileExists& exists = {});

/// topologies/quickstart.yaml with the sample library, resolved.
Lab quickstart();

}  // namespace vmlab::test
