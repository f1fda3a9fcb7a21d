#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/mergekit/models.h"

namespace inarch {

/// A tensor's name taken apart at its layer's number: "model.layers." 3 "mlp.up_proj.weight".
struct LayerName {
  std::string_view stack;
  std::int64_t layer = 0;
  std::string_view rest;
};

/// Nothing for a tensor of no layer.
std::optional<LayerName> split_layer_name(std::string_view tensor);

/// The layers of a model, or of a tower of it.
struct LayerStack {
  std::string prefix;  // "model.layers."
  std::int64_t count = 0;
  std::string config_key;  // that says how many; "" when none is known
};

/// In the order in which their first tensors come. The config has the last word on how many layers
/// there are, when the checkpoint has as many.
std::vector<LayerStack> find_layer_stacks(const MergekitView& view);
std::optional<LayerStack> find_layer_stack(const MergekitView& view, std::string_view prefix);

/// Whether a tensor belongs to a module that mergekit calls so: "text_decoder", "vision_tower",
/// "multi_modal_projector", "encoder", "decoder", "shared", "default".
bool is_of_module(std::string_view tensor, std::string_view module);
bool is_module_name(std::string_view module);
std::vector<std::string> module_names();

/// Whether mergekit takes a tensor that is of no layer from the first slice (t = 0): embeddings.
/// The others, the last norm and the head, are the last slice's.
bool comes_before_layers(std::string_view tensor);
bool is_head(std::string_view tensor);
bool is_embedding(std::string_view tensor);

}  // namespace inarch
