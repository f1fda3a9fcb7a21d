#include "compiler/ir/linear_weights.h"

#include <algorithm>
#include <array>

namespace inarch {

namespace {

template <std::size_t n>
bool is_one_of(std::string_view text, const std::array<std::string_view, n>& words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

std::string_view last_segment(std::string_view name) {
  return name.substr(name.rfind('.') + 1);  // npos + 1 is 0
}

bool is_embedding(std::string_view segment) {
  static constexpr std::array<std::string_view, 4> words = {"embed", "wte", "wpe", "emb"};
  return is_one_of(segment, words) || segment.starts_with("embed_") ||
         segment.ends_with("embeddings") || segment.ends_with("embedding");
}

bool is_head(std::string_view segment) {
  static constexpr std::array<std::string_view, 4> words = {"lm_head", "head", "score",
                                                            "classifier"};
  return is_one_of(segment, words);
}

bool is_norm(std::string_view segment) {
  return segment.find("norm") != std::string_view::npos || segment.starts_with("ln_");
}

bool is_router(std::string_view module) {
  static constexpr std::array<std::string_view, 3> words = {"gate", "router", "shared_expert_gate"};
  const std::size_t dot = module.rfind('.');
  const std::string_view parent =
      dot == std::string_view::npos ? "" : last_segment(module.substr(0, dot));
  return is_one_of(last_segment(module), words) || parent == "router";
}

bool is_matrix_weight(std::string_view name, const Shape& shape, DType dtype) {
  return !module_of_weight(name).empty() && shape.size() == 2 && numel(shape) > 0 &&
         is_arithmetic(dtype);
}

}  // namespace

bool is_vocabulary_weight(std::string_view name) {
  const std::string_view module = module_of_weight(name);
  const std::string_view segment = last_segment(module.empty() ? name : module);
  return is_embedding(segment) || is_head(segment);
}

std::string_view module_of_weight(std::string_view name) {
  constexpr std::string_view ending = ".weight";
  return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : "";
}

bool is_linear_weight(std::string_view name, const Shape& shape, DType dtype) {
  if (!is_matrix_weight(name, shape, dtype)) return false;
  const std::string_view module = module_of_weight(name);
  const std::string_view segment = last_segment(module);
  return !is_embedding(segment) && !is_head(segment) && !is_norm(segment) && !is_router(module);
}

bool is_spared_linear_weight(std::string_view name, const Shape& shape, DType dtype) {
  if (!is_matrix_weight(name, shape, dtype)) return false;
  const std::string_view module = module_of_weight(name);
  const std::string_view segment = last_segment(module);
  return is_head_weight(name) || (is_router(module) && !is_norm(segment));
}

bool is_head_weight(std::string_view name) {
  const std::string_view segment = last_segment(module_of_weight(name));
  return is_head(segment) || segment == "embed_out";  // GPT-NeoX calls its head so
}

}  // namespace inarch
