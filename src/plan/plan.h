// A plan: what is missing between what is wanted and what there is, step by step, each with its
// reason.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "lab/gate.h"
#include "lab/image.h"
#include "lab/lab.h"
#include "plan/observed.h"
#include "plan/paths.h"

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
/// Passes when the gate does; leaves `mark` (unless empty) in the guest `mark_node`.
struct AwaitGate {
  Gate gate;
  std::string mark;
  std::string mark_node;
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

using Step = std::variant<BuildBase, DownloadBase, PrepareImage, MakeKeys, DefineNetwork,
                          SetDnsHosts, CreateOverlay, CreateDataDisk, WriteSeed, DefineDomain,
                          StartDomain, StopDomain, AwaitGate, FetchRelease, UploadRelease,
                          GuestScript, RemoveDomain, RemoveNetwork, RemoveFiles>;

/// How far a node has come; shown by `status` and on each line of progress.
enum class Phase { absent, defined, booting, prepared, installing, installed };
std::string to_text(Phase phase);

/// Classes of work that must not all run at once. The number of places is the executor's.
enum class Pool { none, disk, boot, network, guest };

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
  /// Nodes whose own marks could not be read yet: when they answer, there may be more to do.
  std::vector<std::string> unknown;
};

/// What `up` would do. Pure; `observed` must be of this lab. Throws Error when a name is held by
/// somebody else's domain or network, saying whose.
Plan plan_up(const Lab& lab, const Observed& observed, const Paths& paths);

/// What `down` would do; needs no topology.
Plan plan_down(const std::string& lab, const Observed& observed, const Paths& paths);

/// Phase of each node of the lab, as observed.
std::map<std::string, Phase> phases_of(const Lab& lab, const Observed& observed);

}  // namespace vmlab
