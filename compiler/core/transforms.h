#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace inarch {

/// Every transform of the language. The table (transforms.cpp) is the one place that says what each
/// takes; the checker, the JSON Schema, the reference page and the hints are made from it.
enum class Transform : std::uint8_t {
  // movement
  view,
  tile,
  repeat,
  split_halves,
  slice,
  keep,
  drop,
  gather,
  pad,
  crop,
  fit,
  resize,
  permute,
  reshape,
  concat,
  stack,
  split,
  interleave,
  reverse,
  // pointwise
  rescale,
  add,
  norm_convention,
  cast,
  clamp,
  mask,
  noise,
  multiply,
  divide,
  abs,
  sign,
  sqrt,
  exp,
  log,
  keep_largest,
  largest_mask,
  // reduction
  sum,
  mean,
  norm,
  max,
  min,
  max_abs,
  dot,
  cosine,
  // initial
  zeros,
  ones,
  constant,
  normal,
  uniform,
  identity,
  table,
  // linear algebra
  matmul,
  outer,
  transpose,
  orthogonalize,
  low_rank,
  weighted_low_rank,
  reconstruct,
  lora_merge,
  dora_merge,
  // merging
  linear,
  slerp,
  nuslerp,
  multislerp,
  karcher,
  model_stock,
  task_arithmetic,
  ties,
  dare_linear,
  dare_ties,
  breadcrumbs,
  breadcrumbs_ties,
  della,
  della_linear,
  sce,
  ram,
  ramplus_tl,
  nearswap,
  arcee_fusion,
  to_vocabulary,
  // mixtures of experts
  router,
};

enum class Family : std::uint8_t {
  movement,
  pointwise,
  reduction,
  initial,
  linear_algebra,
  merging,
  mixture
};

/// What a parameter may be. Every number may be an expression.
enum class ParamKind : std::uint8_t {
  integer,
  number,
  boolean,
  text,
  choice,            // one of Parameter::choices
  number_or_choice,  // a number, or one of Parameter::choices
  dtype,
  axis,               // the name or number of an axis
  pattern,            // axis names, grouped: "(head d) in"
  numbers,            // a list of numbers
  number_or_numbers,  // one for all, or a list
  shape,              // a list of sizes
  lists,              // a list of lists of integers
  table,              // numbers in a list, or in lists of lists
};

struct Parameter {
  std::string_view name;
  ParamKind kind = ParamKind::number;
  bool required = false;
  std::string_view default_text;  // as it would be written; "" when there is none
  std::vector<std::string_view> choices;
  std::string_view summary;
};

/// What `axis: …` entries of a transform mean, for those that take any number of them.
enum class AxisEntries : std::uint8_t {
  none,
  sizes,    // axis: size
  counts,   // axis: how many times
  indices,  // axis: an index, a list of them, or a range
  parts,    // axis: a list of sizes
};

struct TransformSpec {
  Transform transform;
  std::string_view name;
  Family family;
  std::vector<std::string_view>
      inputs;  // names of the operands; the last one repeats when variadic
  bool variadic = false;
  AxisEntries axes = AxisEntries::none;
  std::vector<Parameter> parameters;
  std::string_view main;  // the parameter that `name: value` sets, or ""
  std::string_view summary;
  std::string_view type_rule;  // what it does to dtype, shape and axis names
  std::string_view example;    // an `apply`, `combine` or `init` entry, in YAML flow style
  std::vector<std::string_view> results = {};  // names of several results, as `to` may give them
  std::size_t least = 2;                       // operands of a variadic one

  std::size_t min_inputs() const { return variadic ? least : inputs.size(); }
  const Parameter* find(std::string_view parameter) const;
};

/// In the order of the enumeration.
const std::vector<TransformSpec>& transforms();
const TransformSpec& spec(Transform transform);
const TransformSpec* find_transform(std::string_view name);
std::vector<std::string> transform_names();
std::string_view family_name(Family family);

}  // namespace inarch
