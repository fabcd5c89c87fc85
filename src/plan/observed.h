// What there is, as it was found: the other half of every plan.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "lab/address.h"
#include "lab/domain_shape.h"

namespace vmlab {

/// vmlab's mark on a domain or network, from its <metadata> (namespace urn:vmlab:1).
struct Label {
  std::string lab;
  std::string node;                  // empty for a network
  std::string hash;                  // of the inputs that it was defined from
  std::string state_directory = {};  // of a network: whose it is; empty in those of old
  bool operator==(const Label&) const = default;
};

enum class DomainState { shut_off, running, paused, crashed, other };
std::string to_text(DomainState state);  // `running`, `shut off`, …

struct DomainInfo {
  std::string name;
  std::string uuid;
  DomainState state = DomainState::shut_off;
  std::optional<Label> label;  // nullopt: somebody else's
  DomainShape shape = {};      // as the next start makes it
  std::string reason = {};     // why it is in that state: `crashed`; empty: unknown
  bool operator==(const DomainInfo&) const = default;
};

/// `shut off (crashed)`.
std::string state_text(const DomainInfo& domain);

struct NetworkInfo {
  std::string name;
  std::string uuid;
  std::string bridge;
  bool active = false;
  std::optional<Label> label;
  std::vector<Cidr> cidrs;
  std::map<std::string, std::vector<std::string>> hosts;  // DNS: address -> names
  bool operator==(const NetworkInfo&) const = default;
};

struct DiskInfo {
  std::uint64_t virtual_bytes = 0;
  std::uint64_t allocated_bytes = 0;
  std::string format;
  std::string backing_file;  // empty when it has none
  /// Internal snapshots, with the bytes of guest memory that each holds in this file.
  std::map<std::string, std::uint64_t> snapshots = {};
  bool operator==(const DiskInfo&) const = default;
};

/// What libvirt knows of one snapshot of a domain.
struct SnapshotInfo {
  std::string name;
  std::string description;  // whoever made it wrote this
  bool operator==(const SnapshotInfo&) const = default;
};

struct ObservedNode {
  std::optional<DomainInfo> domain;
  std::map<std::string, DiskInfo> disks;  // file name in the lab's directory -> what it is
  std::string template_image;             // below the template that the root disk lies on, if any
  bool backing_lost = false;              // a file below the root disk is not there
  std::string seed_hash;                  // of the seed file; empty when there is none
  bool forking = false;                   // cut off before it was itself: Paths::memory is there
  bool reached = false;                   // ssh answered; otherwise `marks` is unknown
  std::string unreachable_because;
  std::string untrusted_because;  // who answered did not show the node's host key
  /// Steps done inside the guest: /var/lib/vmlab/done/<step> -> hash of inputs.
  std::map<std::string, std::string> marks;
  std::map<std::string, std::string> snapshots;  // name -> description
};

struct Observed {
  std::optional<NetworkInfo> network;           // of the lab's name, owned or not
  std::map<std::string, ObservedNode> nodes;    // every node of the lab and every labelled domain
  std::map<std::string, bool> base_images;      // image name -> base file of this hash is there
  std::map<std::string, bool> prepared_images;  // image name -> prepared file of this hash is there
  /// Nodes whose host key is in the lab's directory; "" stands for the lab's own key.
  std::set<std::string> keys;
  std::set<std::string> templates;  // names of those that are whole
  /// What runs guests, and would not take each other's memory: `QEMU 7.2.22, libvirt 9.0.0`.
  std::string emulator;
  bool directory = false;  // the lab's directory is there
  std::string intent;      // what was begun and must be ended first: see plan/intent.h
};

}  // namespace vmlab
