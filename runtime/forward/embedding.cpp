#include "runtime/forward/embedding.h"

#include <cmath>

#include "runtime/forward/matrix_rows.h"
#include "runtime/forward/rounded.h"

namespace inarch {

Status embed(const PassContext& context, const MatrixPlace& embedding,
             const std::vector<TokenSequence>& sequences, float* states) {
  const auto matrix = MatrixRows::open(context.files, embedding);
  if (!matrix) return matrix.error();
  std::vector<std::int64_t> ids;
  for (const TokenSequence& sequence : sequences)
    ids.insert(ids.end(), sequence.begin(), sequence.end());
  const std::int64_t hidden = context.config.hidden;
  // transformers keeps the factor in the weights' dtype: 55.5 for √3072 in bf16.
  const float factor =
      context.config.scaled_embedding
          ? rounded_as(context.rounding, static_cast<float>(std::sqrt(static_cast<double>(hidden))))
          : 1.0F;
  return context.workers.run(ids.size(), [&](std::size_t task, WorkerBuffers& buffers) -> Status {
    float* state = states + static_cast<std::int64_t>(task) * hidden;
    if (Status status = matrix->read(context.files, ids[task], 1, buffers.stored, state); !status)
      return status;
    for (std::int64_t j = 0; j < hidden; ++j) state[j] *= factor;
    round_as(context.rounding, state, hidden);
    return {};
  });
}

}  // namespace inarch
