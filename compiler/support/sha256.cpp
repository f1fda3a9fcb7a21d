// The functions that OpenSSL calls deprecated: unlike their successors they ask for no memory and
// initialise no library, so there is nothing in them that can fail.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "compiler/support/sha256.h"

#include <array>

#include <openssl/sha.h>

namespace inarch {

namespace {

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

std::string to_hex(const Digest& digest) {
  static const char* const digits = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += digits[byte >> 4u];
    hex += digits[byte & 15u];
  }
  return hex;
}

}  // namespace

std::string sha256_hex(std::string_view bytes) {
  Sha256 sum;
  sum.update(bytes);
  return sum.hex();
}

struct Sha256::Context {
  SHA256_CTX state;
};

Sha256::Sha256() : context_(std::make_unique<Context>()) { SHA256_Init(&context_->state); }

Sha256::~Sha256() = default;

void Sha256::update(std::string_view bytes) {
  SHA256_Update(&context_->state, bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  Digest digest{};
  SHA256_Final(digest.data(), &context_->state);
  return to_hex(digest);
}

}  // namespace inarch
