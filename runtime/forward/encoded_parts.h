#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/result.h"
#include "runtime/forward/weight_files.h"

namespace inarch {

/// What is kept of an encoded tensor while its values are read piece by piece: scales, zero points
/// and maps, and the codes too where a row of values is a column of words (AWQ, GPTQ and the like).
class EncodedParts {
 public:
  /// Reads them. E701, and E721 for scales that are not finite and groups that are not there.
  static Result<EncodedParts> read(WeightFiles& files, const TensorInfo& tensor);
  /// Bytes that they take.
  static std::int64_t bytes(const Encoding& encoding);

  /// Values [begin, begin + n) of the tensor, whole rows of it. `stored` is a buffer. Thread-safe.
  Status decode(WeightFiles& files, std::int64_t begin, std::int64_t n,
                std::vector<std::byte>& stored, float* values) const;

 private:
  explicit EncodedParts(const EncodedTensor& encoded) : encoded_(&encoded) {}
  const Encoding& encoding() const { return *encoded_->encoding; }
  Status read_part(WeightFiles& files, PartRole role, std::vector<std::byte>& into) const;
  Status read_scales(WeightFiles& files);
  Status read_nested_scales(WeightFiles& files);
  Status check(const std::string& name) const;
  void decode_words(std::int64_t row, std::int64_t rows, float* values) const;

  const EncodedTensor* encoded_;
  std::vector<std::byte> codes_, zeros_, groups_, map_;
  std::vector<float> scales_;
};

}  // namespace inarch
