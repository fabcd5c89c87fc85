// Checkpoints: what a snapshot of a node says of itself, and which of them belong together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lab/lab.h"
#include "plan/observed.h"

namespace vmlab {

/// Names that vmlab gives by itself: of a node when it is prepared, of a lab when it is installed.
inline constexpr const char* prepared_checkpoint = "prepared";
inline constexpr const char* installed_checkpoint = "installed";

/// Kept in the description of a libvirt snapshot, so that it lives and dies with the snapshot.
struct SnapshotNote {
  std::string lab;
  std::string node;
  std::string set;                 // equal in all parts that were saved together
  std::vector<std::string> nodes;  // all nodes of the set
  std::vector<std::string> disks;  // file names of the domain's writable disks
  std::string content;             // hash of what the node was prepared and installed from
  std::string definition;          // hash of the domain's definition, as in its label
  std::string phase;               // how far the lab was: `installed`; empty for one node's own
  std::int64_t saved_ms = 0;       // since 1970
  bool operator==(const SnapshotNote&) const = default;
};
std::string to_text(const SnapshotNote& note);
/// nullopt for a description that vmlab did not write.
std::optional<SnapshotNote> parse_snapshot_note(std::string_view text);

/// Parts of one name that were saved together.
struct Checkpoint {
  std::string name;
  SnapshotNote note;                 // of any part; `node` and `disks` mean nothing here
  std::vector<std::string> present;  // nodes whose part can be restored
  std::vector<std::string> broken;   // one sentence for each node of the set whose part cannot
  std::uint64_t bytes = 0;           // memory of the guests, as kept in the disks
  bool whole() const { return broken.empty(); }
};

/// Checkpoints of the lab as a whole, by name; `prepared` ones belong to nodes and are left out.
std::vector<Checkpoint> checkpoints_of(const Lab& lab, const Observed& observed);

/// Whether the node's snapshot of that name can be reverted to; says why not.
struct PartState {
  std::optional<SnapshotNote> note;  // nullopt: none, or not vmlab's
  std::string broken;                // empty: it can
  std::uint64_t bytes = 0;
};
PartState part_of(const Lab& lab, const std::string& node, const ObservedNode& seen,
                  const std::string& name);

/// File names of a node's writable disks.
std::vector<std::string> disk_names(const Node& node);

/// Throws Error with ExitCode::bad_input unless it is made of 1 to 40 letters, digits, - _ .
void require_checkpoint_name(const std::string& name);

}  // namespace vmlab
