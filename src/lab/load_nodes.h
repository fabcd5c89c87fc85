// The `nodes` of a topology: groups, counts, defaults and overrides to single nodes.
#pragma once

#include <string>
#include <vector>

#include "lab/references.h"

namespace vmlab {

/// A node with the places where its values were written (of the group when they are defaults).
struct NodeDraft {
  Node node;
  unsigned index = 0;  // in its group, from 1
  Mark memory;
  Mark disk;
  Mark disks;
  Mark address;
};

struct NodeDefaults {
  unsigned cpus = 2;
  std::uint64_t memory_mib = std::uint64_t{8} * 1024;
  std::uint64_t disk_mib = std::uint64_t{60} * 1024;
  Mark memory;
  Mark disk;
  std::optional<Placed<std::string>> image;
  std::vector<Placed<std::string>> cloud_init;  // names of fragments
};

inline constexpr unsigned most_nodes = 2000;
inline constexpr unsigned most_cpus = 255;

/// `[a-z][a-z0-9-]*`, no dash at the end, at most `most` characters.
bool is_name(std::string_view text, std::size_t most);
/// Says what a name may hold; for help texts.
std::string name_rule(std::size_t most);

/// Nodes in the order of the file.
std::vector<NodeDraft> load_nodes(const YamlTree& groups, const NodeDefaults& defaults,
                                  References& references, Problems& problems);

}  // namespace vmlab
