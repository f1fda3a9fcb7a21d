#include "runtime/forward/decoder_family.h"

#include <array>

namespace inarch {

namespace {

constexpr std::array<DecoderFamily, 9> families = {{
    {"gemma", 256000, 3072, 24576, 28, 16, 16, 256, "hidden_act", "gelu_pytorch_tanh", 1e-6, true,
     1e4, 0, true},
    {"gemma2", 256000, 2304, 9216, 26, 8, 4, 256, "hidden_activation", "gelu_pytorch_tanh", 1e-6,
     true, 1e4, 4096, true},
    {"gemma3_text", 262208, 2304, 9216, 26, 8, 4, 256, "hidden_activation", "gelu_pytorch_tanh",
     1e-6, true, 1e6, 4096, true},
    {"llama", 32000, 4096, 11008, 32, 32, 0, 0, "hidden_act", "silu", 1e-6, false, 1e4, 0},
    {"mistral", 32000, 4096, 14336, 32, 32, 8, 0, "hidden_act", "silu", 1e-6, false, 1e4, 4096},
    {"mixtral", 32000, 4096, 14336, 32, 32, 8, 0, "hidden_act", "silu", 1e-5, false, 1e6, 0},
    {"qwen2", 151936, 4096, 22016, 32, 32, 32, 0, "hidden_act", "silu", 1e-6, false, 1e4, 4096},
    {"qwen3", 151936, 4096, 22016, 32, 32, 32, 128, "hidden_act", "silu", 1e-6, false, 1e4, 4096},
    {"qwen3_moe", 151936, 2048, 6144, 24, 32, 4, 0, "hidden_act", "silu", 1e-6, false, 1e4, 4096},
}};

}  // namespace

const DecoderFamily* find_decoder_family(std::string_view model_type) {
  if (model_type == "gemma3") model_type = "gemma3_text";  // run by its text part
  for (const DecoderFamily& family : families) {
    if (family.name == model_type) return &family;
  }
  return nullptr;
}

std::vector<std::string> decoder_family_names() {
  std::vector<std::string> names;
  for (const DecoderFamily& family : families) names.emplace_back(family.name);
  return names;
}

}  // namespace inarch
