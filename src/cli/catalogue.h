// Images of the catalogue and the files that stand for them below the state directory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/ports.h"
#include "lab/load.h"
#include "plan/plan.h"
#include "run/session.h"

namespace vmlab {

/// Of the library; `file` of its diagnostics is `images/<name>.yaml`. Throws BadInput.
std::vector<Image> catalogue_images(const Library& library);

/// Throws Error (bad input) with "did you mean".
const Image& catalogue_image(const std::vector<Image>& images, const std::string& name);

/// A file in the directory of images.
struct ImageFile {
  std::string name;   // of the file
  std::string image;  // that it is current for; empty: of no image of the catalogue as it is now
  bool prepared = false;
  bool part = false;  // what has come of a base's download
  std::uint64_t allocated_bytes = 0;
  /// Whose disks are made from it, or from a template on it, or whose topologies name its image.
  std::vector<std::string> labs;
};

/// Every file there, by name; a note beside a file goes where that goes.
std::vector<ImageFile> image_files(const std::vector<Image>& images, const Settings& settings,
                                   Ports& ports);

/// What `prune` removes: files that no lab uses and that are of no image as it is now; with `all`
/// every file that no lab uses, but for what has come of a current image: it may be coming now.
std::vector<ImageFile> prunable(const std::vector<ImageFile>& files, bool all);

/// The steps that make the files of these images, as `up` would: the base, and on it the prepared
/// one unless only bases are wanted. What is there needs none.
Plan plan_images(const std::vector<Image>& images, bool bases_only, const Paths& paths,
                 System& system);

}  // namespace vmlab
