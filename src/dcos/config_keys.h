// The parameters of config.yaml that open source DC/OS 1.11 to 2.2 knows, as data.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vmlab {

enum class KeyKind {
  text,     // any scalar but null and floats
  boolean,  // true or false
  integer,  // within low..high
  integer_or_empty,
  ipv4_list,
  resolvers,  // IPv4 or IPv4:port
  text_list,
  map,
  duration,  // of Mesos: number and unit
  path,      // absolute
  cidr,
  ipv4,
  choice,      // one of `choices`
  computed,    // the installer computes it; setting it is an error
  ignored,     // of the old ssh installer: read by nobody
  enterprise,  // of the other edition: read by nobody
};

struct KeyRule {
  std::string_view name;
  KeyKind kind = KeyKind::text;
  long low = 0;
  long high = 0;
  std::string_view choices = {};  // separated by |
};

/// Sorted by name.
std::span<const KeyRule> config_keys();
const KeyRule* find_config_key(std::string_view name);  // nullptr: not known
/// Names of the keys that may be set, for "did you mean".
std::vector<std::string> settable_config_keys();

}  // namespace vmlab
