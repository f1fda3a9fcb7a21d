#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace inarch {

/// SHA-256 as 64 lowercase hex digits. For headers, recipes and plans; bulk content has its own
/// faster hash (runtime/kernels/content_hash.h).
std::string sha256_hex(std::string_view bytes);

/// The same over bytes that come in portions.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  /// 64 lowercase hex digits. Ends the object's use.
  std::string hex();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace inarch
