// Digests and names derived from them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace vmlab {

/// SHA-256, 64 lower-case hex digits.
std::string sha256_hex(std::string_view data);

/// SHA-256 over several parts such that {"ab","c"} and {"a","bc"} differ: the hash of inputs.
std::string hash_of(std::span<const std::string> parts);

/// SHA-256 of data that comes in pieces (downloads, large files).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  void update(std::string_view data);
  std::string hex();  // ends it; call once

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// RFC 4122 version 5 (SHA-1, name based) in vmlab's own name space; lower case with dashes.
std::string uuid_v5(std::string_view name);

}  // namespace vmlab
