// A plan: what is missing between what is wanted and what there is, step by step, each with its
// reason.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lab/cloud_init.h"
#include "lab/gate.h"
#include "lab/image.h"
#include "lab/lab.h"
#include "plan/observed.h"
#include "plan/paths.h"
#include "plan/template_note.h"

namespace vmlab {

// Every step is an "ensure": applied twice it does nothing the second time.

struct BuildBase {
  Image image;
};  // a BuildSource, to Paths::base_image
struct DownloadBase {
  Image image;
};  // a DownloadSource, to Paths::base_image
struct PrepareImage {
  Image image;
};  // base to prepared
struct MakeKeys {
  std::vector<std::string> nodes;
};  // the lab's own key, host keys, known_hosts
struct DefineNetwork {
  std::string name, xml;
};  // defined and started
struct SetDnsHosts {
  std::string network;
  std::map<std::string, std::vector<std::string>> hosts;
};
struct CreateOverlay {
  std::filesystem::path path, backing;
  std::uint64_t size_mib = 0;
};
struct CreateDataDisk {
  std::filesystem::path path;
  std::uint64_t size_mib = 0;
  std::string label;
};
/// Rendered when it is applied, as it holds the node's host key.
struct WriteSeed {
  std::string node;
};
struct DefineDomain {
  std::string name, xml;
};
struct StartDomain {
  std::string name;
};
struct StopDomain {
  std::string name;
};
/// A guest that has booted to where any node of its shape can go on, kept as disk and memory. One
/// that is there and undamaged stays. What hinders it is told, and fails nothing: nodes are booted.
struct MakeTemplate {
  std::string name, domain, xml;
  std::string title;            // what people call it
  std::filesystem::path image;  // prepared
  SeedDocuments seed;
  TemplateNote note;
  bool there = false;  // to be checked, as far as was seen
};
/// Makes the node's root disk and lets it run from the memory of a template, as itself. Where that
/// does not work it is booted from a disk of `image`, and told why.
struct ForkDomain {
  std::string node, domain, xml;
  std::string from;             // name of the template
  std::filesystem::path image;  // prepared
};
/// A node's share of a checkpoint.
struct CheckpointPart {
  std::string node, domain;
  std::vector<std::string> disks;  // see SnapshotNote
  std::string content, definition;
};
/// Memory and disks of one moment: all are paused, saved, and resumed together, whatever happens.
struct SaveCheckpoint {
  std::string name;
  std::vector<CheckpointPart> parts;
  std::string phase;
  bool optional = false;  // what hinders it is told, and fails nothing
};
/// Reverts all, then lets them run together.
struct RestoreCheckpoint {
  std::string name;
  std::vector<std::string> domains;
};
struct RemoveCheckpoint {
  std::string name;
  std::vector<std::string> domains;
};
/// Before a domain's disks are made anew.
struct ForgetSnapshots {
  std::string domain;
};
/// A guest that stood still believes in the time of then: it takes over the host's, or the lab's.
struct CorrectClock {
  std::string node;
};
/// Mesos forgets the agent for good; one that it does not know is gone already.
struct MarkAgentGone {
  std::string node;
  std::string address;  // of a node that is not in the lab any more; else empty
};
/// By its own system; its power is cut when that cannot be asked or takes too long.
struct ShutDown {
  std::string node, domain;
};
struct WriteFile {
  std::filesystem::path path;
  std::string text;
};
/// Passes when the gate does; saves the checkpoint, then leaves `mark` (unless empty) in the guest
/// `mark_node`.
struct AwaitGate {
  Gate gate;
  std::string mark;
  std::string mark_node;
  std::optional<SaveCheckpoint> checkpoint;
};
/// Fetches the installer to Paths::releases and verifies it; a path is verified where it is.
struct FetchRelease {
  Release release;
};
struct UploadRelease {
  std::string node;
  Release release;
  std::string remote;
};
/// A script in a guest; leaves its mark /var/lib/vmlab/done/<mark> with the step's hash when it
/// ends with 0.
struct GuestScript {
  std::string node;
  std::string mark;
  std::string script;
  std::string input;
  std::chrono::seconds timeout{600};
  /// Names the cause of a failure from exit code, output and error output; may be null.
  std::string (*explain)(int exit_code, const std::string& out, const std::string& err) = nullptr;
  /// What is to be told of a success, from its output; may be null.
  std::vector<std::string> (*warnings)(const std::string& out) = nullptr;
};
struct RemoveDomain {
  std::string name;
};
struct RemoveNetwork {
  std::string name;
};
struct RemoveFiles {
  std::filesystem::path path;
};

using Step =
    std::variant<BuildBase, DownloadBase, PrepareImage, MakeKeys, DefineNetwork, SetDnsHosts,
                 CreateOverlay, CreateDataDisk, WriteSeed, DefineDomain, StartDomain, StopDomain,
                 MakeTemplate, ForkDomain, AwaitGate, FetchRelease, UploadRelease, GuestScript,
                 SaveCheckpoint, RestoreCheckpoint, RemoveCheckpoint, ForgetSnapshots, CorrectClock,
                 MarkAgentGone, ShutDown, WriteFile, RemoveDomain, RemoveNetwork, RemoveFiles>;

/// How far a node has come; shown by `status` and on each line of progress.
enum class Phase { absent, defined, booting, prepared, installing, installed };
std::string to_text(Phase phase);

/// Classes of work that must not all run at once. The number of places is the executor's.
enum class Pool { none, disk, boot, fork, network, guest };

struct PlannedStep {
  std::string id;     // stable, `overlay/master-1`; key of the history
  std::string node;   // empty: of the lab as a whole
  std::string title;  // `create overlay for master-1`
  std::string why;    // `missing`, `changed: memory 8 GiB -> 16 GiB`
  std::string hash;   // of the inputs
  Step step;
  std::vector<std::string> after;  // ids; those that are not in the plan are done already
  Pool pool = Pool::none;
  /// The step at whose end the place in the pool is free again; its own end when empty or not
  /// planned.
  std::string keeps_place_until = {};
};

/// Name of a step's mark in a guest: its id without slashes.
std::string mark_name(const std::string& step_id);

struct Plan {
  std::vector<PlannedStep> steps;  // in an order that respects `after`
  std::vector<std::string> notes;  // drift and warnings, one sentence each
  /// Nodes of which more is known only when these steps are done: there may be more to do.
  std::vector<std::string> unknown;
  /// Nodes that were installed with another configuration, ip-detect or release; `steps` are then
  /// those that wipe the cluster, and want to be asked for (`--replace`).
  std::vector<std::string> must_wipe = {};
  /// Ids of the install's tasks that are not in `steps` because they were done before.
  std::vector<std::string> done_before = {};
};

/// Which nodes must be wiped and why: part of a sentence.
std::string wipe_reason(const Plan& plan);

/// What `up` would do. Pure; `observed` must be of this lab. Throws Error when a name is held by
/// somebody else's domain or network, saying whose. `checkpoints`: take those that come by
/// themselves.
Plan plan_up(const Lab& lab, const Observed& observed, const Paths& paths, bool checkpoints = true);

struct ResetWish {
  std::vector<std::string> nodes;
  bool cold = false;   // disks are made anew even where a checkpoint would do
  bool force = false;  // break a quorum, leave agents to Mesos' own time-outs
  std::string why = "requested";
  bool checkpoints = true;  // as plan_up has it
};
/// Back to the prepared phase. Masters: one at a time, unless all of them. Throws Error when it
/// would break the masters' quorum, saying what breaks.
Plan plan_reset(const Lab& lab, const Observed& observed, const Paths& paths,
                const ResetWish& wish);

/// Throws Error when there is one of that name and `replace` is not said, or nodes do not run.
Plan plan_save(const Lab& lab, const Observed& observed, const Paths& paths,
               const std::string& name, bool replace);
/// Throws Error when it is unknown, not whole, or of a part of the masters.
Plan plan_restore(const Lab& lab, const Observed& observed, const Paths& paths,
                  const std::string& name);
Plan plan_delete_checkpoint(const Lab& lab, const Observed& observed, const std::string& name);

/// What `down` would do; needs no topology.
Plan plan_down(const std::string& lab, const Observed& observed, const Paths& paths);

/// Phase of each node of the lab, as observed.
std::map<std::string, Phase> phases_of(const Lab& lab, const Observed& observed);

}  // namespace vmlab
