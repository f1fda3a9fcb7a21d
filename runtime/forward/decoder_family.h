#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// What a config of a family leaves to transformers 5.23, and what no config says. 0 stands for
/// "none", but for kv_heads (as many as heads) and head_dim (hidden / heads).
struct DecoderFamily {
  std::string_view name;
  std::int64_t vocabulary, hidden, intermediate, layers, heads, kv_heads, head_dim;
  std::string_view activation_key;
  std::string_view activation;
  double norm_epsilon;
  bool tied;
  double theta;
  std::int64_t window;  ///< of a config that has no sliding_window
  bool is_gemma = false;
};

/// Null when no such family is run.
const DecoderFamily* find_decoder_family(std::string_view model_type);
/// Their names, as messages list them.
std::vector<std::string> decoder_family_names();

}  // namespace inarch
