#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/encoding/recognise_encodings.h"

namespace inarch {

/// An encoded tensor that has been found: its name, shape and dtype as values, and its parts.
struct FoundEncoding {
  std::string stem;    // in front of the endings of all parts
  std::string ending;  // of the tensor's own name
  DType dtype = DType::bf16;
  Shape shape;
  Encoding encoding;  // without `parts`
  bool transposed = false;
  std::vector<std::pair<PartRole, const TensorInfo*>> parts;

  void add(PartRole role, const TensorInfo* part) { parts.emplace_back(role, part); }
};

/// What recognisers share. Each takes the tensor that holds the codes; it answers nothing when the
/// tensor is not of its format, or when it is and has a fault, which it has then reported.
class Recognition {
 public:
  Recognition(const Checkpoint& stored, const ReadSmallTensor& read, Diagnostics& diagnostics);

  std::optional<FoundEncoding> fp8(const TensorInfo& codes);           // recognise_fp8.cpp
  std::optional<FoundEncoding> e2m1(const TensorInfo& codes);          // recognise_fp4.cpp
  std::optional<FoundEncoding> e2m1_blocks(const TensorInfo& codes);   // recognise_fp4.cpp
  std::optional<FoundEncoding> bitsandbytes(const TensorInfo& codes);  // recognise_bnb.cpp
  std::optional<FoundEncoding> packed_words(const TensorInfo& codes);  // recognise_words.cpp
  std::optional<FoundEncoding> compressed(const TensorInfo& codes);    // recognise_compressed.cpp

  /// "fp8", "awq", …; "" when the config names none.
  const std::string& method() const { return method_; }
  /// What the config's quantization_config says at "a.b"; null when nothing.
  const Value* setting(std::string_view path) const;
  std::int64_t number(std::string_view path, std::int64_t otherwise) const;

 private:
  const TensorInfo* find(const std::string& name) const { return stored_.find(name); }
  /// The config's dtype, or bf16.
  DType usual_dtype() const { return usual_dtype_; }
  DType find_usual_dtype() const;
  void missing(const TensorInfo& codes, const std::string& name, const std::string& what);
  void misfit(const TensorInfo& part, const std::string& expected);
  void malformed(const TensorInfo& part, const std::string& what);
  /// [matrices, rows, columns] of a shape; false when it has less than one dimension.
  static bool set_sides(Encoding& encoding, const Shape& shape);
  std::optional<FoundEncoding> finish(FoundEncoding found);
  bool set_blocks(Encoding& encoding, const TensorInfo& codes, const TensorInfo& scales);
  std::optional<FoundEncoding> nvfp4(const TensorInfo& codes, const std::string& stem);
  std::optional<Value> quant_state(const TensorInfo& state);
  std::optional<Shape> stored_shape(const TensorInfo& tensor);
  bool awq(FoundEncoding& found, const TensorInfo& codes, const TensorInfo& scales);
  bool gptq(FoundEncoding& found, const TensorInfo& codes, const TensorInfo& scales);

  const Checkpoint& stored_;
  const ReadSmallTensor& read_;
  Diagnostics& diagnostics_;
  const Value* settings_ = nullptr;
  std::string method_;
  DType usual_dtype_ = DType::bf16;
  bool has_bitsandbytes_ = false;  // some name is that of a part: most models have none to look for
};

/// The name without `ending`, when it ends so.
std::optional<std::string> without_ending(const std::string& name, std::string_view ending);

}  // namespace inarch
