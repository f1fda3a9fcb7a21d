#include "runtime/forward/encoded_parts.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/codecs/awq.h"
#include "runtime/codecs/bnb4.h"
#include "runtime/codecs/bnb_nested.h"
#include "runtime/codecs/e8m0.h"
#include "runtime/codecs/gptq.h"
#include "runtime/codecs/packed_e2m1.h"
#include "runtime/codecs/packed_int.h"
#include "runtime/codecs/scaled_fp8.h"
#include "runtime/kernels/convert.h"

namespace inarch {

namespace {

bool is_of_words(const Encoding& e) {
  return e.codec == Codec::awq || e.codec == Codec::gptq || e.codec == Codec::packed_int;
}

const unsigned char* raw(const std::vector<std::byte>& bytes) {
  return bytes.empty() ? nullptr
                       : static_cast<const unsigned char*>(static_cast<const void*>(bytes.data()));
}

template <typename T>
const T* as(const std::vector<std::byte>& bytes) {
  return bytes.empty() ? nullptr : static_cast<const T*>(static_cast<const void*>(bytes.data()));
}

/// Groups of inputs that have a scale each.
std::int64_t group_count(const Encoding& e) { return divided_up(e.columns, e.block_columns); }

}  // namespace

Status EncodedParts::read_part(WeightFiles& files, PartRole role,
                               std::vector<std::byte>& into) const {
  const auto place = encoding().find(role);
  if (!place) return {};
  const TensorInfo& part = encoded_->parts[*place];
  into.resize(static_cast<std::size_t>(part.bytes));
  return files.read(part, 0, into);
}

Status EncodedParts::read_scales(WeightFiles& files) {
  const Encoding& e = encoding();
  std::vector<std::byte> stored;
  if (Status status = read_part(files, PartRole::scales, stored); !status) return status;
  scales_.resize(static_cast<std::size_t>(e.block_count()));
  if (e.scale == DType::f8_e8m0) {
    decode_e8m0(raw(stored), e.block_count(), scales_.data());
  } else {
    inarch::decode(e.scale, stored.data(), e.block_count(), scales_.data());
  }
  std::vector<std::byte> divisor;
  if (Status status = read_part(files, PartRole::global_scale, divisor); !status) return status;
  if (divisor.empty()) return {};
  const float by = *as<float>(divisor);
  for (float& scale : scales_) scale /= by;
  return {};
}

Status EncodedParts::read_nested_scales(WeightFiles& files) {
  const Encoding& e = encoding();
  std::vector<std::byte> codes, nested, map, state;
  for (const auto& [role, into] :
       {std::pair{PartRole::scales, &codes}, std::pair{PartRole::nested_scales, &nested},
        std::pair{PartRole::nested_map, &map}, std::pair{PartRole::state, &state}}) {
    if (Status status = read_part(files, role, *into); !status) return status;
  }
  const auto said = offset_in_state({as<char>(state), state.size()});
  const auto offset = static_cast<float>(said.value_or(e.nested_offset));
  scales_.resize(static_cast<std::size_t>(e.block_count()));
  decode_nested_absmax(raw(codes), as<float>(map), as<float>(nested), offset, e.nested_block, 0,
                       e.block_count(), scales_.data());
  return {};
}

Status EncodedParts::check(const std::string& name) const {
  const Encoding& e = encoding();
  const auto fault = [&](const char* what) -> Status {
    return error("E721", fmt::format("tensor '{}' has {}", escape_for_terminal(name), what));
  };
  const std::int32_t* groups = as<std::int32_t>(groups_);
  const auto is_there = [&](std::int32_t g) { return g >= 0 && g < group_count(e); };
  if (groups != nullptr && !std::all_of(groups, groups + e.columns, is_there))
    return fault("an input whose group is not there");
  const bool finite =
      std::all_of(scales_.begin(), scales_.end(), [](float scale) { return std::isfinite(scale); });
  return finite ? Status() : fault("a scale that is not a number");
}

Result<EncodedParts> EncodedParts::read(WeightFiles& files, const TensorInfo& tensor) {
  EncodedParts parts(files.model().encoded[static_cast<std::size_t>(tensor.encoded)]);
  const Encoding& e = parts.encoding();
  std::vector<std::pair<PartRole, std::vector<std::byte>*>> kept = {
      {PartRole::zeros, &parts.zeros_},
      {PartRole::groups, &parts.groups_},
      {PartRole::map, &parts.map_}};
  if (is_of_words(e)) kept.emplace_back(PartRole::codes, &parts.codes_);
  for (const auto& [role, into] : kept) {
    if (Status status = parts.read_part(files, role, *into); !status) return status.error();
  }
  Status status = e.nested_block > 0 ? parts.read_nested_scales(files) : parts.read_scales(files);
  if (status) status = parts.check(tensor.name);
  if (!status) return status.error();
  return parts;
}

std::int64_t EncodedParts::bytes(const Encoding& encoding) {
  const std::int64_t codes = is_of_words(encoding) ? encoding.count() * encoding.bits / 8 : 0;
  return codes + encoding.block_count() * 8 + encoding.columns * 4;
}

void EncodedParts::decode_words(std::int64_t row, std::int64_t rows, float* values) const {
  const Encoding& e = encoding();
  const std::int64_t groups = group_count(e);
  const std::int32_t* indices = as<std::int32_t>(groups_);
  const float* scales = scales_.data();
  if (e.codec == Codec::awq) {
    decode_awq({e.columns, e.rows, e.block_columns, raw(codes_), raw(zeros_), scales}, row, rows,
               values);
  } else if (e.codec == Codec::gptq) {
    decode_gptq({e.bits, e.columns, e.rows, groups, e.block_columns, raw(codes_), raw(zeros_),
                 scales, indices, e.zero_minus_one ? StoredZeros::less_one : StoredZeros::plain},
                row, rows, values);
  } else {
    decode_packed_int({e.bits, e.columns, e.rows, groups, e.block_columns, raw(codes_), scales,
                       raw(zeros_), indices},
                      row, rows, values);
  }
}

Status EncodedParts::decode(WeightFiles& files, std::int64_t begin, std::int64_t n,
                            std::vector<std::byte>& stored, float* values) const {
  const Encoding& e = encoding();
  if (is_of_words(e)) {
    decode_words(begin / e.columns, n / e.columns, values);
    return {};
  }
  const bool whole_bytes = e.codec == Codec::scaled_fp8;
  const std::int64_t first = whole_bytes ? begin : begin / 2;
  const std::int64_t end = whole_bytes ? begin + n : (begin + n + 1) / 2;
  stored.resize(static_cast<std::size_t>(end - first));
  const TensorInfo& codes = encoded_->parts[*e.find(PartRole::codes)];
  if (Status status = files.read(codes, first, stored); !status) return status;
  if (whole_bytes) {
    decode_scaled_fp8(e.code, {e.rows, e.columns, e.block_rows, e.block_columns}, raw(stored),
                      scales_.data(), begin, n, values);
    return {};
  }
  const float* of_block = scales_.data() + begin / e.block_columns;
  if (e.codec == Codec::packed_e2m1) {
    decode_e2m1(raw(stored), of_block, e.block_columns, begin, n, values);
  } else {
    decode_bnb4(raw(stored), as<float>(map_), of_block, e.block_columns, begin, n, values);
  }
  return {};
}

}  // namespace inarch
