// Where the files that come with the program are: images, cloud-init fragments, topologies and the
// practice release.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "host/ports.h"
#include "lab/load.h"

namespace vmlab {

struct LibraryPlaces {
  std::filesystem::path data;      // holds images/, cloud-init/, topologies/
  std::filesystem::path practice;  // installer of the practice release; empty: not built
};

/// Where to look, as it is for this build and this process.
struct LibrarySearch {
  std::string wanted;                // VMLAB_DATA; empty: not set
  std::filesystem::path executable;  // absolute
  std::filesystem::path source_dir;  // of the build
  std::filesystem::path build_dir;
  std::filesystem::path data_dir;  // of the installation
};
LibrarySearch library_search();

/// VMLAB_DATA alone when it is set. Otherwise an executable in its build tree takes the source
/// tree's; then ../share/vmlab beside the executable, the installation's, and the source tree's.
/// Throws Error naming the places looked at.
LibraryPlaces find_library(const LibrarySearch& search,
                           const std::function<bool(const std::filesystem::path&)>& exists);

/// Texts of the catalogue and of the fragments; `*.yaml` only.
Library read_library(const LibraryPlaces& places, System& system);

}  // namespace vmlab
