#include "compiler/encoding/recognise_encodings.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "compiler/encoding/recognition.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool may_hold_codes(const TensorInfo& tensor) {
  switch (tensor.dtype) {
    case DType::f8_e4m3:
    case DType::f8_e5m2:
      return true;
    case DType::i8:
    case DType::u8:
      return tensor.shape.size() >= 2;
    case DType::i32:
      return tensor.shape.size() == 2;
    default:
      return tensor.name.ends_with(".weight") && tensor.shape.size() == 2 &&
             tensor.shape.back() == 1;  // bitsandbytes with another storage dtype
  }
}

std::optional<FoundEncoding> recognise(Recognition& recognition, const TensorInfo& tensor) {
  if (tensor.dtype == DType::f8_e4m3 || tensor.dtype == DType::f8_e5m2)
    return recognition.fp8(tensor);
  if (tensor.dtype == DType::i32) {
    if (tensor.name.ends_with(".qweight")) return recognition.packed_words(tensor);
    return recognition.compressed(tensor);
  }
  if (auto found = recognition.compressed(tensor)) return found;
  if (auto found = recognition.bitsandbytes(tensor)) return found;
  if (auto found = recognition.e2m1_blocks(tensor)) return found;
  if (tensor.dtype == DType::i8 || tensor.dtype == DType::u8) return recognition.e2m1(tensor);
  return std::nullopt;
}

/// Takes the stored tensors apart into those that are values and those that are parts.
class Grouping {
 public:
  Grouping(Checkpoint& checkpoint, const ReadSmallTensor& read, Diagnostics& diagnostics)
      : checkpoint_(checkpoint),
        diagnostics_(diagnostics),
        recognition_(checkpoint, read, found_) {}

  void run() {
    for (const TensorInfo& tensor : checkpoint_.tensors) {
      if (!may_hold_codes(tensor)) continue;
      if (auto found = recognise(recognition_, tensor))
        found_encodings_.push_back(std::move(*found));
    }
    report();
    warn_of_unknown();
    if (!found_encodings_.empty()) regroup();
  }

 private:
  /// Of thousands of tensors with one fault a few say enough.
  void report() {
    constexpr std::size_t most = 5;
    std::map<std::string, std::size_t> seen;
    for (const Diagnostic& d : found_.list()) {
      if (++seen[d.code] <= most) diagnostics_.add(d);
    }
    for (const auto& [code, count] : seen) {
      if (count <= most) continue;
      diagnostics_.add(error(code, fmt::format("and {} more tensors like these", count - most))
                           .in(checkpoint_.location));
    }
  }

  void warn_of_unknown() {
    static constexpr std::array<std::string_view, 7> known = {
        "fp8", "fbgemm_fp8", "mxfp4", "bitsandbytes", "awq", "gptq", "compressed-tensors"};
    const std::string& method = recognition_.method();
    if (method.empty() || std::find(known.begin(), known.end(), method) != known.end()) return;
    diagnostics_.add(warning("W403", fmt::format("the config says that weights are quantised by "
                                                 "'{}', which is not known: they are taken as they "
                                                 "are stored",
                                                 escape_for_terminal(method)))
                         .in(checkpoint_.location));
  }

  void regroup() {
    std::vector<TensorInfo>& stored = checkpoint_.tensors;
    constexpr std::int64_t plain = -1, part = -2;
    std::vector<std::int64_t> becomes(stored.size(), plain);
    const auto place = [&](const TensorInfo* tensor) {
      return static_cast<std::size_t>(tensor - stored.data());
    };
    std::vector<TensorInfo> values(found_encodings_.size());
    for (std::size_t k = 0; k < found_encodings_.size(); ++k) {
      FoundEncoding& found = found_encodings_[k];
      EncodedTensor encoded;
      encoded.encoding = shared(std::move(found.encoding));
      encoded.stem = found.stem.size();
      encoded.ending = found.ending;
      encoded.transposed = found.transposed;
      TensorInfo& value = values[k];
      value.name = found.stem + found.ending;
      value.dtype = found.dtype;
      value.shape = std::move(found.shape);
      value.file = found.parts.front().second->file;
      value.offset = found.parts.front().second->offset;
      value.encoded = static_cast<std::int32_t>(k);
      encoded.parts.reserve(found.parts.size());
      for (const auto& [role, tensor] : found.parts) {
        becomes[place(tensor)] = part;
        value.bytes += tensor->bytes;
        encoded.parts.push_back(std::move(stored[place(tensor)]));
      }
      becomes[place(found.parts.front().second)] = static_cast<std::int64_t>(k);
      checkpoint_.encoded.push_back(std::move(encoded));
    }
    std::vector<TensorInfo> tensors;
    tensors.reserve(stored.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      if (becomes[i] == plain) tensors.push_back(std::move(stored[i]));
      if (becomes[i] >= 0)
        tensors.push_back(std::move(values[static_cast<std::size_t>(becomes[i])]));
    }
    checkpoint_.tensors = std::move(tensors);
    checkpoint_.build_index();
    for (const std::uint32_t i : checkpoint_.repeated()) {
      diagnostics_.add(error("E437", fmt::format("tensor '{}' is there as values and encoded",
                                                 escape_for_terminal(checkpoint_.tensors[i].name)))
                           .in(checkpoint_.location));
    }
  }

  /// Most tensors of a model are encoded in one of a few ways.
  std::shared_ptr<const Encoding> shared(Encoding encoding) {
    for (auto known = encodings_.rbegin(); known != encodings_.rend(); ++known) {
      if (**known == encoding) return *known;
    }
    constexpr std::size_t most = 64;  // offsets of nested scales differ from tensor to tensor
    if (encodings_.size() >= most) encodings_.clear();
    return encodings_.emplace_back(std::make_shared<const Encoding>(std::move(encoding)));
  }

  Checkpoint& checkpoint_;
  Diagnostics& diagnostics_;
  Diagnostics found_;
  Recognition recognition_;
  std::vector<FoundEncoding> found_encodings_;
  std::vector<std::shared_ptr<const Encoding>> encodings_;
};

}  // namespace

void recognise_encodings(Checkpoint& checkpoint, const ReadSmallTensor& read,
                         Diagnostics& diagnostics) {
  Grouping(checkpoint, read, diagnostics).run();
}

}  // namespace inarch
