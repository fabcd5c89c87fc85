#include "base/digest.h"

#include <openssl/evp.h>
#include <uuid/uuid.h>

#include <array>

#include "base/error.h"
#include "base/text.h"

namespace vmlab {

struct Sha256::State {
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1) {
    throw Error("cannot start a SHA-256 digest: libcrypto refused");
  }
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::string_view data) {
  EVP_DigestUpdate(state_->context.get(), data.data(), data.size());
}

std::string Sha256::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  EVP_DigestFinal_ex(state_->context.get(), digest.data(), &length);
  return to_hex({reinterpret_cast<const char*>(digest.data()), length});
}

std::string sha256_hex(std::string_view data) {
  Sha256 digest;
  digest.update(data);
  return digest.hex();
}

std::string hash_of(std::span<const std::string> parts) {
  Sha256 digest;
  for (const auto& part : parts) {
    digest.update(std::to_string(part.size()) + ":");
    digest.update(part);
  }
  return digest.hex();
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
