#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/forward/decoder_config.h"

namespace inarch {

/// A matrix [rows, columns] of a checkpoint: a whole tensor, or rows of it from `first_row` on.
struct MatrixPlace {
  const TensorInfo* tensor = nullptr;
  std::int64_t first_row = 0;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
};

/// y = W · x (+ b).
struct LinearPlace {
  MatrixPlace weight;
  const TensorInfo* bias = nullptr;  ///< null: none
  std::string module;                ///< the weight's name without ".weight"
  std::int64_t part = -1;            ///< which expert, where a tensor holds those of all
};

struct GatedPlace {
  LinearPlace gate, up, down;
};

struct LayerPlaces {
  const TensorInfo* attention_norm = nullptr;
  const TensorInfo* attention_output_norm = nullptr;  ///< null unless output_norms
  const TensorInfo* mlp_norm = nullptr;
  const TensorInfo* mlp_output_norm = nullptr;  ///< null unless output_norms
  const TensorInfo* q_norm = nullptr;           ///< null unless head_norms
  const TensorInfo* k_norm = nullptr;
  LinearPlace q, k, v, o;
  GatedPlace mlp;  ///< unless the layer is a mixture
  std::optional<LinearPlace> router;
  std::vector<GatedPlace> experts;
};

/// Where a decoder's tensors lie in a checkpoint.
struct DecoderTensors {
  MatrixPlace embedding;
  MatrixPlace head;  ///< what logits are computed by; the embedding where it is tied
  const TensorInfo* norm = nullptr;
  std::vector<LayerPlaces> layers;
};

/// Finds them, under the names that transformers writes (with "model.", without, and as the text
/// part of a Gemma 3), experts by the names of Mixtral, by those of Qwen, or several in one tensor.
/// Pointers are into `model`. E582, E583.
Result<DecoderTensors> find_decoder_tensors(const Checkpoint& model, const DecoderConfig& config);

}  // namespace inarch
