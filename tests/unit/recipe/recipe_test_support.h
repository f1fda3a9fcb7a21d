#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "compiler/recipe/bound_recipe.h"
#include "compiler/recipe/match_outputs.h"
#include "compiler/support/source_map.h"

namespace inarch {

/// Checkpoints that exist in memory alone, by the last part of their path.
class World {
 public:
  /// Adds a tensor behind those that the model's only file has.
  World& add(const std::string& model, const std::string& name, DType dtype, Shape shape) {
    Checkpoint& checkpoint = models_[model];
    if (checkpoint.files.empty()) {
      checkpoint.location = "/models/" + model;
      checkpoint.files.push_back({checkpoint.location + "/model.safetensors", "model.safetensors",
                                  header_bytes, 1, 2, std::string(64, 'a')});
    }
    TensorInfo tensor;
    tensor.name = name;
    tensor.dtype = dtype;
    tensor.bytes = numel(shape) * bits(dtype) / 8;
    tensor.shape = std::move(shape);
    tensor.offset = checkpoint.files[0].size;
    checkpoint.files[0].size += tensor.bytes;
    checkpoint.tensors.push_back(std::move(tensor));
    return *this;
  }
  World& add(const std::string& model, const std::vector<std::string>& names) {
    for (const std::string& name : names) add(model, name, DType::bf16, {4, 2});
    return *this;
  }
  World& config(const std::string& model, std::string_view json) {
    models_[model].config = *parse_json(json, "config.json");
    return *this;
  }
  World& side_files(const std::string& model, std::vector<std::string> names) {
    models_[model].side_files = std::move(names);
    return *this;
  }
  World& text(const std::string& path, std::string content) {
    texts_[path] = std::move(content);
    return *this;
  }

  /// What a tensor of this name holds, in any model.
  World& values(const std::string& tensor, std::string_view json) {
    values_[tensor] = *parse_json(json, "values.json");
    return *this;
  }

  const Checkpoint& model(const std::string& name) const { return models_.at(name); }

  BindOptions options() const {
    BindOptions options;
    options.open_source = [this](const SourceRequest& request, Diagnostics& diagnostics) {
      const auto model = models_.find(request.location.substr(request.location.rfind('/') + 1));
      if (model == models_.end()) {
        diagnostics.add(error("E401", "there is no such directory").in(request.location));
        return std::shared_ptr<const Checkpoint>();
      }
      auto checkpoint = std::make_shared<Checkpoint>(model->second);
      checkpoint->build_index();
      return std::shared_ptr<const Checkpoint>(std::move(checkpoint));
    };
    options.read_text = [this](const std::string& path) -> Result<std::string> {
      const auto text = texts_.find(path);
      if (text == texts_.end()) return error("E701", "no such file").in(path);
      return text->second;
    };
    options.fingerprint = [](const std::string& path) -> Result<FileFingerprint> {
      return FileFingerprint{static_cast<std::int64_t>(path.size()), std::string(64, 'b')};
    };
    options.read_tensor = [this](const Checkpoint&, const TensorInfo& tensor) -> Result<Value> {
      const auto values = values_.find(tensor.name);
      if (values == values_.end()) return error("E168", "it has no values");
      return values->second;
    };
    options.read_part = [this](const std::string& name) -> Result<PartText> {
      const auto text = texts_.find(name);
      if (text == texts_.end()) return error("E701", "no such file").in(name);
      return PartText{name, text->second};
    };
    return options;
  }

  static constexpr std::int64_t header_bytes = 1000;

 private:
  std::map<std::string, Checkpoint> models_;
  std::map<std::string, std::string> texts_;
  std::map<std::string, Value> values_;
};

/// A recipe on its way through reading and binding, with what was reported.
struct Attempt {
  std::unique_ptr<SourceMap> sources = std::make_unique<SourceMap>();
  FileId file = 0;
  Diagnostics diagnostics;
  std::unique_ptr<Recipe> recipe;
  std::optional<BoundRecipe> bound;

  /// "E203 W201": all codes in order.
  std::string codes() const {
    std::string all;
    for (const Diagnostic& d : diagnostics.list()) all += (all.empty() ? "" : " ") + d.code;
    return all;
  }
  const Diagnostic& first() const {
    static const Diagnostic none;
    return diagnostics.list().empty() ? none : diagnostics.list().front();
  }
  std::string message() const { return first().message; }
  std::string help() const { return first().help; }
  /// The text that the first diagnostic points at.
  std::string pointed() const {
    return first().primary.span.known() ? std::string(sources->text(first().primary.span)) : "";
  }
  /// All that was said, for assertions that fail.
  std::string said() const {
    std::string all;
    for (const Diagnostic& d : diagnostics.list()) all += d.code + ": " + d.message + "\n";
    return all;
  }
  /// The names that the rules define, in order of binding.
  std::vector<std::string> outputs() const {
    std::vector<std::string> names;
    if (!bound) return names;
    for (const RuleInstance& instance : bound->instances) {
      for (const ResultName& to : instance.to) names.push_back(full_name(*bound, to));
    }
    return names;
  }
};

inline Attempt attempt_reading(std::string text, const ReadPart& read_part = {}) {
  Attempt attempt;
  attempt.file = attempt.sources->add("recipe.yaml", std::move(text));
  auto recipe = read_recipe(*attempt.sources, attempt.file, read_part, attempt.diagnostics);
  if (recipe) attempt.recipe = std::make_unique<Recipe>(std::move(*recipe));
  return attempt;
}

inline Attempt attempt_binding(const BindOptions& options, std::string text) {
  Attempt attempt = attempt_reading(std::move(text), options.read_part);
  if (attempt.recipe && !attempt.diagnostics.has_errors())
    attempt.bound = bind_recipe(*attempt.recipe, options, *attempt.sources, attempt.diagnostics);
  return attempt;
}
inline Attempt attempt_binding(const World& world, std::string text) {
  return attempt_binding(world.options(), std::move(text));
}

}  // namespace inarch
