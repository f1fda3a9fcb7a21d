#include "runtime/forward/mixture.h"

#include <algorithm>
#include <array>
#include <vector>

#include "runtime/forward/gated_mlp.h"
#include "runtime/forward/rounded.h"
#include "runtime/forward/router.h"

namespace inarch {

namespace {

/// Where the parts of `wide` begin.
struct MixtureMemory {
  float* logits;
  float* weights;
  std::int32_t* chosen;
  float* sum;
  float* gathered;
  float* inner;
};

MixtureMemory divide(const DecoderConfig& config, std::int64_t tokens, float* wide,
                     std::vector<std::int32_t>& chosen) {
  MixtureMemory memory{};
  memory.logits = wide;
  memory.weights = memory.logits + tokens * config.experts;
  memory.sum = memory.weights + tokens * config.chosen_experts;
  memory.gathered = memory.sum + tokens * config.hidden;
  memory.inner = memory.gathered + tokens * config.hidden;
  chosen.resize(static_cast<std::size_t>(tokens * config.chosen_experts));
  memory.chosen = chosen.data();
  return memory;
}

/// Places (token · chosen_experts + rank) at which an expert was chosen, in the order of tokens.
std::vector<std::int64_t> places_of(std::int32_t expert, const std::vector<std::int32_t>& chosen) {
  std::vector<std::int64_t> places;
  for (std::size_t k = 0; k < chosen.size(); ++k) {
    if (chosen[k] == expert) places.push_back(static_cast<std::int64_t>(k));
  }
  return places;
}

void show_inputs(const PassContext& context, const LinearPlace& first, const LinearPlace* second,
                 std::int64_t rows, std::int64_t width, const float* input) {
  if (!context.observer.wants_inputs()) return;
  std::vector<std::string> modules = {first.module};
  if (second != nullptr && second->module != first.module) modules.push_back(second->module);
  context.observer.linear_input(modules, first.part, rows, width, input);
}

/// The outputs of an expert for the rows in memory.gathered, which they replace.
Status apply_expert(const PassContext& context, const GatedPlace& place, std::int64_t rows,
                    const MixtureMemory& memory) {
  const auto mlp = GatedMlp::open(context.files, place);
  if (!mlp) return mlp.error();
  const std::int64_t hidden = context.config.hidden;
  const std::int64_t inner = context.config.expert_intermediate;
  show_inputs(context, place.gate, &place.up, rows, hidden, memory.gathered);
  Status status = apply_gates(context.files, context.workers, *mlp, context.config.activation,
                              context.rounding, rows, memory.gathered, memory.inner);
  if (!status) return status;
  show_inputs(context, place.down, nullptr, rows, inner, memory.inner);
  const std::array work = {LinearWork{&mlp->down, memory.inner, inner, memory.gathered, hidden}};
  return apply_linear(context.files, context.workers, rows, work, context.rounding);
}

/// Has the system read an expert while another one is at work.
void expect_expert(const PassContext& context, const GatedPlace& place) {
  for (const LinearPlace* map : {&place.gate, &place.up, &place.down})
    expect_matrix(context.files, map->weight);
}

/// sum += weight · output at the tokens that the places are of.
void add_weighted(const PassContext& context, const std::vector<std::int64_t>& places,
                  const MixtureMemory& memory) {
  const std::int64_t hidden = context.config.hidden;
  for (std::size_t r = 0; r < places.size(); ++r) {
    const float weight = memory.weights[places[r]];
    const float* output = memory.gathered + static_cast<std::int64_t>(r) * hidden;
    float* sum = memory.sum + places[r] / context.config.chosen_experts * hidden;
    for (std::int64_t j = 0; j < hidden; ++j)
      sum[j] += rounded_as(context.rounding, weight * output[j]);
    round_as(context.rounding, sum, hidden);
  }
}

}  // namespace

Status apply_mixture(const PassContext& context, const LayerPlaces& places, const LinearMap& router,
                     std::int64_t layer, std::int64_t tokens, float* x, float* wide) {
  const DecoderConfig& config = context.config;
  const std::int64_t hidden = config.hidden;
  std::vector<std::int32_t> chosen;
  const MixtureMemory memory = divide(config, tokens, wide, chosen);
  show_inputs(context, *places.router, nullptr, tokens, hidden, x);
  const std::array work = {LinearWork{&router, x, hidden, memory.logits, config.experts}};
  Status status = apply_linear(context.files, context.workers, tokens, work, context.rounding);
  if (!status) return status;
  choose_experts(config, tokens, memory.logits, context.rounding, memory.chosen, memory.weights);
  context.observer.routed(layer, {tokens, config.chosen_experts, memory.chosen, memory.weights});

  std::fill_n(memory.sum, tokens * hidden, 0.0F);
  std::vector<std::int32_t> used = chosen;
  std::sort(used.begin(), used.end());
  used.erase(std::unique(used.begin(), used.end()), used.end());
  for (std::size_t k = 0; k < used.size(); ++k) {
    const auto e = static_cast<std::size_t>(used[k]);
    if (k + 1 < used.size())
      expect_expert(context, places.experts[static_cast<std::size_t>(used[k + 1])]);
    const std::vector<std::int64_t> own = places_of(used[k], chosen);
    for (std::size_t r = 0; r < own.size(); ++r) {
      std::copy_n(x + own[r] / config.chosen_experts * hidden, hidden,
                  memory.gathered + static_cast<std::int64_t>(r) * hidden);
    }
    const auto rows = static_cast<std::int64_t>(own.size());
    status = apply_expert(context, places.experts[e], rows, memory);
    if (!status) return status;
    context.observer.expert_output(layer, used[k], rows, memory.gathered);
    add_weighted(context, own, memory);
  }
  std::copy_n(memory.sum, tokens * hidden, x);
  return {};
}

}  // namespace inarch
