// Digests and names derived from them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace vmlab {

/// SHA-256, 64 lower-case hex digits.
std::string sha256_hex(std::string_view data);

/// SHA-256 over several parts such that {"ab","c"} and {"a","bc"} differ: the hash of inputs.
std::string hash_of(std::span<const std::string> parts);

/// RFC 4122 version 5 (SHA-1, name based) in vmlab's own name space; lower case with dashes.
std::string uuid_v5(std::string_view name);

}  // namespace vmlab
