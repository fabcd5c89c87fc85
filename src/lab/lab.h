// What a user asked for, complete: a lab with its network and nodes, each with its identity.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "lab/address.h"
#include "lab/image.h"

namespace vmlab {

enum class Role { bootstrap, master, agent, public_agent, plain };
std::string to_text(Role role);  // as in the topology file

enum class Accelerator { automatic, kvm, tcg };
std::string to_text(Accelerator accelerator);

/// How a new node comes to run: from the memory of a template, where that pays; always; never.
enum class Boot { automatic, fork, cold };
std::string to_text(Boot boot);  // as in the topology file

/// A place in the user's file, 1-based; line 0: not from a file.
struct Mark {
  int line = 0;
  int column = 0;
  bool operator==(const Mark&) const = default;
};

struct DataDisk {
  std::string mount;  // absolute, e.g. /var/lib/mesos
  std::uint64_t size_mib = 0;
  /// Serial of the virtio disk and file system label, derived from the mount; <= 16 characters.
  std::string label;
  bool operator==(const DataDisk&) const = default;
};

/// One cloud-config document: a fragment of the library or the user's own file.
struct Fragment {
  std::string name;  // as the user wrote it: `docker`, `./x.yaml`
  std::string text;  // whole document, `#cloud-config` first
  bool operator==(const Fragment&) const = default;
};

struct Node {
  std::string name;   // `master-1`, `bootstrap`; unique in the lab, a host name label
  std::string group;  // key under `nodes:`
  Role role = Role::plain;
  unsigned cpus = 2;
  std::uint64_t memory_mib = 8192;
  std::uint64_t disk_mib = 60ULL * 1024;
  std::vector<DataDisk> disks;
  std::string image;  // key of Lab::images
  std::vector<Fragment> cloud_init;
  // Identity, derived from lab and node name; outlives any re-image.
  std::string uuid;
  std::string mac;
  Ipv4 address;
  std::string domain_name;  // libvirt's name: `<lab>-<node>`
  Mark mark;
};

struct Network {
  std::string name;  // libvirt's name: the lab's
  std::string uuid;
  std::string bridge;  // interface name, <= 15 characters
  std::string domain;  // DNS domain: `dcos.test`
  Cidr cidr;           // prefix 0: to be chosen
  Ipv4 gateway;        // also the name server
  Mark mark;           // of the cidr, else of `network`
};

/// Where the installer comes from: a path or a URL, never both.
struct Release {
  bool practice = false;  // the one that comes with the program; `path` says where
  std::string path;       // absolute
  std::string url;
  std::string sha256;  // lower-case hex; may be empty for a path and for the practice release
  Mark mark;
};

struct DcosInstall {
  Release release;
  /// User's keys for genconf/config.yaml, types as YAML gave them, order kept.
  nlohmann::ordered_json config = nlohmann::ordered_json::object();
  std::map<std::string, Mark> config_marks;  // of the top-level keys
  std::optional<std::string> ip_detect;      // text of the user's own script
};

struct Lab {
  std::string name;
  std::string file;                    // topology file as the user named it
  std::vector<std::string> overrides;  // of the command line (lab/overrides.h)
  Accelerator accelerator = Accelerator::automatic;
  Boot boot = Boot::automatic;
  bool allow_small_memory = false;
  bool prune = false;  // nodes that it had and has no more are removed
  Network network;
  std::map<std::string, Image> images;
  std::vector<Node>
      nodes;  // bootstrap, masters, agents, public agents, plain; by name inside a role
  std::optional<DcosInstall> dcos;

  const Node& node(const std::string& node_name) const;  // throws Error with "did you mean"
  std::vector<const Node*> with_role(Role role) const;
  const Node* bootstrap() const;  // nullptr when there is none
};

}  // namespace vmlab
