#include "runtime/forward/forward_stats.h"

#include <algorithm>

#include <fmt/format.h>

namespace inarch {

namespace {

std::vector<float> narrowed(const std::vector<double>& values) {
  std::vector<float> floats;
  floats.reserve(values.size());
  for (const double value : values) floats.push_back(static_cast<float>(value));
  return floats;
}

/// sums[r] / rows[r] along rows of `width`, 0 where there were none.
std::vector<float> means(const std::vector<double>& sums, std::int64_t width,
                         const std::vector<std::int64_t>& rows) {
  std::vector<float> values(sums.size());
  for (std::size_t k = 0; k < sums.size(); ++k) {
    const std::int64_t n = rows[k / static_cast<std::size_t>(width)];
    if (n > 0) values[k] = static_cast<float>(sums[k] / static_cast<double>(n));
  }
  return values;
}

}  // namespace

ForwardStats::ForwardStats(const ForwardPass& pass, std::size_t sequences)
    : config_(pass.config()), sequences_(sequences) {
  const auto hidden = static_cast<std::size_t>(config_.hidden);
  const auto experts = static_cast<std::size_t>(config_.experts);
  last_.resize(config_.layers.size() * sequences * hidden);
  mean_.resize(last_.size());
  for (const LayerPlaces& layer : pass.tensors().layers) {
    for (const LinearPlace* place : {&layer.q, &layer.k, &layer.v, &layer.o}) expect(*place);
    mixtures_.emplace_back();
    if (!layer.router) {
      for (const LinearPlace* place : {&layer.mlp.gate, &layer.mlp.up, &layer.mlp.down})
        expect(*place);
      continue;
    }
    expect(*layer.router);
    for (const GatedPlace& expert : layer.experts) {
      for (const LinearPlace* place : {&expert.gate, &expert.up, &expert.down}) expect(*place);
    }
    Mixture& mixture = mixtures_.back();
    mixture.together.resize(experts * experts);
    mixture.weights.resize(experts);
    mixture.outputs.resize(experts * hidden);
  }
}

void ForwardStats::expect(const LinearPlace& place) {
  Moments& moments = moments_[place.module];
  moments.width = place.weight.columns;
  moments.parted = place.part >= 0;
  const auto parts = static_cast<std::size_t>(moments.parted ? config_.experts : 1);
  moments.rows.resize(parts);
  moments.sums.resize(parts * static_cast<std::size_t>(moments.width));
}

std::int64_t ForwardStats::bytes() const {
  std::size_t kept = (last_.size() + mean_.size()) * sizeof(float);
  for (const Mixture& mixture : mixtures_) {
    kept += (mixture.together.size() + mixture.weights.size() + mixture.outputs.size()) *
            sizeof(double);
  }
  for (const auto& [module, moments] : moments_)
    kept += (moments.sums.size() + moments.rows.size()) * sizeof(double) + module.size();
  // As much again in f32 when the tensors are made.
  return static_cast<std::int64_t>(kept * 2);
}

void ForwardStats::layer_input(std::int64_t layer, std::size_t sequence, std::int64_t tokens,
                               const float* state) {
  const std::int64_t hidden = config_.hidden;
  const std::size_t place = static_cast<std::size_t>(layer) * sequences_ + sequence;
  const std::int64_t begin = static_cast<std::int64_t>(place) * hidden;
  std::copy_n(state + (tokens - 1) * hidden, hidden, last_.data() + begin);
  std::vector<double> sums(static_cast<std::size_t>(hidden));
  for (std::int64_t t = 0; t < tokens; ++t) {
    const float* row = state + t * hidden;
    for (std::int64_t j = 0; j < hidden; ++j)
      sums[static_cast<std::size_t>(j)] += static_cast<double>(row[j]);
  }
  for (std::size_t j = 0; j < sums.size(); ++j) {
    mean_[static_cast<std::size_t>(begin) + j] =
        static_cast<float>(sums[j] / static_cast<double>(tokens));
  }
}

void ForwardStats::linear_input(std::span<const std::string> modules, std::int64_t part,
                                std::int64_t rows, std::int64_t width, const float* input) {
  const auto place = static_cast<std::size_t>(std::max<std::int64_t>(part, 0));
  Moments& first = moments_.at(modules.front());
  double* sums = first.sums.data() + static_cast<std::int64_t>(place) * width;
  for (std::int64_t r = 0; r < rows; ++r) {
    const float* row = input + r * width;
    for (std::int64_t j = 0; j < width; ++j) {
      const auto x = static_cast<double>(row[j]);
      sums[j] += x * x;
    }
  }
  first.rows[place] += rows;
  // Maps that are shown together always are: they have the same sums.
  for (const std::string& module : modules.subspan(1)) moments_.at(module) = first;
}

void ForwardStats::routed(std::int64_t layer, const RoutedTokens& routed) {
  Mixture& mixture = mixtures_[static_cast<std::size_t>(layer)];
  for (std::int64_t t = 0; t < routed.tokens; ++t) {
    const std::int32_t* experts = routed.experts + t * routed.chosen;
    for (std::int64_t a = 0; a < routed.chosen; ++a) {
      mixture.weights[static_cast<std::size_t>(experts[a])] +=
          static_cast<double>(routed.weights[t * routed.chosen + a]);
      for (std::int64_t b = 0; b < routed.chosen; ++b)
        ++mixture.together[static_cast<std::size_t>(experts[a] * config_.experts + experts[b])];
    }
  }
}

void ForwardStats::expert_output(std::int64_t layer, std::int64_t expert, std::int64_t rows,
                                 const float* output) {
  const std::int64_t hidden = config_.hidden;
  double* sums = mixtures_[static_cast<std::size_t>(layer)].outputs.data() + expert * hidden;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t j = 0; j < hidden; ++j)
      sums[j] += static_cast<double>(output[r * hidden + j]);
  }
}

void ForwardStats::add_state_tensors(std::size_t layer, std::vector<StatsTensor>& into) const {
  const std::size_t size = sequences_ * static_cast<std::size_t>(config_.hidden);
  const Shape shape = {static_cast<std::int64_t>(sequences_), config_.hidden};
  for (const auto& [name, all] : {std::pair{"last", &last_}, std::pair{"mean", &mean_}}) {
    const float* begin = all->data() + layer * size;
    into.push_back({fmt::format("layers.{}.state.{}", layer, name),
                    DType::f32,
                    shape,
                    std::vector<float>(begin, begin + size),
                    {}});
  }
}

void ForwardStats::add_mixture_tensors(std::size_t layer, std::vector<StatsTensor>& into) const {
  const Mixture& mixture = mixtures_[layer];
  if (mixture.weights.empty()) return;
  const std::int64_t experts = config_.experts;
  std::vector<std::int64_t> counts;
  for (std::int64_t e = 0; e < experts; ++e)
    counts.push_back(mixture.together[static_cast<std::size_t>(e * experts + e)]);
  const std::string stem = fmt::format("layers.{}.", layer);
  into.push_back({stem + "counts", DType::i64, {experts}, {}, counts});
  into.push_back({stem + "coactivation", DType::i64, {experts, experts}, {}, mixture.together});
  into.push_back({stem + "weights", DType::f32, {experts}, narrowed(mixture.weights), {}});
  into.push_back({stem + "mean_output",
                  DType::f32,
                  {experts, config_.hidden},
                  means(mixture.outputs, config_.hidden, counts),
                  {}});
}

std::vector<StatsTensor> ForwardStats::tensors() const {
  std::vector<StatsTensor> made;
  for (std::size_t layer = 0; layer < mixtures_.size(); ++layer) {
    add_state_tensors(layer, made);
    add_mixture_tensors(layer, made);
  }
  for (const auto& [module, moments] : moments_) {
    Shape shape = {moments.width};
    if (moments.parted) shape.insert(shape.begin(), config_.experts);
    made.push_back({module + ".input_moments",
                    DType::f32,
                    shape,
                    means(moments.sums, moments.width, moments.rows),
                    {}});
  }
  return made;
}

}  // namespace inarch
