#include "runtime/forward/token_groups.h"

#include <algorithm>

namespace inarch {

namespace {

constexpr std::int64_t group_bytes = std::int64_t{96} << 20;
constexpr std::int64_t float_bytes = 4;

void add_sequence(TokenGroup& group, std::int64_t tokens) {
  group.sequences.push_back({group.tokens, tokens});
  group.tokens += tokens;
  for (std::int64_t p = 0; p < tokens; ++p) group.positions.push_back(p);
}

}  // namespace

std::int64_t attention_floats(const DecoderConfig& config) {
  return (2 * config.heads + 2 * config.kv_heads) * config.head_dim;
}

std::int64_t mixture_floats(const DecoderConfig& config) {
  return config.experts + 2 * config.chosen_experts + 2 * config.hidden +
         config.expert_intermediate;
}

std::int64_t floats_per_token(const DecoderConfig& config) {
  std::int64_t widest = attention_floats(config);
  for (const LayerConfig& layer : config.layers)
    widest = std::max(widest, layer.mixture ? mixture_floats(config) : config.intermediate);
  return config.hidden + widest;
}

std::vector<TokenGroup> group_tokens(const DecoderConfig& config,
                                     const std::vector<TokenSequence>& sequences) {
  const std::int64_t most = group_bytes / (floats_per_token(config) * float_bytes);
  std::vector<TokenGroup> groups;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    const auto tokens = static_cast<std::int64_t>(sequences[s].size());
    if (groups.empty() || groups.back().tokens + tokens > most) {
      const std::int64_t first = groups.empty() ? 0 : groups.back().first + groups.back().tokens;
      groups.push_back({first, 0, s, {}, {}});
    }
    add_sequence(groups.back(), tokens);
  }
  return groups;
}

}  // namespace inarch
