#pragma once

#include <memory>
#include <string>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch::fuzzing {

/// A small Llama that is nowhere: all that recipes under test find, wherever they look for a
/// source.
inline std::shared_ptr<const Checkpoint> made_up_model() {
  static const std::shared_ptr<const Checkpoint> model = [] {
    auto made = std::make_shared<Checkpoint>();
    made->location = "model";
    made->files.push_back(
        {"model/model.safetensors", "model.safetensors", 0, 1, 1, std::string(64, '0')});
    std::int64_t end = 8;
    const auto add = [&](std::string name, Shape shape) {
      TensorInfo tensor{std::move(name), DType::bf16, std::move(shape), 0, end, 0};
      tensor.bytes = tensor.elements() * 2;
      end += tensor.bytes;
      made->tensors.push_back(std::move(tensor));
    };
    add("model.embed_tokens.weight", {16, 8});
    for (int layer = 0; layer < 2; ++layer) {
      const auto in_layer = [&](const char* part) {
        return fmt::format("model.layers.{}.{}.weight", layer, part);
      };
      add(in_layer("input_layernorm"), {8});
      for (const char* part : {"q_proj", "o_proj"})
        add(in_layer(fmt::format("self_attn.{}", part).c_str()), {8, 8});
      for (const char* part : {"k_proj", "v_proj"})
        add(in_layer(fmt::format("self_attn.{}", part).c_str()), {4, 8});
      for (const char* part : {"gate_proj", "up_proj"})
        add(in_layer(fmt::format("mlp.{}", part).c_str()), {16, 8});
      add(in_layer("mlp.down_proj"), {8, 16});
      add(in_layer("post_attention_layernorm"), {8});
    }
    add("model.norm.weight", {8});
    add("lm_head.weight", {16, 8});
    made->files[0].size = end;
    made->config = *parse_json(R"({"model_type": "llama", "architectures": ["LlamaForCausalLM"],
        "torch_dtype": "bfloat16", "hidden_size": 8, "intermediate_size": 16,
        "num_hidden_layers": 2, "vocab_size": 16, "num_attention_heads": 2,
        "num_key_value_heads": 1, "rms_norm_eps": 1e-6})",
                               "config.json");
    made->side_files = {"config.json", "tokenizer.json"};
    made->build_index();
    return made;
  }();
  return model;
}

/// Binds against that model; every file that is read holds `text`.
inline BindOptions made_up_world(std::string text) {
  BindOptions options;
  options.open_source = [](const SourceRequest&, Diagnostics&) { return made_up_model(); };
  options.read_text = [text = std::move(text)](const std::string&) -> Result<std::string> {
    return text;
  };
  options.read_part = [text = options.read_text](const std::string& name) -> Result<PartText> {
    return PartText{name, *text(name)};
  };
  options.read_tensor = [](const Checkpoint&, const TensorInfo& tensor) -> Result<Value> {
    return Value(Value::List(static_cast<std::size_t>(tensor.shape.empty() ? 1 : tensor.shape[0]),
                             Value(1)));
  };
  options.fingerprint = [](const std::string&) -> Result<FileFingerprint> {
    return FileFingerprint{2, std::string(64, '1')};
  };
  return options;
}

}  // namespace inarch::fuzzing
