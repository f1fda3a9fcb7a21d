#include "tests/unit/executor/encoded_tensor.h"

#include <array>
#include <cmath>
#include <utility>

#include "tests/unit/executor/checkpoint_maker.h"

namespace inarch {

namespace {

constexpr std::array<double, 8> e2m1 = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
constexpr std::array<std::int64_t, 8> awq_places = {0, 4, 1, 5, 2, 6, 3, 7};  // of an output's code

std::int64_t groups_of(const Encoding& e) {
  return (e.columns + e.block_columns - 1) / e.block_columns;
}

/// Fills the parts of a sample.
class SampleMaker {
 public:
  SampleMaker(std::string name, Encoding encoding, std::mt19937_64& random) : random_(random) {
    sample_.name = std::move(name);
    sample_.encoding = std::move(encoding);
  }

  SampleMaker& numbers(PartRole role, DType dtype, std::int64_t least, std::int64_t most) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < size(role); ++i) values.push_back(pick(least, most));
    return put(role, {dtype, stored(dtype, values), values});
  }
  SampleMaker& powers_of_two(PartRole role, DType dtype) {
    std::vector<double> values;
    for (std::int64_t i = 0; i < size(role); ++i) values.push_back(std::exp2(pick(0, 1)));
    return put(role, {dtype, stored(dtype, values), values});
  }
  SampleMaker& octets(PartRole role, DType dtype, int least, int most) {
    EncodedSample::Part part{dtype, {}, {}};
    for (std::int64_t i = 0; i < size(role); ++i) {
      const auto octet = static_cast<int>(pick(least, most));
      part.bytes += static_cast<char>(octet);
      part.values.push_back(octet);
    }
    return put(role, std::move(part));
  }
  /// Words whose fields of `bits` lie below `end`.
  SampleMaker& words(PartRole role, int width, std::int64_t end) {
    EncodedSample::Part part{DType::i32, {}, {}};
    for (std::int64_t i = 0; i < size(role); ++i) {
      std::uint32_t word = 0;
      for (int shift = 0; shift < 32; shift += width)
        word |= static_cast<std::uint32_t>(pick(0, end - 1)) << shift;
      for (int shift = 0; shift < 32; shift += 8) part.bytes += static_cast<char>(word >> shift);
      part.values.push_back(word);
    }
    return put(role, std::move(part));
  }
  SampleMaker& group_indices() {
    EncodedSample::Part part{DType::i32, {}, {}};
    for (std::int64_t i = 0; i < sample_.encoding.columns; ++i) {
      const auto group = static_cast<int>(pick(0, groups_of(sample_.encoding) - 1));
      part.bytes += std::string{static_cast<char>(group), 0, 0, 0};
      part.values.push_back(group);
    }
    return put(PartRole::groups, std::move(part));
  }

  EncodedSample done() { return std::move(sample_); }

 private:
  double pick(std::int64_t least, std::int64_t most) {
    const auto span = static_cast<std::uint64_t>(most - least + 1);
    return static_cast<double>(least + static_cast<std::int64_t>(random_() % span));
  }
  std::int64_t size(PartRole role) const { return *part_count(sample_.encoding, role); }
  SampleMaker& put(PartRole role, EncodedSample::Part part) {
    sample_.encoding.parts.push_back(role);
    sample_.parts[role] = std::move(part);
    return *this;
  }

  EncodedSample sample_;
  std::mt19937_64& random_;
};

Encoding encoding_of(Codec codec, std::array<std::int64_t, 3> shape,
                     std::array<std::int64_t, 2> block) {
  Encoding e;
  e.codec = codec;
  e.matrices = shape[0];
  e.rows = shape[1];
  e.columns = shape[2];
  e.block_rows = block[0];
  e.block_columns = block[1];
  return e;
}

using Samples = std::vector<EncodedSample>;

void add_scaled_fp8(Samples& samples, std::mt19937_64& random) {
  for (const DType scale : {DType::f32, DType::bf16, DType::f8_e8m0}) {
    Encoding e = encoding_of(Codec::scaled_fp8, {2, 10, 13}, {4, 5});
    e.scale = scale;
    SampleMaker maker("fp8", e, random);
    maker.numbers(PartRole::codes, e.code, -8, 8);
    if (scale == DType::f8_e8m0) {
      maker.octets(PartRole::scales, scale, 127, 128);
    } else {
      maker.powers_of_two(PartRole::scales, scale);
    }
    samples.push_back(maker.done());
  }
}

void add_packed_e2m1(Samples& samples, std::mt19937_64& random) {
  Encoding e = encoding_of(Codec::packed_e2m1, {2, 5, 12}, {1, 4});
  e.scale = DType::f8_e8m0;
  samples.push_back(SampleMaker("mxfp4", e, random)
                        .octets(PartRole::codes, DType::i8, 0, 255)
                        .octets(PartRole::scales, DType::u8, 127, 128)
                        .done());
  e.scale = DType::f8_e4m3;
  samples.push_back(SampleMaker("nvfp4", e, random)
                        .octets(PartRole::codes, DType::u8, 0, 255)
                        .powers_of_two(PartRole::scales, e.scale)
                        .powers_of_two(PartRole::global_scale, DType::f32)
                        .done());
}

void add_bnb4(Samples& samples, std::mt19937_64& random) {
  Encoding e = encoding_of(Codec::bnb4, {1, 1, 149}, {1, 16});
  samples.push_back(SampleMaker("bnb4", e, random)
                        .octets(PartRole::codes, DType::u8, 0, 255)
                        .powers_of_two(PartRole::scales, DType::f32)
                        .numbers(PartRole::map, DType::f32, -8, 8)
                        .done());
  e.nested_block = 4;
  e.nested_offset = 1;
  samples.push_back(SampleMaker("bnb4 nested", e, random)
                        .octets(PartRole::codes, DType::u8, 0, 255)
                        .octets(PartRole::scales, DType::u8, 0, 255)
                        .numbers(PartRole::map, DType::f32, -3, 3)
                        .powers_of_two(PartRole::nested_scales, DType::f32)
                        .numbers(PartRole::nested_map, DType::f32, -2, 2)
                        .done());
}

void add_words(Samples& samples, std::mt19937_64& random) {
  samples.push_back(SampleMaker("awq", encoding_of(Codec::awq, {1, 24, 10}, {1, 4}), random)
                        .words(PartRole::codes, 4, 16)
                        .powers_of_two(PartRole::scales, DType::f32)
                        .words(PartRole::zeros, 4, 16)
                        .done());
  for (const int width : {2, 4, 8}) {
    for (const bool reordered : {false, true}) {
      Encoding e = encoding_of(Codec::gptq, {1, 16, 32}, {1, 12});
      e.bits = width;
      e.zero_minus_one = reordered;
      SampleMaker maker("gptq", e, random);
      // A field of ones would carry into the next when one is added to each.
      maker.words(PartRole::codes, width, std::int64_t{1} << width)
          .words(PartRole::zeros, width, (std::int64_t{1} << width) - 1)
          .powers_of_two(PartRole::scales, DType::f32);
      if (reordered) maker.group_indices();
      samples.push_back(maker.done());
    }
  }
  for (const int width : {4, 8}) {
    for (const bool asymmetric : {false, true}) {
      Encoding e = encoding_of(Codec::packed_int, {1, 7, 19}, {1, 6});
      e.bits = width;
      SampleMaker maker("int", e, random);
      maker.powers_of_two(PartRole::scales, DType::f32)
          .words(PartRole::codes, width, std::int64_t{1} << width);
      if (asymmetric) maker.words(PartRole::zeros, width, std::int64_t{1} << width).group_indices();
      samples.push_back(maker.done());
    }
  }
}

}  // namespace

std::int64_t EncodedSample::field(PartRole role, std::int64_t word, std::int64_t place,
                                  int width) const {
  const auto bits_of =
      static_cast<std::uint64_t>(parts.at(role).values.at(static_cast<std::size_t>(word)));
  return static_cast<std::int64_t>(bits_of >> (place * width) & ((std::uint64_t{1} << width) - 1));
}

double EncodedSample::scale_of_block(std::int64_t block) const {
  const double stored_scale = parts.at(PartRole::scales).values.at(static_cast<std::size_t>(block));
  if (encoding.nested_block > 0) {
    const auto& map = parts.at(PartRole::nested_map).values;
    const auto& nested = parts.at(PartRole::nested_scales).values;
    return map.at(static_cast<std::size_t>(stored_scale)) *
               nested.at(static_cast<std::size_t>(block / encoding.nested_block)) +
           encoding.nested_offset;
  }
  if (encoding.scale == DType::f8_e8m0) return std::exp2(stored_scale - 127);
  const auto global = parts.find(PartRole::global_scale);
  return global == parts.end() ? stored_scale : stored_scale / global->second.values[0];
}

double EncodedSample::flat(std::int64_t element) const {
  const bool low_first = encoding.codec == Codec::packed_e2m1;
  const std::int64_t code =
      field(PartRole::codes, element / 2, (element % 2 == 0) == low_first ? 0 : 1, 4);
  const double number = low_first ? (code < 8 ? 1 : -1) * e2m1[static_cast<std::size_t>(code % 8)]
                                  : parts.at(PartRole::map).values[static_cast<std::size_t>(code)];
  return number * scale_of_block(element / encoding.block_columns);
}

std::int64_t EncodedSample::code_of(std::int64_t row, std::int64_t column) const {
  const std::int64_t in_word = 32 / encoding.bits;
  switch (encoding.codec) {
    case Codec::awq:
      return field(PartRole::codes, column * (encoding.rows / 8) + row / 8,
                   awq_places[static_cast<std::size_t>(row % 8)], 4);
    case Codec::gptq:
      return field(PartRole::codes, column / in_word * encoding.rows + row, column % in_word,
                   encoding.bits);
    default: {
      const std::int64_t row_words = (encoding.columns + in_word - 1) / in_word;
      return field(PartRole::codes, row * row_words + column / in_word, column % in_word,
                   encoding.bits) -
             (std::int64_t{1} << (encoding.bits - 1));
    }
  }
}

double EncodedSample::zero_of(std::int64_t row, std::int64_t group) const {
  if (!encoding.find(PartRole::zeros)) return 0;
  const std::int64_t in_word = 32 / encoding.bits;
  switch (encoding.codec) {
    case Codec::awq:
      return static_cast<double>(field(PartRole::zeros, group * (encoding.rows / 8) + row / 8,
                                       awq_places[static_cast<std::size_t>(row % 8)], 4));
    case Codec::gptq:
      return static_cast<double>(field(PartRole::zeros,
                                       group * (encoding.rows / in_word) + row / in_word,
                                       row % in_word, encoding.bits)) +
             (encoding.zero_minus_one ? 1 : 0);
    default:
      return static_cast<double>(field(PartRole::zeros, row / in_word * groups_of(encoding) + group,
                                       row % in_word, encoding.bits)) -
             static_cast<double>(std::int64_t{1} << (encoding.bits - 1));
  }
}

double EncodedSample::in_words(std::int64_t row, std::int64_t column) const {
  const std::int64_t group =
      encoding.find(PartRole::groups)
          ? static_cast<std::int64_t>(
                parts.at(PartRole::groups).values[static_cast<std::size_t>(column)])
          : column / encoding.block_columns;
  const std::int64_t scale = encoding.codec == Codec::packed_int ? row * groups_of(encoding) + group
                                                                 : group * encoding.rows + row;
  return (static_cast<double>(code_of(row, column)) - zero_of(row, group)) * scale_of_block(scale);
}

double EncodedSample::value(std::int64_t matrix, std::int64_t row, std::int64_t column) const {
  const std::int64_t element = (matrix * encoding.rows + row) * encoding.columns + column;
  switch (encoding.codec) {
    case Codec::scaled_fp8: {
      const std::int64_t down = (encoding.rows + encoding.block_rows - 1) / encoding.block_rows;
      const std::int64_t block = (matrix * down + row / encoding.block_rows) * groups_of(encoding) +
                                 column / encoding.block_columns;
      return parts.at(PartRole::codes).values[static_cast<std::size_t>(element)] *
             scale_of_block(block);
    }
    case Codec::packed_e2m1:
    case Codec::bnb4:
      return flat(element);
    default:
      return in_words(row, column);
  }
}

std::vector<double> EncodedSample::values() const {
  std::vector<double> all;
  for (std::int64_t m = 0; m < encoding.matrices; ++m) {
    for (std::int64_t r = 0; r < encoding.rows; ++r) {
      for (std::int64_t c = 0; c < encoding.columns; ++c) all.push_back(value(m, r, c));
    }
  }
  return all;
}

std::vector<EncodedSample> encoded_samples(std::mt19937_64& random) {
  Samples samples;
  add_scaled_fp8(samples, random);
  add_packed_e2m1(samples, random);
  add_bnb4(samples, random);
  add_words(samples, random);
  return samples;
}

}  // namespace inarch
