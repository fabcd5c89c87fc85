#include "lab/topology_keys.h"

#include <array>

namespace vmlab {

namespace keys {

const TopologySection& topology() {
  static const TopologySection section{
      "topology",
      {"name", "image", "network", "defaults", "nodes", "cloud_init", "install", "accelerator",
       "boot", "allow_small_memory"}};
  return section;
}

const TopologySection& network() {
  static const TopologySection section{"network", {"cidr", "domain"}};
  return section;
}

const TopologySection& defaults() {
  static const TopologySection section{"defaults", {"cpus", "memory", "disk"}};
  return section;
}

const TopologySection& group() {
  static const TopologySection section{"group",
                                       {"role", "count", "cpus", "memory", "disk", "disks", "image",
                                        "address", "addresses", "cloud_init", "overrides"}};
  return section;
}

const TopologySection& node() {
  static const TopologySection section{
      "node", {"cpus", "memory", "disk", "disks", "image", "address", "cloud_init"}};
  return section;
}

const TopologySection& disk() {
  static const TopologySection section{"disk", {"mount", "size"}};
  return section;
}

const TopologySection& install() {
  static const TopologySection section{"install", {"dcos"}};
  return section;
}

const TopologySection& dcos() {
  static const TopologySection section{"dcos", {"release", "config", "ip_detect"}};
  return section;
}

const TopologySection& release() {
  static const TopologySection section{"release", {"path", "url", "sha256"}};
  return section;
}

std::span<const TopologySection* const> all() {
  static const std::array<const TopologySection*, 9> sections = {
      &topology(), &network(), &defaults(), &group(),  &node(),
      &disk(),     &install(), &dcos(),     &release()};
  return sections;
}

}  // namespace keys

const std::vector<std::string>& default_fragments() {
  static const std::vector<std::string> names = {"docker", "ntp", "firewalld-off",
                                                 "selinux-permissive"};
  return names;
}

}  // namespace vmlab
