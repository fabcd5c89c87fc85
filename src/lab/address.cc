#include "lab/address.h"

#include <fmt/format.h>

#include <charconv>

namespace vmlab {

namespace {

/// A decimal number without sign, blanks or leading zeros, at most `most`.
std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t most) {
  if (text.empty() || text.size() > 3 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint32_t number = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc{} || end != last || number > most) return std::nullopt;
  return number;
}

}  // namespace

std::string Ipv4::text() const {
  return fmt::format("{}.{}.{}.{}", value >> 24, value >> 16 & 0xff, value >> 8 & 0xff,
                     value & 0xff);
}

std::string Cidr::text() const {
  return fmt::format("{}/{}", base.text(), prefix);
}

std::uint32_t Cidr::netmask() const {
  return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
}

Ipv4 Cidr::last() const {
  return {base.value | ~netmask()};
}

bool Cidr::contains(Ipv4 address) const {
  return (address.value & netmask()) == base.value;
}

bool Cidr::overlaps(const Cidr& other) const {
  return contains(other.base) || other.contains(base);
}

std::optional<Ipv4> parse_ipv4(std::string_view text) {
  std::uint32_t value = 0;
  for (int part = 0; part < 4; ++part) {
    const auto dot = part < 3 ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto number = parse_number(text.substr(0, dot), 255);
    if (!number) return std::nullopt;
    value = value << 8 | *number;
    if (part < 3) text.remove_prefix(dot + 1);
  }
  return Ipv4{value};
}

std::optional<Cidr> parse_cidr(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto base = parse_ipv4(text.substr(0, slash));
  const auto prefix = parse_number(text.substr(slash + 1), 32);
  if (!base || !prefix) return std::nullopt;
  const Cidr cidr{*base, static_cast<int>(*prefix)};
  if ((base->value & ~cidr.netmask()) != 0) return std::nullopt;
  return cidr;
}

}  // namespace vmlab
