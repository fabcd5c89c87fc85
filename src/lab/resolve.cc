#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "lab/identity.h"
#include "lab/load.h"
#include "lab/problems.h"
#include "lab/validate.h"

namespace vmlab {

namespace {

/// Where the nodes of a role begin in a network of 256 addresses; larger ones are stretched. The
/// nine masters that there can be, and the one bootstrap, need no stretching.
struct RoleRange {
  std::uint32_t first = 0;
  std::uint32_t size = 0;
};

constexpr std::uint32_t usual_size = 256;

RoleRange range_of(Role role, std::uint32_t network_size) {
  const auto scale = network_size / usual_size;
  switch (role) {
    case Role::bootstrap:
      return {10, 1};
    case Role::master:
      return {11, 9};
    case Role::agent:
      return {20 * scale + 1, 130 * scale};
    case Role::public_agent:
      return {150 * scale + 1, 40 * scale};
    case Role::plain:
      return {190 * scale + 1, 60 * scale};
  }
  return {1, 1};
}

/// Position of the n-th group of a role in its range, in 1/256: 0, 1/2, 1/4, 3/4, 1/8 … so that
/// each group has room to grow before it meets another.
std::uint32_t group_start(std::uint32_t ordinal) {
  std::uint32_t reversed = 0;
  for (int bit = 0; bit < 8; ++bit) reversed = reversed << 1 | (ordinal >> bit & 1);
  return reversed;
}

std::uint32_t size_of(const Cidr& cidr) {
  return cidr.last().value - cidr.base.value + 1;
}

/// Largest prefix, 24 at most, in which every role has room.
int prefix_for(const Lab& lab) {
  std::map<Role, std::uint32_t> nodes;
  for (const auto& node : lab.nodes) ++nodes[node.role];
  for (int prefix = 24; prefix > 16; --prefix) {
    const auto size = std::uint32_t{1} << (32 - prefix);
    const bool fits = std::ranges::all_of(nodes, [&](const auto& entry) {
      const auto fixed = entry.first == Role::bootstrap || entry.first == Role::master;
      return fixed || entry.second <= range_of(entry.first, size).size;
    });
    if (fits) return prefix;
  }
  return 16;
}

bool is_taken(const Cidr& cidr, const HostView& host) {
  const auto overlaps = [&](const Cidr& other) { return cidr.overlaps(other); };
  return std::ranges::any_of(host.routes, overlaps) ||
         std::ranges::any_of(host.other_networks,
                             [&](const auto& entry) { return overlaps(entry.second); }) ||
         std::ranges::any_of(host.inner_ranges,
                             [&](const auto& range) {
                               return cidr.first() <= range.second && range.first <= cidr.last();
                             }) ||
         std::ranges::any_of(reserved_ranges(),
                             [&](const ReservedRange& range) { return overlaps(range.cidr); });
}

Cidr choose_network(const Lab& lab, const HostView& host) {
  const auto prefix = prefix_for(lab);
  struct Span {
    const char* first;
    const char* last;
  };
  // From .100 on, as lower ones are what home routers and libvirt's own network use.
  constexpr std::array<Span, 3> spans = {{{"192.168.100.0", "192.168.255.255"},
                                          {"192.168.0.0", "192.168.99.255"},
                                          {"10.64.0.0", "10.127.255.255"}}};
  const std::uint32_t step = std::uint32_t{1} << (32 - prefix);
  for (const auto& [first, last] : spans) {
    const auto from = parse_ipv4(first).value().value;
    const auto to = parse_ipv4(last).value().value;
    for (auto base = (from + step - 1) / step * step; base + (step - 1) <= to; base += step) {
      const Cidr cidr{{base}, prefix};
      if (!is_taken(cidr, host)) return cidr;
    }
  }
  throw Error(
      fmt::format("cannot choose a network for lab '{}': every /{} of 192.168.0.0/16 and "
                  "10.64.0.0/10 overlaps a network that this host reaches, or one that DC/OS "
                  "is given",
                  lab.name, prefix),
      "name a free one in the topology: network: {cidr: …}");
}

void check_network(const Lab& lab, const HostView& host, Problems& problems) {
  const auto& cidr = lab.network.cidr;
  const std::string help = "choose another, or leave cidr out to have a free one chosen";
  for (const auto& [name, other] : host.other_networks) {
    if (!cidr.overlaps(other)) continue;
    problems.add(lab.network.mark,
                 fmt::format("network {} overlaps {} of libvirt network '{}'", cidr.text(),
                             other.text(), name),
                 help);
  }
  for (const auto& route : host.routes) {
    const bool other_network = std::ranges::any_of(
        host.other_networks, [&](const auto& entry) { return entry.second == route; });
    if (!cidr.overlaps(route) || other_network) continue;
    problems.add(lab.network.mark,
                 fmt::format("network {} overlaps {}, which this host reaches already", cidr.text(),
                             route.text()),
                 help);
  }
}

/// Gives every node an address: what the file fixes, what the node has already, then a place that
/// depends on role, group and number alone, so that adding a node moves no other.
class AddressGiver {
 public:
  explicit AddressGiver(Lab& lab) : lab_(lab), size_(size_of(lab.network.cidr)) {
    taken_.insert(lab.network.gateway);
    for (const auto& node : lab.nodes) {
      if (node.address != Ipv4{}) taken_.insert(node.address);
    }
  }

  void keep(const std::map<std::string, Ipv4>& known) {
    for (auto& node : lab_.nodes) {
      const auto found = known.find(node.name);
      if (node.address != Ipv4{} || found == known.end()) continue;
      const auto address = found->second;
      const auto& cidr = lab_.network.cidr;
      if (cidr.contains(address) && address != cidr.first() && address != cidr.last() &&
          taken_.insert(address).second) {
        node.address = address;
      }
    }
  }

  /// False when the network is full.
  bool derive() {
    const auto groups = group_ordinals();
    std::string_view group;
    std::uint32_t index = 0;
    for (auto& node : lab_.nodes) {  // those of a group stand together, in order
      index = node.group == group ? index + 1 : 0;
      group = node.group;
      if (node.address != Ipv4{}) continue;
      const auto free = free_from(preferred(node.role, groups.at(node.group)) + index);
      if (!free) return false;
      node.address = *free;
      taken_.insert(*free);
    }
    return true;
  }

 private:
  /// Number of each group among those of its role, in the order of the file.
  std::map<std::string, std::uint32_t, std::less<>> group_ordinals() const {
    std::map<Role, std::set<std::tuple<int, int, std::string>>> groups;
    for (const auto& node : lab_.nodes) {
      groups[node.role].insert({node.mark.line, node.mark.column, node.group});
    }
    std::map<std::string, std::uint32_t, std::less<>> ordinals;
    for (const auto& [role, of_role] : groups) {
      std::uint32_t ordinal = 0;
      for (const auto& [line, column, name] : of_role) ordinals[name] = ordinal++;
    }
    return ordinals;
  }

  std::uint32_t preferred(Role role, std::uint32_t ordinal) const {
    if (size_ < usual_size) return 2;
    const auto range = range_of(role, size_);
    return range.first + range.size * group_start(ordinal) / usual_size;
  }

  /// The first free address at `offset` or after it; from the beginning when the end is reached.
  std::optional<Ipv4> free_from(std::uint32_t offset) const {
    const auto usable = size_ - 2;  // neither the network's own nor broadcast
    for (std::uint32_t tried = 0; tried < usable; ++tried) {
      const Ipv4 address{lab_.network.cidr.base.value + 1 + (offset - 1 + tried) % usable};
      if (!taken_.contains(address)) return address;
    }
    return std::nullopt;
  }

  struct Hash {
    std::size_t operator()(Ipv4 address) const { return std::hash<std::uint32_t>{}(address.value); }
  };

  Lab& lab_;
  std::uint32_t size_;
  std::unordered_set<Ipv4, Hash> taken_;
};

}  // namespace

Lab resolve(Lab lab, const HostView& host) {
  Problems problems(lab.file);
  lab = resolve(std::move(lab), host, problems);
  problems.throw_if_any();
  return lab;
}

Lab resolve(Lab lab, const HostView& host, Problems& problems) {
  auto& network = lab.network;
  HostView others = host;
  if (host.own_network) std::erase(others.routes, *host.own_network);
  if (network.cidr.prefix != 0) {
    check_network(lab, others, problems);
  } else if (!problems.any()) {
    network.cidr = host.own_network ? *host.own_network : choose_network(lab, others);
    network.gateway = {network.cidr.base.value + 1};
  } else {
    return lab;
  }
  const auto room = size_of(network.cidr) - 3;
  if (lab.nodes.size() > room) {
    problems.add(network.mark,
                 fmt::format("network {} has room for {} nodes, not for {}", network.cidr.text(),
                             room, lab.nodes.size()),
                 "choose a smaller prefix");
  }
  if (problems.any()) return lab;
  AddressGiver addresses(lab);
  addresses.keep(host.own_hosts);
  if (!addresses.derive()) {
    throw Error(fmt::format("cannot give every node of lab '{}' an address: network {} is full",
                            lab.name, network.cidr.text()));
  }
  assign_identities(lab);
  return lab;
}

}  // namespace vmlab
