#include "compiler/core/transform_table.h"

namespace inarch::transform_table {

using P = ParamKind;

std::vector<TransformSpec> mixture() {
  return {
      {Transform::router,
       "router",
       Family::mixture,
       {"x"},
       false,
       AxisEntries::none,
       {{"positive",
         P::lists,
         true,
         "",
         {},
         "for each expert the rows of x that speak for it: numbers of prompts, or of tokens"},
        {"negative", P::lists, false, "", {}, "for each expert the rows that speak against it"},
        {"each",
         P::choice,
         false,
         "mean",
         {"mean", "direction"},
         "what the rows of a side become: their mean, or their sum with length 1"}},
       "positive",
       "The gate of a mixture of experts. An expert's row is what its positive rows become, less "
       "what its negative rows become, with length 1: a token goes to the experts whose rows are "
       "nearest to its state. Over hidden states this is mergekit's `hidden`, over embeddings and "
       "with `each: direction` its `cheap_embed`.",
       "[rows, hidden] gives [experts, hidden]",
       "{ router: { positive: [[0, 1], [2]], negative: [[], [3]] } }"},
  };
}

}  // namespace inarch::transform_table
