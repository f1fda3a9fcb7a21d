#include "compiler/recipe/fp8_settings.h"

#include <array>

namespace inarch {

namespace {

/// One of each row where nobody says otherwise: what most checkpoints in this form have.
bool set_fp8_layout(EncodingSpec& spec, const Value& value) {
  if (value != Value("compressed-tensors")) return false;
  spec.strategy = ScaleStrategy::channel;
  spec.scales = std::nullopt;
  return true;
}

bool set_fp8_strategy(EncodingSpec& spec, const Value& value) {
  const auto strategy =
      value.if_text() != nullptr ? scale_strategy_named(*value.if_text()) : std::nullopt;
  if (!spec.strategy || !strategy) return false;
  spec.strategy = strategy;
  return true;
}

bool set_fp8_scales(EncodingSpec& spec, const Value& value) {
  const std::string* text = value.if_text();
  if (text == nullptr) return false;
  struct Row {
    std::string_view text;
    DType dtype;
    bool deepseek;  // has such scales
    bool compressed_tensors;
  };
  static constexpr std::array<Row, 4> rows = {{{"f32", DType::f32, true, true},
                                               {"e8m0", DType::f8_e8m0, true, false},
                                               {"bf16", DType::bf16, false, true},
                                               {"f16", DType::f16, false, true}}};
  for (const Row& row : rows) {
    if (row.text != *text) continue;
    spec.scales = row.dtype;
    return spec.strategy ? row.compressed_tensors : row.deepseek;
  }
  return false;
}

bool set_fp8_block(EncodingSpec& spec, const Value& value) {
  constexpr std::int64_t most = std::int64_t{1} << 31;
  if (spec.strategy && spec.strategy != ScaleStrategy::block) return false;
  const Value::List* sides = value.if_list();
  if (sides == nullptr || sides->size() != 2) return false;
  const std::int64_t* rows = (*sides)[0].if_int();
  const std::int64_t* columns = (*sides)[1].if_int();
  if (rows == nullptr || columns == nullptr) return false;
  spec.block_rows = *rows;
  spec.block_columns = *columns;
  return *rows >= 1 && *columns >= 1 && *rows <= most && *columns <= most;
}

}  // namespace

int fp8_rank(std::string_view key) {
  if (key == "layout") return 0;
  return key == "strategy" ? 1 : 2;
}

bool set_fp8(EncodingSpec& spec, std::string_view key, const Value& value) {
  if (key == "layout") return set_fp8_layout(spec, value);
  if (key == "strategy") return set_fp8_strategy(spec, value);
  if (key == "scales") return set_fp8_scales(spec, value);
  return key == "block" && set_fp8_block(spec, value);
}

}  // namespace inarch
