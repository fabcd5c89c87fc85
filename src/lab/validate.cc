#include "lab/validate.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "base/units.h"

namespace vmlab {

namespace {

/// Directories that a guest is running from while the disk would be mounted over them.
constexpr std::array<std::string_view, 17> system_trees = {
    "/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64",         "/libx32",       "/proc",
    "/run", "/sbin", "/sys", "/usr", "/tmp", "/root",  "/var/lib/cloud", "/var/lib/vmlab"};
constexpr std::array<std::string_view, 4> system_directories = {"/", "/var", "/var/lib",
                                                                "/var/tmp"};

bool is_in(std::string_view path, std::string_view tree) {
  return path == tree || (path.starts_with(tree) && path[tree.size()] == '/');
}

void check_counts(const Lab& lab, std::span<const NodeDraft> drafts, Problems& problems) {
  const NodeDraft* bootstrap = nullptr;
  const NodeDraft* first_master = nullptr;
  std::size_t masters = 0;
  for (const auto& draft : drafts) {
    if (draft.node.role == Role::master) {
      if (first_master == nullptr) first_master = &draft;
      ++masters;
    }
    if (draft.node.role != Role::bootstrap) continue;
    if (bootstrap != nullptr) {
      problems.add(draft.node.mark, fmt::format("more than one bootstrap node: '{}' and '{}'",
                                                bootstrap->node.name, draft.node.name));
    } else {
      bootstrap = &draft;
    }
  }
  if (!lab.dcos) return;
  const auto install = lab.dcos->release.mark;
  if (bootstrap == nullptr) {
    problems.add(install, "no bootstrap node: DC/OS is installed from one",
                 "add to nodes: bootstrap: {role: bootstrap}");
  }
  if (masters % 2 == 0 || masters > 9) {
    problems.add(
        first_master != nullptr ? first_master->node.mark : install,
        fmt::format("{} master{}: DC/OS wants 1, 3, 5, 7 or 9", masters, masters == 1 ? "" : "s"));
  }
}

void check_sizes(const Lab& lab, std::span<const NodeDraft> drafts, Problems& problems) {
  for (const auto& draft : drafts) {
    if (draft.node.memory_mib < least_memory_mib && !lab.allow_small_memory) {
      problems.add(
          draft.memory,
          fmt::format("memory of {} is less than 8 GiB", format_size_mib(draft.node.memory_mib)),
          "allow_small_memory: true lets it pass");
    } else if (draft.node.memory_mib < 256) {
      problems.add(draft.memory, fmt::format("memory of {} is too little to boot",
                                             format_size_mib(draft.node.memory_mib)));
    }
    const auto image = lab.images.find(draft.node.image);
    if (image != lab.images.end() && draft.node.disk_mib < image->second.disk_mib) {
      problems.add(draft.disk,
                   fmt::format("disk of {} is smaller than the {} of image '{}'",
                               format_size_mib(draft.node.disk_mib),
                               format_size_mib(image->second.disk_mib), draft.node.image));
    }
  }
}

void check_names(std::span<const NodeDraft> drafts, Problems& problems) {
  std::unordered_map<std::string_view, Mark> names;
  for (const auto& draft : drafts) {
    const auto [first, fresh] = names.emplace(draft.node.name, draft.node.mark);
    if (fresh) continue;
    problems.add(draft.node.mark, fmt::format("node name '{}' is used twice", draft.node.name),
                 fmt::format("line {} makes one too", first->second.line));
  }
}

void check_network(const Lab& lab, Problems& problems) {
  const auto& network = lab.network;
  if (network.cidr.prefix == 0) return;
  for (const auto& range : reserved_ranges()) {
    if (!network.cidr.overlaps(range.cidr)) continue;
    problems.add(network.mark,
                 fmt::format("network {} overlaps {}, used for {}", network.cidr.text(),
                             range.cidr.text(), range.used_for),
                 "leave cidr out to have a free network chosen");
  }
}

/// Why a node cannot have this address; empty when it can.
std::string refuse_address(const Network& network, Ipv4 address) {
  if (!network.cidr.contains(address)) {
    return fmt::format("it is not in the network {}", network.cidr.text());
  }
  if (address == network.gateway) return "it is the gateway's";
  if (address == network.cidr.first()) return "it is the network's own";
  if (address == network.cidr.last()) return "it is the broadcast address";
  return {};
}

void check_addresses(const Lab& lab, std::span<const NodeDraft> drafts, Problems& problems) {
  std::map<Ipv4, const Node*> taken;
  for (const auto& draft : drafts) {
    const auto address = draft.node.address;
    if (address == Ipv4{}) continue;
    if (lab.network.cidr.prefix == 0) {
      problems.add(
          draft.address,
          fmt::format("address {} needs a network of the lab's own choice", address.text()),
          "add network: {cidr: …}");
      continue;
    }
    if (const auto why = refuse_address(lab.network, address); !why.empty()) {
      problems.add(draft.address, fmt::format("'{}' cannot have address {}: {}", draft.node.name,
                                              address.text(), why));
    }
    const auto [other, fresh] = taken.emplace(address, &draft.node);
    if (!fresh) {
      problems.add(draft.address,
                   fmt::format("address {} is used twice: by '{}' and '{}'", address.text(),
                               other->second->name, draft.node.name));
    }
  }
}

Cidr range(const char* text) {
  return parse_cidr(text).value();
}

}  // namespace

std::span<const ReservedRange> reserved_ranges() {
  static const std::array<ReservedRange, 7> ranges = {{
      {range("9.0.0.0/8"), "DC/OS's overlay network"},
      {range("11.0.0.0/8"), "DC/OS's named load balancing addresses"},
      {range("44.128.0.0/20"), "DC/OS's overlay tunnels"},
      {range("172.17.0.0/16"), "Docker's bridge"},
      {range("172.29.0.0/16"), "Calico in DC/OS"},
      {range("172.31.254.0/24"), "DC/OS's container bridge"},
      {range("198.51.100.0/24"), "DC/OS's name servers"},
  }};
  return ranges;
}

std::string refuse_mount(std::string_view mount) {
  if (!mount.starts_with('/')) return "it is no absolute path";
  const bool plain = std::ranges::all_of(mount, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("._-/").find(c) != std::string_view::npos;
  });
  if (!plain) return "only letters, digits, '.', '_', '-' and '/' are taken";
  if (mount.size() > 200) return "it is too long";
  if (std::ranges::find(system_directories, mount) != system_directories.end()) {
    return "the system itself lives there";
  }
  for (const auto& part : split(mount.substr(1), '/')) {
    if (part.empty() || part == "." || part == "..") {
      return "write it without '.', '..', '//' and '/' at the end";
    }
  }
  for (const auto tree : system_trees) {
    if (is_in(mount, tree)) return "the system itself lives there";
  }
  if (is_in(mount, "/opt")) return "DC/OS wants /opt on the root disk";
  return {};
}

void validate(const Lab& lab, std::span<const NodeDraft> drafts, Problems& problems) {
  check_names(drafts, problems);
  check_counts(lab, drafts, problems);
  check_sizes(lab, drafts, problems);
  check_network(lab, problems);
  check_addresses(lab, drafts, problems);
}

}  // namespace vmlab
