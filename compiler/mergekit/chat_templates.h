#pragma once

#include <string_view>
#include <vector>

namespace inarch {

/// A chat template in Jinja for a name that mergekit knows; "" for another. Each writes the turns
/// of a format as the models that were trained on it have them, with nothing between:
///   alpaca    https://github.com/tatsu-lab/stanford_alpaca#data-release, a system text before it
///   chatml    https://github.com/openai/openai-python/blob/release-v0.28.0/chatml.md
///   exaone    the model card of EXAONE 3.0
///   llama3    https://github.com/meta-llama/llama-models, the prompt format of Llama 3
///   mistral   the instruction format of Mistral 7B Instruct
std::string_view named_chat_template(std::string_view name);

/// The names, sorted.
std::vector<std::string_view> chat_template_names();

}  // namespace inarch
