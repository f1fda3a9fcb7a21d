#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/ir/random_expression.h"
#include "tests/unit/recipe/recipe_test_support.h"

namespace inarch {

/// A recipe of a few random tensors, some of which read others, in one output or in two, with what
/// each must hold.
struct RandomRecipe {
  struct Expected {
    DType dtype = DType::f32;
    Shape shape;
    Values values;
    std::string directory;  // of the output that it goes to, "" where there is one
  };
  std::string text;
  std::vector<RandomTensor> tensors;
  std::map<std::string, Expected> outputs;

  World world() const {
    World world;
    for (const RandomTensor& tensor : tensors)
      world.add("m", tensor.name, tensor.dtype, tensor.shape);
    return world;
  }
};

inline RandomRecipe random_recipe(std::uint64_t seed) {
  RandomRecipe recipe;
  RandomExpressions expressions(seed);
  const std::int64_t dtype_choice = expressions.one_of(0, 3);
  const bool one_dtype = dtype_choice < 2;
  const DType dtype = dtype_choice == 0 ? DType::bf16 : DType::f32;
  const std::string block = fmt::format("{{ shard_size: 2KB{} }}",
                                        one_dtype ? fmt::format(", dtype: {}", name(dtype)) : "");
  const bool several = expressions.one_of(0, 2) == 0;
  recipe.text = "inarch: 1\nsources: { m: m }\n";
  recipe.text += several
                     ? fmt::format("outputs:\n  x: {0}\n  y: {{ for: {{ k: 0 .. 1 }} }}\n", block)
                     : fmt::format("output: {}\n", block);
  recipe.text += "tensors:\n";
  for (int k = 0; k < 4; ++k) {
    const std::string output = fmt::format("o.{}", k);
    const bool in_x = several && k % 2 == 0;
    const std::string prefix = !several ? "" : in_x ? "x:" : "y[0]:";
    const std::string prefix_before = !several ? "out:" : in_x ? "y[0]:" : "x:";
    const bool computes = expressions.one_of(0, 2) != 0;
    const auto before = recipe.outputs.find(fmt::format("o.{}", k - 1));
    const int steps = static_cast<int>(expressions.one_of(0, 8));
    RandomExpressions::Made made;
    if (before != recipe.outputs.end() && expressions.one_of(0, 2) == 0) {
      made = expressions.start(prefix_before + before->first, before->second.dtype,
                               before->second.shape, before->second.values);
      made = expressions.go_on(std::move(made), steps, computes && is_arithmetic(made.dtype));
    } else {
      made = expressions.make(steps, computes);
    }
    const bool converts = one_dtype && prefix != "y[0]:" && is_arithmetic(made.dtype);
    RandomRecipe::Expected expected{converts ? dtype : made.dtype, made.result.shape(),
                                    made.result.values,
                                    !several ? ""
                                    : in_x   ? "x"
                                             : "y-0"};
    for (double& value : expected.values) value = rounded(expected.dtype, value);
    recipe.text += fmt::format("  - from: '{}'\n    to: \"{}{}\"\n", made.text, prefix, output);
    recipe.outputs.emplace(output, std::move(expected));
  }
  recipe.tensors = expressions.tensors();
  return recipe;
}

/// Evaluates the sources of a bound recipe as made up.
inline LeafValues made_up_sources(const BoundRecipe& bound) {
  return [&bound](const NodeData& data, const Node& node) {
    const auto& leaf = std::get<SourceTensor>(data);
    const std::string& name = bound.sources[leaf.source].checkpoint->tensors[leaf.tensor].name;
    Values values;
    for (std::int64_t k = 0; k < node.count(); ++k) values.push_back(made_up(name, k));
    return values;
  };
}

/// "" when every output of the graph holds what the recipe says, else what differs first.
inline std::string difference(const RandomRecipe& recipe, const Graph& graph,
                              const BoundRecipe& bound) {
  if (graph.outputs.size() != recipe.outputs.size()) return "another number of outputs";
  const std::vector<Values> done = evaluate_nodes(graph, made_up_sources(bound));
  for (const Output& output : graph.outputs) {
    const RandomRecipe::Expected& expected = recipe.outputs.at(output.name);
    if (output.dtype != expected.dtype)
      return fmt::format("{} is {}, not {}", output.name, name(output.dtype), name(expected.dtype));
    if (output.shape != expected.shape)
      return fmt::format("{} is {}, not {}", output.name, format_shape(output.shape),
                         format_shape(expected.shape));
    for (std::size_t k = 0; k < expected.values.size(); ++k) {
      const double found = rounded(output.dtype, done[output.node].at(k));
      if (found != expected.values[k])
        return fmt::format("{}[{}] is {}, not {}", output.name, k, found, expected.values[k]);
    }
  }
  return "";
}

}  // namespace inarch
