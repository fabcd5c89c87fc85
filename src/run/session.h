// One run of the program on one lab: the whole of `up`, `down`, `status` behind plain calls.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "host/ports.h"
#include "lab/load.h"
#include "plan/plan.h"
#include "run/reporter.h"

namespace vmlab {

struct Settings {
  Paths paths;
  Library library;  // images, fragments and releases that come with the program
  Accelerator accelerator = Accelerator::automatic;  // `automatic`: the topology's choice
  unsigned boot_places = 0;                          // nodes booting at once; 0: all
};

struct NodeStatus {
  std::string name;
  std::string group;
  Role role = Role::plain;
  Ipv4 address;
  Phase phase = Phase::absent;
  std::string domain_state;  // `running`, `shut off`, `absent`
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

/// Topology file to a complete lab: reads the file, asks host and hypervisor for taken networks,
/// keeps the network that the lab has already. Throws BadInput or Error.
Lab load_lab(const std::filesystem::path& file, const Settings& settings, Ports& ports);

/// The lab as `up` left it under `paths.lab(name)`: for commands that name a lab and no file.
/// Throws Error with the known labs and "did you mean".
Lab recall_lab(const std::string& name, const Settings& settings, Ports& ports);
std::vector<std::string> known_labs(const Settings& settings, Ports& ports);

Observed observe(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop);
Plan plan_for(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop);

/// Takes the lab's lock (ExitCode::locked), plans and applies until nothing is missing.
RunSummary up(const Lab& lab, const Settings& settings, Ports& ports, Reporter& reporter,
              std::stop_token stop);
RunSummary down(const std::string& name, const Settings& settings, Ports& ports, Reporter& reporter,
                std::stop_token stop);
LabStatus status(const Lab& lab, const Settings& settings, Ports& ports, std::stop_token stop);

/// How ssh reaches a node.
SshTarget ssh_target(const Lab& lab, const Node& node, const Settings& settings);

}  // namespace vmlab
