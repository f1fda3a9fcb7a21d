#include "compiler/ir/follow_encodings.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "compiler/ir/linear_weights.h"
#include "compiler/ir/quantization_entries.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

constexpr std::string_view entry_key = "quantization_config";

/// True when the recipe says itself what becomes of the entry.
bool is_said(const ConfigDecl& declaration) {
  const auto is_entry = [](const ConfigEntry& entry) {
    return entry.path.starts_with(entry_key) || entry.path.starts_with("compression_config");
  };
  return std::any_of(declaration.set.begin(), declaration.set.end(), is_entry) ||
         std::any_of(declaration.remove.begin(), declaration.remove.end(), is_entry);
}

/// By node: whether it is made of an encoded tensor of a source.
std::vector<bool> made_of_encoded(const Graph& graph) {
  std::vector<bool> made(graph.nodes.size());
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    const Node& node = graph.nodes[k];
    made[k] = std::holds_alternative<DecodeOp>(node.data) ||
              std::any_of(node.inputs.begin(), node.inputs.end(),
                          [&](NodeId input) { return made[input]; });
  }
  return made;
}

/// What one output holds.
struct Holdings {
  std::vector<const Storage*> encoded_here;
  std::vector<std::uint32_t> sources;  // whose encoded tensors it has as they are
  std::vector<std::string> encoded_modules;
  std::vector<std::string> plain;   // modules that a loader might take for encoded ones
  std::vector<std::string> spared;  // heads and routers, which some loaders take for encoded ones
  bool has_head = false;
  bool has_fp4 = false;  // two codes a byte, as the experts of DeepSeek V4
  bool unknown = false;  // tensors that may be codes of a method not known here
};

/// Matrices of bytes and words are what methods that are not known here make of weights.
bool may_be_codes(const Output& output) {
  if (output.shape.size() < 2) return false;
  switch (output.dtype) {
    case DType::u8:
    case DType::i8:
    case DType::i32:
    case DType::f8_e4m3:
    case DType::f8_e5m2:
      return true;
    default:
      return bits(output.dtype) < 8;
  }
}

/// A scale for all of a matrix or of a row, however long they are.
bool has_no_block_size(const Storage& storage) {
  return storage.strategy && storage.strategy != ScaleStrategy::block;
}

/// What is encoded alike is one holding.
void note_storage(Holdings& holdings, const Storage& storage) {
  if (storage.encoding->codec == Codec::packed_e2m1) holdings.has_fp4 = true;
  if (storage.source >= 0) {
    const auto source = static_cast<std::uint32_t>(storage.source);
    const auto known = std::find(holdings.sources.begin(), holdings.sources.end(), source);
    if (known == holdings.sources.end()) holdings.sources.push_back(source);
    return;
  }
  const Encoding& e = *storage.encoding;
  const bool known = std::any_of(
      holdings.encoded_here.begin(), holdings.encoded_here.end(), [&](const Storage* other) {
        const Encoding& o = *other->encoding;
        const bool blocks = o.block_rows == e.block_rows && o.block_columns == e.block_columns;
        const bool alike = o.codec == e.codec && o.scale == e.scale && o.fp4_map == e.fp4_map &&
                           o.nested_block == e.nested_block && other->strategy == storage.strategy;
        return alike && (blocks || has_no_block_size(storage));
      });
  if (!known) holdings.encoded_here.push_back(&storage);
}

/// True for a copy from a checkpoint that has it unencoded among encoded ones: its entry does.
bool is_plain_there(const Graph& graph, const Output& output, const Holdings& holdings) {
  const auto* leaf = std::get_if<SourceTensor>(&graph[output.node].data);
  if (leaf == nullptr) return false;
  const auto& sources = holdings.sources;
  return std::find(sources.begin(), sources.end(), leaf->source) != sources.end();
}

std::vector<Holdings> holdings_of(const BoundRecipe& bound, const Graph& graph) {
  const std::vector<bool> made = made_of_encoded(graph);
  std::vector<Holdings> all(bound.outputs.size());
  for (const Output& output : graph.outputs) {
    Holdings& holdings = all[output.checkpoint];
    if (is_head_weight(output.name)) holdings.has_head = true;
    if (output.storage < 0) continue;
    note_storage(holdings, graph.storages[static_cast<std::size_t>(output.storage)]);
    holdings.encoded_modules.emplace_back(module_of_weight(output.name));
  }
  for (const Output& output : graph.outputs) {
    Holdings& holdings = all[output.checkpoint];
    if (output.storage < 0 && may_be_codes(output)) holdings.unknown = true;
    if (output.storage >= 0 || is_plain_there(graph, output, holdings)) continue;
    const std::string module(module_of_weight(output.name));
    const bool was_encoded = made[output.node] && !module.empty();
    if (was_encoded || is_linear_weight(output.name, output.shape, output.dtype)) {
      holdings.plain.push_back(module);
    } else if (is_spared_linear_weight(output.name, output.shape, output.dtype)) {
      holdings.spared.push_back(module);
    }
  }
  return all;
}

class EntryFollower {
 public:
  EntryFollower(const BoundRecipe& bound, BoundOutput& output, const Holdings& holdings,
                Diagnostics& diagnostics)
      : bound_(bound), output_(output), holdings_(holdings), diagnostics_(diagnostics) {}

  void run() {
    Value& config = *output_.config;
    if (holdings_.encoded_here.empty() && holdings_.sources.empty()) {
      if (holdings_.unknown) return;
      config.remove_path(entry_key);
      config.remove_path("compression_config");
      config.remove_path(expert_key);
      return;
    }
    auto entry = common_entry();
    if (!entry) return;
    unskip_modules(*entry, holdings_.encoded_modules);
    if (skips_by_list_alone(*entry)) skip_modules(*entry, spared());
    if (!skip_modules(*entry, holdings_.plain)) {
      mixture(fmt::format("{} of its matrices are not encoded, and there is no way to say so to {}",
                          holdings_.plain.size(), method(*entry)));
    }
    config.set_path(entry_key, std::move(*entry));
    follow_experts(config);
  }

 private:
  static constexpr std::string_view expert_key = "expert_dtype";

  static std::string method(const Value& entry) {
    const Value* named = entry.find("quant_method");
    return named != nullptr ? escape_for_terminal(to_text(*named)) : "its loader";
  }

  /// The entry of the output's own config, else of the source whose tensors it has, else a new one;
  /// nothing, after a warning, when there is none for all.
  std::optional<Value> common_entry() {
    const Value* own = output_.config->find(entry_key);
    std::optional<Value> entry =
        own != nullptr && own->if_map() != nullptr ? std::optional(*own) : std::nullopt;
    for (const std::uint32_t source : holdings_.sources) {
      const Value* said = bound_.sources[source].checkpoint->config.find(entry_key);
      if (said == nullptr) continue;
      if (!entry) entry = *said;
      const Value* one = entry->find("quant_method");
      const Value* other = said->find("quant_method");
      const bool alike = one != nullptr && other != nullptr && *one == *other;
      if (!alike)
        return mixture(fmt::format("it has tensors as {} stores them and as {} does",
                                   method(*entry), method(*said)));
    }
    for (const Storage* storage : holdings_.encoded_here) {
      const bool replaced = entry && holdings_.sources.empty() && !entry_fits(*entry, *storage) &&
                            storage == holdings_.encoded_here.front();
      if (!entry || replaced) entry = make_quantization_entry(best(*storage), dtype_name());
      if (!entry_fits(*entry, *storage))
        return mixture(fmt::format("it has tensors encoded as {}, which is not what {} is told",
                                   describe(*storage->encoding), method(*entry)));
    }
    return entry;
  }

  /// FP8 says more about an entry than the FP4 that goes with it.
  const Storage& best(const Storage& first) const {
    if (first.encoding->codec != Codec::packed_e2m1) return first;
    for (const Storage* storage : holdings_.encoded_here) {
      if (storage->encoding->codec == Codec::scaled_fp8) return *storage;
    }
    return first;
  }

  /// A head that is tied to the embeddings has no tensor, and is a linear layer of the model.
  std::vector<std::string> spared() const {
    std::vector<std::string> modules = holdings_.spared;
    if (!holdings_.has_head && holdings_.sources.empty()) modules.emplace_back("lm_head");
    return modules;
  }

  /// DeepSeek V4 has its experts in FP4, and says so beside the entry.
  void follow_experts(Value& config) const {
    const bool made = std::any_of(
        holdings_.encoded_here.begin(), holdings_.encoded_here.end(),
        [](const Storage* storage) { return storage->encoding->codec == Codec::packed_e2m1; });
    const Value* said = config.find(expert_key);
    if (made) config.set_path(expert_key, Value("fp4"));
    if (!holdings_.has_fp4 && said != nullptr && *said == Value("fp4"))
      config.remove_path(expert_key);
  }

  std::string_view dtype_name() const {
    for (const char* key : {"dtype", "torch_dtype"}) {
      const Value* entry = output_.config->find(key);
      if (entry != nullptr && entry->if_text() != nullptr) return *entry->if_text();
    }
    return "bfloat16";
  }

  std::nullopt_t mixture(std::string what) {
    const std::string named =
        output_.name.empty() ? "the output" : fmt::format("the output '{}'", output_.name);
    diagnostics_.add(warning("W404", fmt::format("no loader reads {}: {}", named, what))
                         .at(output_.declaration->config->span));
    return std::nullopt;
  }

  const BoundRecipe& bound_;
  BoundOutput& output_;
  const Holdings& holdings_;
  Diagnostics& diagnostics_;
};

}  // namespace

void follow_encodings(BoundRecipe& bound, const Graph& graph, Diagnostics& diagnostics) {
  const bool nothing_to_say =
      std::none_of(bound.outputs.begin(), bound.outputs.end(),
                   [](const BoundOutput& output) {
                     return output.config && (output.config->find(entry_key) != nullptr ||
                                              output.config->find("compression_config") != nullptr);
                   }) &&
      graph.storages.empty();
  if (nothing_to_say) return;
  const std::vector<Holdings> holdings = holdings_of(bound, graph);
  for (std::size_t k = 0; k < bound.outputs.size(); ++k) {
    BoundOutput& output = bound.outputs[k];
    if (!output.config || is_said(*output.declaration->config)) continue;
    EntryFollower(bound, output, holdings[k], diagnostics).run();
  }
}

}  // namespace inarch
