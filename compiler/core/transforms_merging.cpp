// The merging methods of the field, under the names that mergekit has made common; docs/merging.md
// has the formulas.

#include <utility>

#include "compiler/core/transform_table.h"

namespace inarch::transform_table {

using P = ParamKind;

namespace {

constexpr std::string_view merged_type = "all shapes must agree; the dtype is the first operand's";

const Parameter each_param = {"each",
                              P::axis,
                              false,
                              "",
                              {},
                              "merge every entry of this axis by itself; `vectors`: every "
                              "run along the last axis"};
const Parameter weights_param = {
    "weights", P::number_or_numbers, true, "", {}, "one weight per model, the base left out"};
const Parameter density_param = {"density",
                                 P::number_or_numbers,
                                 false,
                                 "1",
                                 {},
                                 "the share of entries that stays; one for "
                                 "all models, or one each"};
const Parameter lambda_param = {"lambda", P::number, false,
                                "1",      {},        "a factor on what is added to the base"};

const Parameter rounded_param = {"rounded_as",
                                 P::dtype,
                                 false,
                                 "",
                                 {},
                                 "round to this dtype after every operation, in "
                                 "mergekit's order: its bytes, and less exact"};

Parameter flag(std::string_view name, bool usual, std::string_view summary) {
  return {name, P::boolean, false, usual ? "true" : "false", {}, summary};
}

TransformSpec method(Transform transform, std::string_view name,
                     std::vector<std::string_view> inputs, bool variadic,
                     std::vector<Parameter> parameters, std::string_view main,
                     std::string_view summary, std::string_view example) {
  parameters.push_back(each_param);
  return {transform,
          name,
          Family::merging,
          std::move(inputs),
          variadic,
          AxisEntries::none,
          std::move(parameters),
          main,
          summary,
          merged_type,
          example};
}

/// How differences from the base are thinned out before they are added up.
enum class Thinned { not_at_all, by_size, by_coins, without_outliers, by_ranked_coins };

TransformSpec task_vectors(Transform transform, std::string_view name, Thinned thinned,
                           bool normalize, bool rescale, std::string_view summary,
                           std::string_view example) {
  std::vector<Parameter> parameters = {weights_param};
  if (thinned != Thinned::not_at_all) parameters.push_back(density_param);
  if (thinned == Thinned::without_outliers) {
    parameters.push_back({"gamma",
                          P::number_or_numbers,
                          false,
                          "0.01",
                          {},
                          "the share of the largest differences that goes"});
  }
  if (thinned == Thinned::by_ranked_coins) {
    parameters.push_back({"epsilon",
                          P::number_or_numbers,
                          false,
                          "0.15",
                          {},
                          "by how much the density of the least and of the largest differs"});
  }
  parameters.push_back(lambda_param);
  parameters.push_back(flag("normalize", normalize, "divide by the sum of the weights that count"));
  if (thinned == Thinned::not_at_all) parameters.push_back(rounded_param);
  if (thinned != Thinned::not_at_all) {
    parameters.push_back(
        flag("rescale", rescale, "scale what stays to the sum of magnitudes that there was"));
  }
  if (thinned == Thinned::by_coins || thinned == Thinned::by_ranked_coins)
    parameters.push_back(seed_param);
  return method(transform, name, {"base", "x"}, true, std::move(parameters), "weights", summary,
                example);
}

std::vector<TransformSpec> blends() {
  return {
      {Transform::linear,
       "linear",
       Family::merging,
       {"x"},
       true,
       AxisEntries::none,
       {{"weights", P::numbers, true, "", {}, "one factor per operand"},
        {"normalize", P::boolean, false, "false", {}, "divide by the sum of the weights"},
        rounded_param},
       "weights",
       "Weighted sum: Σ wᵢ·xᵢ, computed in f32 and rounded once.",
       "all shapes must agree; the dtype is the first operand's",
       "{ linear: [0.5, 0.5] }"},
      method(Transform::slerp, "slerp", {"a", "b"}, false,
             {{"t", P::number, true, "", {}, "0 gives a, 1 gives b"}}, "t",
             "Spherical interpolation from a to b: sin((1−t)θ)/sin θ · a + sin(tθ)/sin θ · b for "
             "the angle θ between them; linear where |cos θ| > 0.9995.",
             "{ slerp: 0.5 }"),
      method(Transform::nuslerp, "nuslerp", {"x"}, true,
             {{"weights", P::numbers, true, "", {}, "of both tensors; t = w₂ / (w₁ + w₂)"},
              flag("deltas", false,
                   "the first of three operands is a base, and differences from it are "
                   "interpolated")},
             "weights", "Spherical interpolation by weights, linear only where sin θ < 1e-8.",
             "{ nuslerp: [0.4, 0.6] }"),
      method(Transform::multislerp, "multislerp", {"x"}, true,
             {{"weights", P::numbers, true, "", {}, "one weight per model"},
              flag("normalize", true, "divide the weights by their sum"),
              {"eps", P::number, false, "1e-8", {}, "added to norms"},
              flag("deltas", false,
                   "the first operand is a base, and differences from it are merged")},
             "weights",
             "Weighted mean of directions on the sphere, in the tangent space at their weighted "
             "mean, times the weighted mean of the norms.",
             "{ multislerp: [0.5, 0.5] }"),
      method(Transform::karcher, "karcher", {"x"}, true,
             {{"max_iter", P::integer, false, "10", {}, "iterations at most"},
              {"tol", P::number, false, "1e-5", {}, "the step at which they end"}},
             "",
             "Karcher mean: the point of the sphere whose squared distances to the directions of "
             "all operands are least, times the mean of the norms.",
             "karcher"),
      method(Transform::model_stock, "model_stock", {"base", "x"}, true,
             {flag("filter_wise", false, "each run along the last axis by itself")}, "",
             "Between the base and the mean of at least two others, the nearer to the mean the "
             "more these agree: t = N c / (1 + (N − 1) c) for the mean cosine c of their "
             "differences from the base.",
             "model_stock"),
  };
}

std::vector<TransformSpec> task_methods() {
  return {
      task_vectors(Transform::task_arithmetic, "task_arithmetic", Thinned::not_at_all, false, false,
                   "base + λ Σ w δ for the differences δ = x − base.",
                   "{ task_arithmetic: [0.7, 0.3] }"),
      task_vectors(Transform::ties, "ties", Thinned::by_size, true, false,
                   "Of each difference the largest magnitudes stay; then each entry's sign is "
                   "voted on, and those that agree are added up.",
                   "{ ties: { weights: [0.5, 0.5], density: 0.4 } }"),
      task_vectors(Transform::dare_linear, "dare_linear", Thinned::by_coins, false, true,
                   "Entries of each difference stay at random, and what stays is scaled up.",
                   "{ dare_linear: { weights: [0.5, 0.5], density: 0.5 } }"),
      task_vectors(Transform::dare_ties, "dare_ties", Thinned::by_coins, false, true,
                   "As `dare_linear`, and signs are voted on as in `ties`.",
                   "{ dare_ties: { weights: [0.5, 0.5], density: 0.5, seed: 1 } }"),
      task_vectors(Transform::breadcrumbs, "breadcrumbs", Thinned::without_outliers, false, false,
                   "Of each difference the largest magnitudes go, and the least as far as density "
                   "asks.",
                   "{ breadcrumbs: { weights: [0.5, 0.5], density: 0.9, gamma: 0.01 } }"),
      task_vectors(Transform::breadcrumbs_ties, "breadcrumbs_ties", Thinned::without_outliers,
                   false, false, "As `breadcrumbs`, and signs are voted on as in `ties`.",
                   "{ breadcrumbs_ties: { weights: [0.5, 0.5], density: 0.9 } }"),
      task_vectors(Transform::della, "della", Thinned::by_ranked_coins, true, true,
                   "Entries of each difference stay at random, the likelier the larger they are in "
                   "their row; signs are voted on as in `ties`.",
                   "{ della: { weights: [0.5, 0.5], density: 0.5, epsilon: 0.1 } }"),
      task_vectors(Transform::della_linear, "della_linear", Thinned::by_ranked_coins, false, true,
                   "As `della`, without a vote.",
                   "{ della_linear: { weights: [0.5, 0.5], density: 0.5, epsilon: 0.1 } }"),
  };
}

std::vector<TransformSpec> other_methods() {
  return {
      method(Transform::sce, "sce", {"base", "x"}, true,
             {{"select_topk",
               P::number,
               false,
               "1",
               {},
               "the share of the entries in which the models differ that is merged"}},
             "select_topk",
             "Select, calculate, erase: entries that vary most over the models, weighted by each "
             "model's mean square, without those against the majority sign.",
             "{ sce: 0.8 }"),
      method(Transform::ram, "ram", {"base", "x"}, true,
             {{"epsilon", P::number, false, "1e-5", {}, "differences up to it do not count"}}, "",
             "What one model alone changed is taken whole, what several changed as a mean.", "ram"),
      method(
          Transform::ramplus_tl, "ramplus_tl", {"base", "x"}, true,
          {{"r", P::number, false, "0.1", {}, "how much more what one alone changed counts"},
           {"alpha", P::number, false, "0.2", {}, "the most that the ratio shared / unique counts"},
           {"epsilon", P::number, false, "1e-5", {}, "differences up to it do not count"}},
          "",
          "As `ram`, with what one model alone changed times 1 + r · clamp(shared / unique, 0, "
          "alpha).",
          "ramplus_tl"),
      method(Transform::nearswap, "nearswap", {"base", "x"}, false,
             {{"t", P::number, true, "", {}, "differences up to it are taken whole"}}, "t",
             "Moves the base towards x by at most t: entries that differ by less become x's.",
             "{ nearswap: 0.0001 }"),
      method(Transform::arcee_fusion, "arcee_fusion", {"base", "x"}, false, {}, "",
             "Takes from x the entries whose importance |x − base| · KL(softmax of their rows) is "
             "at least the median plus 1.5 interquartile ranges.",
             "arcee_fusion"),
  };
}

std::vector<TransformSpec> of_vocabularies() {
  return {
      {Transform::to_vocabulary,
       "to_vocabulary",
       Family::merging,
       {"x"},
       true,
       AxisEntries::none,
       {{"source", P::text, true, "", {}, "the source whose embedding or head it is"}},
       "source",
       "Rows of a source's embedding or head in the order of the recipe's `vocabulary`. The "
       "operands "
       "are the same tensor of each of the vocabulary's sources, in their order: what the source "
       "lacks comes from the first, else from the only one that has the token, else it is the "
       "average of theirs. Padding is the mean row.",
       "rows as the vocabulary has; all other sizes must agree; the dtype is the first operand's",
       "{ to_vocabulary: base }",
       {},
       1},
  };
}

}  // namespace

std::vector<TransformSpec> merging() {
  std::vector<TransformSpec> all = blends();
  for (auto&& part : {task_methods(), other_methods(), of_vocabularies()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace inarch::transform_table
