// One run of the program on one lab: the whole of `up`, `down`, `status` behind plain calls.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "host/ports.h"
#include "lab/load.h"
#include "plan/checkpoint.h"
#include "plan/plan.h"
#include "run/reporter.h"

namespace vmlab {

struct Settings {
  Paths paths;
  Library library;                     // images, fragments and releases that come with the program
  std::string uri = "qemu:///system";  // of libvirt, for commands that people are told
  Accelerator accelerator = Accelerator::automatic;  // `automatic`: the topology's choice
  std::optional<Boot> boot;                          // nullopt: the topology's choice
  std::vector<std::string> overrides;                // changes to the topology (lab/overrides.h)
  bool prune = false;                                // Lab::prune
  unsigned boot_places = 0;                          // nodes booting at once; 0: see pool_limits
  bool checkpoints = true;  // `prepared` and `installed` come by themselves
  std::string command;      // `up`, `reset`: for the record of the run
  bool replace = false;     // `up` may wipe nodes that were installed differently
};

struct NodeStatus {
  std::string name;
  std::string group;
  Role role = Role::plain;
  Ipv4 address;
  Phase phase = Phase::absent;
  std::string domain_state;  // `running`, `shut off`, `absent`
  bool asked = false;        // the node itself was; otherwise its phase is the history's word
  bool reached = false;      // ssh answered
  std::string note;          // why not, or what differs
  unsigned cpus = 0;
  std::uint64_t memory_mib = 0;
};

struct LabStatus {
  std::string name;
  std::string file;             // topology
  std::string network;          // CIDR
  std::string release;          // `practice`, path or URL; empty without an install
  Phase phase = Phase::absent;  // least of the nodes'
  std::vector<NodeStatus> nodes;
  std::vector<std::string> notes;
};

/// Whether the installer's sum is computed, which takes seconds, and config.yaml looked at: what is
/// going to be installed must be known to the byte, a look at a lab needs neither.
enum class Installer { verified, unseen };

/// Topology file to a complete lab: reads the file, asks host and hypervisor for taken networks,
/// keeps the network that the lab has already. Throws BadInput with all problems, else Error. Where
/// `no_host` is given, it takes the Error of a host that does not answer; the lab then has its
/// network and addresses only as far as the file says.
Lab load_lab(const std::filesystem::path& file, const Settings& settings, Ports& ports,
             Installer installer = Installer::verified, std::optional<Error>* no_host = nullptr,
             std::stop_token stop = {});

/// The lab as `up` left it under `paths.lab(name)`: for commands that name a lab and no file.
/// Throws Error with the known labs and "did you mean".
Lab recall_lab(const std::string& name, const Settings& settings, Ports& ports,
               Installer installer = Installer::verified, std::optional<Error>* no_host = nullptr,
               std::stop_token stop = {});
/// The path that `up` remembers of its topology.
std::string remembered_file(const Lab& lab);
/// Its nodes by that file alone, at once; none of a lab that is not known. Throws BadInput.
std::vector<std::pair<std::string, Role>> recall_nodes(const std::string& name,
                                                       const Settings& settings, Ports& ports);
/// The images that its topology names, by that file alone. Throws BadInput or Error.
std::vector<Image> recall_images(const std::string& name, const Settings& settings, Ports& ports);
std::vector<std::string> known_labs(const Settings& settings, Ports& ports);

/// What the hypervisor and the lab's directory tell of networks and domains; no disks, no marks.
Observed observe_host(const Lab& lab, const Settings& settings, Ports& ports);
/// Adds the marks that the lab's runs left in its nodes, as far as its history tells.
void remember_marks(const Lab& lab, const Settings& settings, Ports& ports, Observed& observed);
/// These, and disks, checkpoints and what was begun; the guests are not asked.
Observed observe_disks(const Lab& lab, const Settings& settings, Ports& ports);
Observed observe(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop);
/// `known` is `wanted` with the accelerator that was proven.
Plan make_plan(const Lab& wanted, const Lab& known, const Observed& observed,
               const Settings& settings, System& system);

/// Takes the lab's lock (ExitCode::locked), plans and applies until nothing is missing.
RunSummary up(const Lab& lab, const Settings& settings, Ports& ports, Reporter& reporter,
              std::stop_token stop);
/// Throws Error when `vmlab protect` was said of the lab.
void refuse_protected(const std::string& lab, const Settings& settings, System& system);
RunSummary down(const std::string& name, const Settings& settings, Ports& ports, Reporter& reporter,
                std::stop_token stop);

/// Back to the prepared phase; `then_up`: and from there to where `up` leads, masters one by one.
struct ResetOptions {
  std::vector<std::string> nodes = {};  // names; empty: all
  bool cold = false;                    // new disks, also where a checkpoint would do
  bool force = false;
  bool then_up = false;
};
RunSummary reset(const Lab& lab, const ResetOptions& options, const Settings& settings,
                 Ports& ports, Reporter& reporter, std::stop_token stop);

std::vector<Checkpoint> checkpoints(const Lab& lab, const Settings& settings, Ports& ports);
RunSummary save_lab(const Lab& lab, const std::string& name, bool replace, const Settings& settings,
                    Ports& ports, Reporter& reporter, std::stop_token stop);
RunSummary restore_lab(const Lab& lab, const std::string& name, const Settings& settings,
                       Ports& ports, Reporter& reporter, std::stop_token stop);
RunSummary delete_checkpoint(const Lab& lab, const std::string& name, const Settings& settings,
                             Ports& ports, Reporter& reporter, std::stop_token stop);

/// Asking the guests takes a second or several; the host alone answers at once, and the lab's
/// history says how far its runs came.
enum class Ask { host, guests };
LabStatus status(const Lab& lab, Ask ask, const Settings& settings, Ports& ports,
                 std::stop_token stop);

/// How ssh reaches a node.
SshTarget ssh_target(const Lab& lab, const Node& node, const Settings& settings);

}  // namespace vmlab
