#include "base/digest.h"

#include <openssl/evp.h>
#include <uuid/uuid.h>

#include <array>

#include "base/error.h"
#include "base/text.h"

namespace vmlab {

std::string sha256_hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (EVP_Digest(data.data(), data.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw Error("cannot compute a SHA-256 digest: libcrypto refused");
  }
  return to_hex({reinterpret_cast<const char*>(digest.data()), length});
}

std::string hash_of(std::span<const std::string> parts) {
  std::string all;
  for (const auto& part : parts) all += std::to_string(part.size()) + ":" + part;
  return sha256_hex(all);
}

std::string uuid_v5(std::string_view name) {
  // The name space is itself a UUID: fixed for ever, or every domain of every lab changes identity.
  uuid_t space;
  uuid_parse("6f1c3f0a-6c0e-5d5e-9a55-766d6c616231", space);
  uuid_t uuid;
  uuid_generate_sha1(uuid, space, name.data(), name.size());
  std::array<char, 37> text{};
  uuid_unparse_lower(uuid, text.data());
  return text.data();
}

}  // namespace vmlab
