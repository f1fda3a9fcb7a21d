#include "runtime/cli/synth_layout.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "compiler/plan/shard_header.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/io/safetensors_header.h"

namespace inarch {

namespace {

Diagnostic too_large(const std::string& name, const Shape& shape) {
  return error("E731", fmt::format("tensor '{}' of shape {} is larger than a file can be",
                                   escape_for_terminal(name), format_shape(shape)));
}

std::optional<std::vector<SynthTensor>> saved_tensors(const std::vector<ArchTensor>& expected,
                                                      DType dtype, Diagnostics& diagnostics) {
  constexpr std::int64_t most_elements = std::int64_t{1} << 56;
  constexpr std::int64_t most_bytes = std::int64_t{1} << 61;
  std::int64_t total = 0;
  std::vector<SynthTensor> tensors;
  for (const ArchTensor& tensor : expected) {
    if (!tensor.required()) continue;
    SynthTensor made;
    made.name = tensor.name;
    made.dtype = tensor.dtype.value_or(dtype);
    made.shape = tensor.shape;
    made.buffer = tensor.buffer;
    const auto elements = checked_numel(tensor.shape);
    if (!elements || *elements > most_elements) {
      diagnostics.add(too_large(tensor.name, tensor.shape));
      return std::nullopt;
    }
    const std::int64_t all_bits = *elements * bits(made.dtype);
    if (all_bits % 8 != 0) {
      diagnostics.add(error(
          "E731",
          fmt::format("tensor '{}' of type {} and shape {} fills no whole bytes",
                      escape_for_terminal(made.name), name(made.dtype), format_shape(made.shape))));
      return std::nullopt;
    }
    made.bytes = all_bits / 8;
    total += made.bytes;
    if (total > most_bytes) {
      diagnostics.add(too_large(tensor.name, tensor.shape));
      return std::nullopt;
    }
    tensors.push_back(std::move(made));
  }
  return tensors;
}

/// Numbers the shards, and sorts the tensors as they will stand in them.
std::uint32_t assign_shards(std::vector<SynthTensor>& tensors, std::int64_t shard_size) {
  std::uint32_t shard = 0;
  std::int64_t filled = 0;
  for (SynthTensor& tensor : tensors) {
    if (filled > 0 && tensor.bytes > shard_size - filled) {
      ++shard;
      filled = 0;
    }
    tensor.shard = shard;
    filled += tensor.bytes;
  }
  std::sort(tensors.begin(), tensors.end(), [](const SynthTensor& a, const SynthTensor& b) {
    if (a.shard != b.shard) return a.shard < b.shard;
    if (a.dtype != b.dtype) return a.dtype > b.dtype;
    return a.name < b.name;
  });
  return shard + 1;
}

SynthLayout::Shard make_shard(std::vector<SynthTensor>& tensors, std::size_t begin,
                              std::uint32_t number, std::uint32_t count) {
  SynthLayout::Shard shard;
  shard.name = shard_name(number, count);
  shard.begin = shard.end = begin;
  std::vector<TensorInfo> infos;
  for (; shard.end < tensors.size() && tensors[shard.end].shard == number; ++shard.end) {
    const SynthTensor& tensor = tensors[shard.end];
    TensorInfo info;
    info.name = tensor.name;
    info.dtype = tensor.dtype;
    info.shape = tensor.shape;
    info.bytes = tensor.bytes;
    infos.push_back(std::move(info));
  }
  shard.header = write_safetensors_header(infos);
  shard.size = static_cast<std::int64_t>(shard.header.size());
  for (std::size_t k = begin; k < shard.end; ++k) {
    tensors[k].offset = shard.size;
    shard.size += tensors[k].bytes;
  }
  return shard;
}

std::string make_index(const SynthLayout& layout) {
  Plan plan;
  for (const SynthLayout::Shard& shard : layout.shards) {
    OutputShard made;
    made.name = shard.name;
    plan.shards.push_back(std::move(made));
  }
  for (const SynthTensor& tensor : layout.tensors) {
    OutputTensor output;
    output.name = tensor.name;
    output.shard = tensor.shard;
    output.bytes = tensor.bytes;
    plan.outputs.push_back(std::move(output));
  }
  plan.totals.parameters = layout.parameters;
  return make_weight_index(plan, "", plan.totals.parameters);
}

std::string_view long_name(DType dtype) {
  switch (dtype) {
    case DType::bf16:
      return "bfloat16";
    case DType::f16:
      return "float16";
    case DType::f64:
      return "float64";
    default:
      return "float32";
  }
}

}  // namespace

bool set_config_dtype(Value& config, DType dtype) {
  Value::Map* map = config.if_map();
  if (!map) return false;
  bool replaced = false;
  for (auto& [key, value] : *map) {
    const bool states_dtype = key == "dtype" || key == "torch_dtype";
    if (states_dtype && value.if_text() && dtype_from_recipe(*value.if_text())) {
      if (*value.if_text() == long_name(dtype)) continue;
      value = Value(long_name(dtype));
      replaced = true;
    } else if (key.ends_with("_config")) {
      replaced = set_config_dtype(value, dtype) || replaced;
    }
  }
  return replaced;
}

std::optional<SynthLayout> lay_out_model(const std::vector<ArchTensor>& expected, DType dtype,
                                         std::int64_t shard_size, Diagnostics& diagnostics) {
  auto tensors = saved_tensors(expected, dtype, diagnostics);
  if (!tensors) return std::nullopt;
  SynthLayout layout;
  layout.tensors = std::move(*tensors);
  const std::uint32_t count = assign_shards(layout.tensors, shard_size);
  for (const SynthTensor& tensor : layout.tensors) {
    (tensor.buffer ? layout.buffer_elements : layout.parameters) += numel(tensor.shape);
    layout.bytes += tensor.bytes;
  }
  for (std::uint32_t k = 0; k < count; ++k) {
    const std::size_t begin = layout.shards.empty() ? 0 : layout.shards.back().end;
    layout.shards.push_back(make_shard(layout.tensors, begin, k, count));
    const auto& shard = layout.shards.back();
    if (static_cast<std::int64_t>(shard.header.size()) <= max_header_bytes) continue;
    diagnostics.add(
        error("E731", fmt::format("the header of {} takes {}, readers accept {}", shard.name,
                                  format_bytes(static_cast<std::int64_t>(shard.header.size())),
                                  format_bytes(max_header_bytes)))
            .hint("a smaller --shard-size spreads the tensors over more files"));
    return std::nullopt;
  }
  if (count > 1) layout.index = make_index(layout);
  return layout;
}

}  // namespace inarch
