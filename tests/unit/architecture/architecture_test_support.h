#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/architecture/architecture.h"
#include "compiler/core/json.h"

namespace inarch {

inline Value json(std::string_view text) {
  Result<Value> value = parse_json(text, "test.json");
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : Value();
}

/// An architecture file from a test, and what reading and expanding it reported.
struct TestFile {
  explicit TestFile(std::string_view text) {
    const FileId file = sources.add("test.yaml", std::string(text));
    architecture = read_architecture(sources, file, diagnostics);
    for (const Diagnostic& fault : diagnostics.list()) reported += fault.message + "\n";
  }

  std::vector<ArchTensor> expand(const Value& config = Value()) {
    if (!architecture) return {};
    auto tensors = architecture->expand(config, diagnostics);
    return tensors ? *tensors : std::vector<ArchTensor>();
  }
  std::string code() const {
    return diagnostics.list().empty() ? "" : diagnostics.list().front().code;
  }
  const Diagnostic& first() const { return diagnostics.list().at(0); }
  std::string pointed() const { return std::string(sources.text(first().primary.span)); }

  SourceMap sources;
  Diagnostics diagnostics;
  std::optional<Architecture> architecture;
  std::string reported;  // while reading
};

/// "name [2, 3]", one line for each tensor.
inline std::string lines(const std::vector<ArchTensor>& tensors) {
  std::string text;
  for (const ArchTensor& tensor : tensors) {
    text += tensor.name + " " + format_shape(tensor.shape) + "\n";
  }
  return text;
}

inline Architecture built_in(std::string_view name) {
  SourceMap sources;
  Diagnostics diagnostics;
  auto architecture = load_architecture(name, sources, diagnostics);
  EXPECT_TRUE(architecture) << name << ": "
                            << (diagnostics.list().empty() ? "" : diagnostics.list()[0].message);
  return architecture.value();
}

/// The tensors as a checkpoint would have them.
inline Checkpoint as_checkpoint(const std::vector<ArchTensor>& tensors, Value config = {}) {
  Checkpoint checkpoint;
  checkpoint.config = std::move(config);
  for (const ArchTensor& tensor : tensors) {
    if (!tensor.required()) continue;
    TensorInfo info;
    info.name = tensor.name;
    info.dtype = tensor.dtype.value_or(DType::bf16);
    info.shape = tensor.shape;
    checkpoint.tensors.push_back(std::move(info));
  }
  checkpoint.build_index();
  return checkpoint;
}

}  // namespace inarch
