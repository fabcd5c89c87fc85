// Topology file to Lab, in two pure steps: what the file says, then what it means on this host.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lab/problems.h"

namespace vmlab {

/// What comes with the program.
struct Library {
  std::map<std::string, std::string> images;     // name -> text of images/<name>.yaml
  std::map<std::string, std::string> fragments;  // name -> text of cloud-init/<name>.yaml
  std::string practice_release;                  // path of the practice installer; empty: not built
};

/// Reads a file that the topology names, by the path that `load` made of it. nullopt when it cannot
/// be read.
using ReadFile = std::function<std::optional<std::string>(const std::string& path)>;
/// Tells whether there is a readable file of that path (an installer: too large to be read here).
using FileExists = std::function<bool(const std::string& path)>;

/// What is taken on this host, and by what the lab will run.
struct HostView {
  std::vector<Cidr> routes;  // networks that the host reaches
  /// Libvirt networks but for the lab's own -> their CIDRs, which may be several.
  std::multimap<std::string, Cidr> other_networks;
  std::optional<Cidr> own_network;  // the lab's, when it is defined already
  /// What the lab's installation uses inside itself, first and last: not to be chosen.
  std::vector<std::pair<Ipv4, Ipv4>> inner_ranges;
  /// Addresses that the lab's network gives to its nodes already, by node name: they are kept.
  std::map<std::string, Ipv4> own_hosts;
};

/// Everything about the file that can be known without the host. `file` is the path as the user
/// gave it, and is used in problems. Paths in the file are relative to `directory`, which is best
/// absolute; empty: the directory of `file`. An empty `exists` takes every installer for present.
/// Addresses are only set where the file fixes them. `overrides` change the file (lab/overrides.h).
/// Throws BadInput with all problems.
Lab load(std::string_view text, const std::string& file, const Library& library,
         const ReadFile& read, const FileExists& exists = {}, const std::string& directory = {},
         const std::vector<std::string>& overrides = {});
/// The same of the file that `problems` is of, which takes what is wrong; what is not is handed
/// over, for those who look on: a name, an installer or a network that is wrong is left empty.
Lab load(std::string_view text, Problems& problems, const Library& library, const ReadFile& read,
         const FileExists& exists = {}, const std::string& directory = {},
         const std::vector<std::string>& overrides = {});

/// Chooses a free network where the file names none, derives addresses and MACs, and checks both.
/// Throws BadInput with all problems, Error when no free network is left.
Lab resolve(Lab lab, const HostView& host);
/// The same; where there are problems, old or new, nothing is chosen or derived.
Lab resolve(Lab lab, const HostView& host, Problems& problems);

}  // namespace vmlab
