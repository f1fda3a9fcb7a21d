#include "compiler/core/encoding.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "compiler/core/shape.h"

namespace inarch {

namespace {

constexpr std::array<std::pair<Codec, std::string_view>, 6> codec_names = {{
    {Codec::scaled_fp8, "scaled_fp8"},
    {Codec::packed_e2m1, "packed_e2m1"},
    {Codec::bnb4, "bnb4"},
    {Codec::awq, "awq"},
    {Codec::gptq, "gptq"},
    {Codec::packed_int, "packed_int"},
}};
constexpr std::array<std::pair<PartRole, std::string_view>, 10> role_names = {{
    {PartRole::codes, "codes"},
    {PartRole::scales, "scales"},
    {PartRole::zeros, "zeros"},
    {PartRole::groups, "groups"},
    {PartRole::map, "map"},
    {PartRole::nested_scales, "nested_scales"},
    {PartRole::nested_map, "nested_map"},
    {PartRole::global_scale, "global_scale"},
    {PartRole::state, "state"},
    {PartRole::other, "other"},
}};

constexpr std::array<std::pair<ScaleStrategy, std::string_view>, 3> strategy_names = {{
    {ScaleStrategy::tensor, "tensor"},
    {ScaleStrategy::channel, "channel"},
    {ScaleStrategy::block, "block"},
}};

template <typename Table, typename Key>
std::string_view name_in(const Table& table, Key key) {
  for (const auto& [entry, name] : table) {
    if (entry == key) return name;
  }
  return "";
}

template <typename Table>
auto named_in(const Table& table, std::string_view name)
    -> std::optional<typename Table::value_type::first_type> {
  for (const auto& [entry, known] : table) {
    if (known == name) return entry;
  }
  return std::nullopt;
}

constexpr int word_bits = 32;
constexpr std::int64_t most_side = std::int64_t{1} << 40;

/// Words that hold `count` codes, which do not go over a word's end.
std::int64_t words(const Encoding& e, std::int64_t count) {
  return divided_up(count * e.bits, word_bits);
}

/// What codes and scales are must be what a codec can read.
std::string find_dtype_fault(const Encoding& e) {
  const bool fp8 = e.code == DType::f8_e4m3 || e.code == DType::f8_e5m2;
  if (e.codec == Codec::scaled_fp8 && !fp8) return fmt::format("codes of {}", name(e.code));
  const bool numbers = is_arithmetic(e.scale) || e.scale == DType::f8_e8m0;
  return numbers ? "" : fmt::format("scales of {}", name(e.scale));
}

std::int64_t code_count(const Encoding& e) {
  switch (e.codec) {
    case Codec::scaled_fp8:
      return e.count();
    case Codec::packed_e2m1:
    case Codec::bnb4:
      return divided_up(e.count(), 2);
    case Codec::awq:
      return e.columns * words(e, e.rows);
    case Codec::gptq:
      return words(e, e.columns) * e.rows;
    case Codec::packed_int:
      return e.rows * words(e, e.columns);
  }
  return 0;
}

std::string find_fp8_encoding_fault(const Encoding& e) {
  const bool fp8 = e.code == DType::f8_e4m3 || (e.code == DType::f8_e5m2 && !e.divides);
  if (!fp8) return "codes that are not made";
  const bool plain = e.scale == DType::bf16 || e.scale == DType::f16;
  const bool made = e.scale == DType::f32 || (e.divides ? plain : e.scale == DType::f8_e8m0);
  return made ? "" : "scales that are not made";
}

}  // namespace

std::int64_t Encoding::block_count() const {
  return matrices * divided_up(rows, block_rows) * divided_up(columns, block_columns);
}

std::optional<std::size_t> Encoding::find(PartRole role) const {
  const auto part = std::find(parts.begin(), parts.end(), role);
  if (part == parts.end()) return std::nullopt;
  return static_cast<std::size_t>(part - parts.begin());
}

std::optional<std::int64_t> part_count(const Encoding& e, PartRole role) {
  constexpr std::int64_t map_size = 16, nested_map_size = 256;
  switch (role) {
    case PartRole::codes:
      return code_count(e);
    case PartRole::scales:
      return e.block_count();
    case PartRole::zeros: {
      const std::int64_t groups = divided_up(e.columns, e.block_columns);
      // awq and gptq pack the outputs of a group, and so does packed_int, whose groups lie in rows.
      return groups * words(e, e.rows);
    }
    case PartRole::groups:
      return e.columns;
    case PartRole::map:
      return map_size;
    case PartRole::nested_scales:
      return e.nested_block > 0 ? divided_up(e.block_count(), e.nested_block) : 0;
    case PartRole::nested_map:
      return nested_map_size;
    case PartRole::global_scale:
      return 1;
    case PartRole::state:
      return static_cast<std::int64_t>(e.state.size());
    case PartRole::other:
      return std::nullopt;
  }
  return std::nullopt;
}

bool part_dtype_fits(const Encoding& e, PartRole role, DType dtype) {
  switch (role) {
    case PartRole::codes:
      if (e.codec == Codec::scaled_fp8) return dtype == e.code;
      if (e.codec == Codec::packed_e2m1 || e.codec == Codec::bnb4)
        return dtype == DType::u8 || dtype == DType::i8;
      return dtype == DType::i32;
    case PartRole::scales:
      if (e.nested_block > 0) return dtype == DType::u8;
      return dtype == e.scale || (e.scale == DType::f8_e8m0 && dtype == DType::u8);
    case PartRole::zeros:
    case PartRole::groups:
      return dtype == DType::i32;
    case PartRole::map:
    case PartRole::nested_scales:
    case PartRole::nested_map:
    case PartRole::global_scale:
      return dtype == DType::f32;
    case PartRole::state:
      return dtype == DType::u8;
    case PartRole::other:
      return true;
  }
  return false;
}

std::string find_fault(const Encoding& e) {
  for (const std::int64_t side : {e.matrices, e.rows, e.columns}) {
    if (side < 1 || side > most_side) return fmt::format("a side of {} elements", side);
  }
  std::int64_t count = 0;
  if (__builtin_mul_overflow(e.matrices, e.rows, &count) ||
      __builtin_mul_overflow(count, e.columns, &count) || count > max_elements) {
    return "more elements than there can be";
  }
  for (const std::int64_t side : {e.block_rows, e.block_columns}) {
    if (side < 1 || side > most_side) return fmt::format("blocks with a side of {}", side);
  }
  if (std::string fault = find_dtype_fault(e); !fault.empty()) return fault;
  if (e.bits != 2 && e.bits != 4 && e.bits != 8) return fmt::format("codes of {} bits", e.bits);
  const std::int64_t in_word = word_bits / e.bits;
  if (e.codec == Codec::awq && (e.bits != 4 || e.rows % in_word != 0))
    return "outputs that do not fill words of eight";
  if (e.codec == Codec::gptq && (e.rows % in_word != 0 || e.columns % in_word != 0))
    return "sides that do not fill words";
  if (e.codec != Codec::scaled_fp8 && e.block_rows != 1) return "blocks of several rows";
  if (e.codec == Codec::bnb4 && e.rows != 1) return "more than one row";
  if (e.codec == Codec::awq && e.find(PartRole::groups)) return "groups that AWQ does not have";
  const bool stacked = e.codec == Codec::scaled_fp8 || e.codec == Codec::packed_e2m1;
  if (!stacked && e.matrices != 1) return "more than one matrix";
  const bool in_words = e.codec == Codec::awq || e.codec == Codec::gptq;
  if (in_words && !e.find(PartRole::zeros)) return "no zero points";
  if (!e.find(PartRole::codes) || !e.find(PartRole::scales)) return "no codes or no scales";
  if (e.codec == Codec::bnb4 && !e.find(PartRole::map)) return "no map";
  const bool nested = e.find(PartRole::nested_scales) && e.find(PartRole::nested_map);
  if (e.nested_block < 0 || e.nested_block > most_side || (e.nested_block > 0 && !nested))
    return "no scales of the scales";
  const bool flat = e.codec == Codec::packed_e2m1 && e.columns % e.block_columns != 0;
  if (flat) return "rows that do not consist of groups";
  const bool blank = e.state.find(offset_blank()) != std::string::npos;
  if (e.find(PartRole::state) && e.nested_block > 0 && !blank) return "no place for the offset";
  return {};
}

std::string find_encoding_fault(const Encoding& e) {
  constexpr std::int64_t most_block = 65536;  // it is held as a whole
  if (e.codec == Codec::scaled_fp8) return find_fp8_encoding_fault(e);
  if (e.divides) return "a division that it does not know";
  switch (e.codec) {
    case Codec::packed_e2m1:
      if (e.scale != DType::f8_e8m0 || e.find(PartRole::global_scale))
        return "scales that are not made";
      break;
    case Codec::bnb4:
      if (e.scale != DType::f32 || e.rows != 1) return "scales that are not made";
      break;
    default:
      return "codes that are only read";
  }
  const bool good = e.block_columns % 2 == 0 && e.block_columns <= most_block &&
                    e.block_rows == 1 && e.nested_block <= most_block;
  return good ? "" : "blocks that are odd or too large";
}

namespace {

constexpr std::string_view offset_key = "\"nested_offset\":";
constexpr std::size_t offset_width = 26;  // a double takes 24 characters at most

}  // namespace

std::string offset_blank() { return std::string(offset_key) + std::string(offset_width, ' '); }

std::string state_with_offset(const std::string& state, double offset) {
  std::string filled = state;
  const std::size_t at = state.find(offset_blank());
  if (at == std::string::npos) return filled;
  const std::string number = fmt::format("{}", offset);
  filled.replace(at + offset_key.size() + 1, number.size(), number);
  return filled;
}

std::optional<double> offset_in_state(std::string_view state) {
  const std::size_t key = state.find(offset_key);
  if (key == std::string_view::npos) return std::nullopt;
  const std::size_t at = state.find_first_not_of(' ', key + offset_key.size());
  if (at == std::string_view::npos) return std::nullopt;
  double offset = 0;
  const auto read = std::from_chars(state.data() + at, state.data() + state.size(), offset);
  if (read.ec != std::errc() || !std::isfinite(offset)) return std::nullopt;
  return offset;
}

std::string_view name(Codec codec) { return name_in(codec_names, codec); }
std::string_view name(PartRole role) { return name_in(role_names, role); }
std::string_view name(ScaleStrategy strategy) { return name_in(strategy_names, strategy); }
std::optional<Codec> codec_named(std::string_view name) { return named_in(codec_names, name); }
std::optional<PartRole> part_role_named(std::string_view name) {
  return named_in(role_names, name);
}

std::optional<ScaleStrategy> scale_strategy_named(std::string_view name) {
  return named_in(strategy_names, name);
}

std::string describe(const Encoding& e) {
  switch (e.codec) {
    case Codec::scaled_fp8:
      if (e.block_rows >= e.rows && e.block_columns >= e.columns) return "fp8, one scale";
      if (e.block_rows == 1 && e.block_columns >= e.columns) return "fp8, a scale a row";
      return fmt::format("fp8 {}x{}", e.block_rows, e.block_columns);
    case Codec::packed_e2m1:
      return fmt::format("{} /{}", e.find(PartRole::global_scale) ? "nvfp4" : "mxfp4",
                         e.block_columns);
    case Codec::bnb4:
      return fmt::format("bnb4 /{}{}", e.block_columns, e.nested_block > 0 ? ", nested" : "");
    case Codec::awq:
      return fmt::format("awq /{}", e.block_columns);
    case Codec::gptq:
      return fmt::format("gptq {} bits /{}", e.bits, e.block_columns);
    case Codec::packed_int:
      return fmt::format("int{} /{}", e.bits, e.block_columns);
  }
  return {};
}

}  // namespace inarch
