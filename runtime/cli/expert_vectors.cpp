#include "runtime/cli/expert_vectors.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/cli/tensor_values.h"
#include "runtime/forward/matrix_rows.h"
#include "runtime/kernels/gemm.h"

namespace inarch {

namespace {

using Layers = std::map<std::int64_t, Similarity>;

/// The number behind `key` in a name, and what follows it.
struct Numbered {
  std::int64_t number = 0;
  std::string_view rest;
};

std::optional<Numbered> number_after(std::string_view name, std::string_view key) {
  const std::size_t at = name.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  Numbered found;
  const char* const begin = name.data() + at + key.size();
  const char* const end = name.data() + name.size();
  const auto [next, failure] = std::from_chars(begin, end, found.number);
  if (failure != std::errc() || next == begin || next == end || *next != '.') return std::nullopt;
  found.rest = std::string_view(next + 1, static_cast<std::size_t>(end - next - 1));
  return found;
}

Diagnostic nothing_found(const Checkpoint& checkpoint, std::string_view what) {
  return error("E733", fmt::format("there is no tensor '{}'", what))
      .in(escape_for_terminal(checkpoint.location));
}

/// Tensors `layers.{i}.{what}`, by layer.
std::map<std::int64_t, const TensorInfo*> of_layers(const Checkpoint& checkpoint,
                                                    std::string_view what) {
  std::map<std::int64_t, const TensorInfo*> found;
  for (const TensorInfo& tensor : checkpoint.tensors) {
    const auto layer = number_after(tensor.name, "layers.");
    if (layer && layer->rest == what) found[layer->number] = &tensor;
  }
  return found;
}

/// Its numbers in order, of a tensor of any type.
Result<std::vector<double>> numbers(const Checkpoint& checkpoint, const TensorInfo& tensor,
                                    std::size_t dimensions) {
  if (tensor.shape.size() != dimensions) {
    return error("E733", fmt::format("'{}' has the shape {}", escape_for_terminal(tensor.name),
                                     format_shape(tensor.shape)));
  }
  auto value = tensor_values(checkpoint, tensor);
  if (!value.ok()) return value.error();
  std::vector<double> flat;
  for (const Value& item : *value->if_list()) {
    if (item.is_number()) flat.push_back(item.as_real());
    const Value::List* row = item.if_list();
    for (std::size_t k = 0; row != nullptr && k < row->size(); ++k)
      flat.push_back((*row)[k].as_real());
  }
  return flat;
}

Result<Layers> together(const Checkpoint& checkpoint) {
  Layers layers;
  for (const auto& [layer, tensor] : of_layers(checkpoint, "coactivation")) {
    auto counts = numbers(checkpoint, *tensor, 2);
    if (!counts.ok()) return counts.error();
    const std::int64_t experts = tensor->shape[0];
    if (tensor->shape[1] != experts) {
      return error("E733", fmt::format("'{}' has the shape {}", escape_for_terminal(tensor->name),
                                       format_shape(tensor->shape)));
    }
    layers.emplace(layer, cosines_of_products(std::move(*counts), experts));
  }
  if (layers.empty()) return nothing_found(checkpoint, "layers.{i}.coactivation");
  return layers;
}

/// A part of each expert's weights: the same rows and columns of one matrix after another.
using MatrixPlaces = std::vector<MatrixPlace>;

/// Inner products of all pairs of experts over one part, added to `products`.
Status add_products(WeightFiles& files, const MatrixPlaces& part, std::vector<double>& products) {
  constexpr std::int64_t block_elements = std::int64_t{1} << 22;  // of all experts
  const auto experts = static_cast<std::int64_t>(part.size());
  const std::int64_t columns = part.front().columns;
  const std::int64_t step =
      std::clamp<std::int64_t>(block_elements / (experts * columns), 1, part.front().rows);
  const std::int64_t width = step * columns;
  std::vector<float> rows(static_cast<std::size_t>(experts * width)), turned(rows.size());
  std::vector<float> product(static_cast<std::size_t>(experts * experts));
  std::vector<std::byte> stored;
  std::vector<MatrixRows> matrices;
  for (const MatrixPlace& place : part) {
    auto matrix = MatrixRows::open(files, place);
    if (!matrix.ok()) return matrix.error();
    matrices.push_back(std::move(*matrix));
  }
  for (std::int64_t begin = 0; begin < part.front().rows; begin += step) {
    const std::int64_t count = std::min(step, part.front().rows - begin);
    const std::int64_t elements = count * columns;
    for (std::int64_t e = 0; e < experts; ++e) {
      float* const row = rows.data() + e * elements;
      const MatrixRows& matrix = matrices[static_cast<std::size_t>(e)];
      if (Status read = matrix.read(files, begin, count, stored, row); !read) return read;
      for (std::int64_t k = 0; k < elements; ++k)
        turned[static_cast<std::size_t>(k * experts + e)] = row[k];
    }
    gemm(experts, elements, experts, rows.data(), turned.data(), product.data());
    for (std::size_t k = 0; k < product.size(); ++k) products[k] += static_cast<double>(product[k]);
  }
  return {};
}

Result<Similarity> alike(WeightFiles& files, const std::vector<MatrixPlaces>& parts) {
  const std::size_t experts = parts.front().size();
  std::vector<double> products(experts * experts);
  for (const MatrixPlaces& part : parts) {
    if (Status added = add_products(files, part, products); !added) return added.error();
  }
  return cosines_of_products(std::move(products), static_cast<std::int64_t>(experts));
}

/// Each row of a matrix as a part of one expert.
MatrixPlaces rows_of(const TensorInfo& tensor) {
  MatrixPlaces part;
  for (std::int64_t e = 0; e < tensor.shape[0]; ++e)
    part.push_back({&tensor, e, 1, tensor.shape[1]});
  return part;
}

Result<Layers> of_rows(const Checkpoint& checkpoint,
                       const std::map<std::int64_t, const TensorInfo*>& tensors) {
  WeightFiles files(checkpoint);
  Layers layers;
  for (const auto& [layer, tensor] : tensors) {
    auto similarity = alike(files, {rows_of(*tensor)});
    if (!similarity.ok()) return similarity.error();
    layers.emplace(layer, std::move(*similarity));
  }
  return layers;
}

Result<Layers> of_routers(const Checkpoint& checkpoint) {
  std::map<std::int64_t, const TensorInfo*> routers;
  for (const TensorInfo& tensor : checkpoint.tensors) {
    const auto layer = number_after(tensor.name, "layers.");
    const bool is_router = tensor.name.ends_with(".gate.weight") ||
                           tensor.name.ends_with(".router.weight") ||
                           tensor.name.ends_with(".router.proj.weight");
    if (layer && is_router && tensor.shape.size() == 2) routers[layer->number] = &tensor;
  }
  if (routers.empty()) return nothing_found(checkpoint, "….layers.{i}.….gate.weight");
  return of_rows(checkpoint, routers);
}

/// By layer, and then by what a tensor is called besides: the matrices of all experts.
std::map<std::int64_t, std::map<std::string, MatrixPlaces>> weights_of_experts(
    const Checkpoint& checkpoint) {
  std::map<std::int64_t, std::map<std::string, std::map<std::int64_t, MatrixPlace>>> found;
  for (const TensorInfo& tensor : checkpoint.tensors) {
    const auto layer = number_after(tensor.name, "layers.");
    if (!layer) continue;
    const auto expert = number_after(layer->rest, "experts.");
    const bool stacked = layer->rest.find("experts.") != std::string_view::npos && !expert;
    if (expert && tensor.shape.size() == 2) {
      found[layer->number][std::string(expert->rest)][expert->number] = {
          &tensor, 0, tensor.shape[0], tensor.shape[1]};
    } else if (stacked && tensor.shape.size() == 3 &&
               layer->rest.find("shared_experts.") == std::string_view::npos) {
      for (std::int64_t e = 0; e < tensor.shape[0]; ++e)
        found[layer->number][std::string(layer->rest)][e] = {&tensor, e * tensor.shape[1],
                                                             tensor.shape[1], tensor.shape[2]};
    }
  }
  std::map<std::int64_t, std::map<std::string, MatrixPlaces>> parts;
  for (const auto& [layer, named] : found) {
    for (const auto& [name, by_expert] : named) {
      for (const auto& [expert, place] : by_expert) parts[layer][name].push_back(place);
    }
  }
  return parts;
}

Result<Layers> of_weights(const Checkpoint& checkpoint) {
  WeightFiles files(checkpoint);
  Layers layers;
  for (const auto& [layer, named] : weights_of_experts(checkpoint)) {
    std::vector<MatrixPlaces> parts;
    for (const auto& [name, part] : named) {
      const MatrixPlace& first = part.front();
      const bool even = std::all_of(part.begin(), part.end(), [&](const MatrixPlace& place) {
        return place.rows == first.rows && place.columns == first.columns;
      });
      if (!even || (!parts.empty() && part.size() != parts.front().size()))
        return error("E733", fmt::format("the experts of layer {} are not all of one size", layer));
      parts.push_back(part);
    }
    auto similarity = alike(files, parts);
    if (!similarity.ok()) return similarity.error();
    layers.emplace(layer, std::move(*similarity));
  }
  if (layers.empty()) return nothing_found(checkpoint, "….layers.{i}.….experts.{e}.…");
  return layers;
}

}  // namespace

Result<std::map<std::int64_t, Similarity>> expert_likeness(const Checkpoint& checkpoint,
                                                           Likeness likeness) {
  switch (likeness) {
    case Likeness::coactivation:
      return together(checkpoint);
    case Likeness::router:
      return of_routers(checkpoint);
    case Likeness::weights:
      return of_weights(checkpoint);
    case Likeness::output:
    case Likeness::use:
      break;
  }
  const auto outputs = of_layers(checkpoint, "mean_output");
  if (outputs.empty()) return nothing_found(checkpoint, "layers.{i}.mean_output");
  for (const auto& [layer, tensor] : outputs) {
    if (tensor->shape.size() == 2) continue;
    return error("E733", fmt::format("'{}' has the shape {}", escape_for_terminal(tensor->name),
                                     format_shape(tensor->shape)));
  }
  return of_rows(checkpoint, outputs);
}

Result<std::map<std::int64_t, std::vector<double>>> expert_use(const Checkpoint& checkpoint) {
  std::map<std::int64_t, std::vector<double>> layers;
  for (const auto& [layer, tensor] : of_layers(checkpoint, "counts")) {
    auto counts = numbers(checkpoint, *tensor, 1);
    if (!counts.ok()) return counts.error();
    layers.emplace(layer, std::move(*counts));
  }
  if (layers.empty()) return nothing_found(checkpoint, "layers.{i}.counts");
  return layers;
}

}  // namespace inarch
