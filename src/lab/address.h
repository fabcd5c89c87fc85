// IPv4 addresses and networks as values.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace vmlab {

struct Ipv4 {
  std::uint32_t value = 0;  // host byte order
  std::string text() const;
  auto operator<=>(const Ipv4&) const = default;
};

struct Cidr {
  Ipv4 base;       // host bits are zero
  int prefix = 0;  // 0..32
  std::string text() const;
  Ipv4 first() const { return base; }  // the network's own address
  Ipv4 last() const;                   // broadcast
  std::uint32_t netmask() const;
  bool contains(Ipv4 address) const;
  bool overlaps(const Cidr& other) const;
  bool operator==(const Cidr&) const = default;
};

/// Strict dotted quad; nullopt otherwise.
std::optional<Ipv4> parse_ipv4(std::string_view text);

/// `192.168.90.0/24`; nullopt when malformed or when host bits are set.
std::optional<Cidr> parse_cidr(std::string_view text);

}  // namespace vmlab
