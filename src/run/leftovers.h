// What vmlab made and no lab owns.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "run/session.h"

namespace vmlab {

/// What is left of a lab that is not known any more.
struct Leftover {
  std::string lab;
  std::vector<std::string> domains;
  std::string network;     // empty: none
  bool directory = false;  // below Paths::labs
};

/// By name. A lab is known when its directory says from which topology it was made. Domains whose
/// disks lie elsewhere are of a lab of another state directory: that lab is left out. A network's
/// label says of which it is; one of old, whose label does not, is taken only with something else
/// of its lab.
std::vector<Leftover> leftovers(const Settings& settings, Ports& ports);

struct UnusedReleases {
  std::vector<std::filesystem::path> files;  // downloads, whole or begun, of no known lab
  std::string unknown;  // why it cannot be told what is used, and `files` is empty; else empty
};
UnusedReleases unused_releases(const Settings& settings, Ports& ports);

}  // namespace vmlab
