// bitsandbytes: `X.weight` holds the codes of the flattened tensor, `X.weight.quant_state.…` a JSON
// text with its shape, `X.weight.absmax` the scales (U8 and encoded again when nested).

#include <array>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/encoding/recognition.h"

namespace inarch {

namespace {

constexpr std::array<std::string_view, 2> kinds = {"nf4", "fp4"};

std::int64_t whole(const Value& state, std::string_view key) {
  const Value* value = state.find(key);
  return value != nullptr && value->if_int() != nullptr ? *value->if_int() : 0;
}

}  // namespace

std::optional<Value> Recognition::quant_state(const TensorInfo& state) {
  constexpr std::int64_t most_bytes = 65536;
  if (state.dtype != DType::u8 || state.bytes > most_bytes) {
    misfit(state, "a short text of bytes");
    return std::nullopt;
  }
  const auto text = read_(state);
  if (!text) {
    diagnostics_.add(text.error());
    return std::nullopt;
  }
  auto parsed = parse_json(*text, state.name);
  if (!parsed.ok() || parsed->if_map() == nullptr) {
    malformed(state, "holds no JSON object");
    return std::nullopt;
  }
  return std::move(*parsed);
}

std::optional<FoundEncoding> Recognition::bitsandbytes(const TensorInfo& codes) {
  if (!has_bitsandbytes_) return std::nullopt;
  const TensorInfo* state = nullptr;
  for (const std::string_view kind : kinds) {
    if (state == nullptr)
      state = find(fmt::format("{}.quant_state.bitsandbytes__{}", codes.name, kind));
  }
  if (state == nullptr) {
    const bool others = find(codes.name + ".absmax") && find(codes.name + ".quant_map");
    if (others)
      missing(codes, codes.name + ".quant_state.bitsandbytes__nf4", "stored by bitsandbytes");
    return std::nullopt;
  }
  const auto said = quant_state(*state);
  if (!said) return std::nullopt;

  FoundEncoding found;
  found.stem = codes.name;
  found.encoding.codec = Codec::bnb4;
  const Value* shape = said->find("shape");
  const Value* dtype = said->find("dtype");
  const bool listed = shape != nullptr && shape->if_list() != nullptr;
  for (const Value& size : listed ? *shape->if_list() : Value::List{Value(-1)})
    found.shape.push_back(size.if_int() != nullptr ? *size.if_int() : -1);
  const auto count = checked_numel(found.shape);
  std::string named = dtype != nullptr && dtype->if_text() != nullptr ? *dtype->if_text() : "";
  if (named.starts_with("torch.")) named.erase(0, 6);
  const DType stored = dtype_from_recipe(named).value_or(DType::u8);
  found.encoding.block_columns = whole(*said, "blocksize");
  if (!count || *count < 1 || !is_arithmetic(stored) || found.encoding.block_columns < 1) {
    malformed(*state, "gives no shape, dtype and block size that make sense");
    return std::nullopt;
  }
  found.dtype = stored;
  found.encoding.columns = *count;  // blocks go over the ends of rows
  found.add(PartRole::codes, &codes);
  const std::array<std::pair<PartRole, std::string_view>, 4> parts = {{
      {PartRole::scales, ".absmax"},
      {PartRole::map, ".quant_map"},
      {PartRole::nested_scales, ".nested_absmax"},
      {PartRole::nested_map, ".nested_quant_map"},
  }};
  const bool nested = said->find("nested_blocksize") != nullptr;
  if (nested) {
    const Value* offset = said->find("nested_offset");
    found.encoding.nested_block = whole(*said, "nested_blocksize");
    if (found.encoding.nested_block < 1 || offset == nullptr || !offset->is_number()) {
      malformed(*state, "says that scales are nested, and not how");
      return std::nullopt;
    }
    found.encoding.nested_offset = offset->as_real();
  }
  for (const auto& [role, ending] : parts) {
    const bool of_nested = role == PartRole::nested_scales || role == PartRole::nested_map;
    if (of_nested && !nested) continue;
    const TensorInfo* part = find(fmt::format("{}{}", codes.name, ending));
    if (part == nullptr) {
      missing(codes, fmt::format("{}{}", codes.name, ending), "stored by bitsandbytes");
      return std::nullopt;
    }
    found.add(role, part);
  }
  found.add(PartRole::other, state);
  return finish(std::move(found));
}

}  // namespace inarch
