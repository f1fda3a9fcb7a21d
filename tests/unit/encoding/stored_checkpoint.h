#pragma once

#include <map>
#include <string>
#include <string_view>

#include "compiler/core/catalog.h"
#include "compiler/core/json.h"
#include "compiler/encoding/recognise_encodings.h"

namespace inarch {

/// A checkpoint as its headers describe it, tensor by tensor; small tensors have texts.
class StoredCheckpoint {
 public:
  explicit StoredCheckpoint(std::string_view config = "{}") {
    checkpoint.location = "model";
    checkpoint.config = *parse_json(config, "config.json");
  }

  StoredCheckpoint& add(std::string name, DType dtype, Shape shape, std::string text = {}) {
    TensorInfo tensor;
    tensor.name = name;
    tensor.dtype = dtype;
    tensor.shape = std::move(shape);
    tensor.offset = end_;
    tensor.bytes = tensor.elements() * bits(dtype) / 8;
    end_ += tensor.bytes;
    checkpoint.tensors.push_back(std::move(tensor));
    texts_[name] = std::move(text);
    return *this;
  }

  /// A text of that many bytes.
  StoredCheckpoint& add_text(std::string name, const std::string& text) {
    return add(std::move(name), DType::u8, {static_cast<std::int64_t>(text.size())}, text);
  }

  /// Codes of all faults in their order, "E436 E437"; "" when there were none.
  std::string recognise() {
    checkpoint.build_index();
    Diagnostics diagnostics;
    recognise_encodings(
        checkpoint,
        [&](const TensorInfo& tensor) -> Result<std::string> {
          ++reads;
          return texts_[tensor.name];
        },
        diagnostics);
    std::string codes;
    for (const Diagnostic& d : diagnostics.list()) codes += (codes.empty() ? "" : " ") + d.code;
    return codes;
  }

  const Encoding* encoding(std::string_view name) const {
    const TensorInfo* tensor = checkpoint.find(name);
    if (tensor == nullptr || !tensor->is_encoded()) return nullptr;
    return checkpoint.encoded[static_cast<std::size_t>(tensor->encoded)].encoding.get();
  }
  /// What the tensor is said to be stored as; "plain" when as its values, "" when it is not there.
  std::string said(std::string_view name) const {
    if (checkpoint.find(name) == nullptr) return {};
    const Encoding* found = encoding(name);
    return found != nullptr ? describe(*found) : "plain";
  }

  Checkpoint checkpoint;
  int reads = 0;  // of small tensors

 private:
  std::map<std::string, std::string> texts_;
  std::int64_t end_ = 8;
};

}  // namespace inarch
