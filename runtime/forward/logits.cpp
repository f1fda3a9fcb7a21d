#include "runtime/forward/logits.h"

#include <algorithm>
#include <cmath>

#include "runtime/forward/linear.h"
#include "runtime/forward/rounded.h"
#include "runtime/kernels/linear_algebra.h"

namespace inarch {

namespace {

/// Neighbouring rows of the states that are of one sequence.
struct StateRun {
  std::size_t sequence;
  std::int64_t first_token;
  std::int64_t tokens;
  std::int64_t row;
};

/// Runs within portions of at most logit_tokens rows.
std::vector<std::vector<StateRun>> portions_of(const std::vector<TokenSequence>& sequences,
                                               LogitsOf of) {
  std::vector<std::vector<StateRun>> portions;
  std::int64_t row = 0;
  for (std::size_t s = 0; s < sequences.size(); ++s) {
    const auto tokens = static_cast<std::int64_t>(sequences[s].size());
    std::int64_t token = of == LogitsOf::last_token ? tokens - 1 : 0;
    while (token < tokens) {
      if (row % logit_tokens == 0) portions.emplace_back();
      const std::int64_t n = std::min(tokens - token, logit_tokens - row % logit_tokens);
      portions.back().push_back({s, token, n, row});
      token += n;
      row += n;
    }
  }
  return portions;
}

/// The rows of the last tokens, side by side.
std::vector<float> last_rows(const std::vector<TokenSequence>& sequences, std::int64_t hidden,
                             const float* states) {
  std::vector<float> rows;
  for (const TokenSequence& sequence : sequences) {
    states += static_cast<std::int64_t>(sequence.size()) * hidden;
    rows.insert(rows.end(), states - hidden, states);
  }
  return rows;
}

/// cap · tanh(logit / cap).
void cap_logits(const DecoderConfig& config, Rounding rounding, std::int64_t n, float* logits) {
  if (config.logit_cap == 0) return;
  const auto cap = static_cast<float>(config.logit_cap);
  for (std::int64_t i = 0; i < n; ++i) {
    const float turned = rounded_as(rounding, std::tanh(rounded_as(rounding, logits[i] / cap)));
    logits[i] = rounded_as(rounding, turned * cap);
  }
}

}  // namespace

Status show_logits(const PassContext& context, const MatrixPlace& head,
                   const std::vector<TokenSequence>& sequences, LogitsOf of, const float* states) {
  const auto matrix = MatrixRows::open(context.files, head);
  if (!matrix) return matrix.error();
  const std::int64_t hidden = context.config.hidden, ids = matrix->rows();
  const auto portions = portions_of(sequences, of);
  std::vector<float> chosen;
  if (of == LogitsOf::last_token) chosen = last_rows(sequences, hidden, states);
  const float* rows = chosen.empty() ? states : chosen.data();
  const std::int64_t step = rows_at_a_time(ids, hidden);
  const auto tasks = static_cast<std::size_t>((ids + step - 1) / step);
  return context.workers.run(tasks, [&](std::size_t task, WorkerBuffers& buffers) -> Status {
    const std::int64_t first = static_cast<std::int64_t>(task) * step;
    const std::int64_t n = std::min(step, ids - first);
    float* weights = grown(buffers.weights, n * hidden);
    if (Status status = matrix->read(context.files, first, n, buffers.stored, weights); !status)
      return status;
    for (const auto& portion : portions) {
      const std::int64_t m = portion.back().row + portion.back().tokens - portion.front().row;
      float* values = grown(buffers.first, m * n);
      multiply(m, n, hidden, {rows + portion.front().row * hidden, hidden}, {weights, hidden, true},
               ProductMode::set, values, n);
      round_as(context.rounding, values, m * n);
      cap_logits(context.config, context.rounding, m * n, values);
      for (const StateRun& run : portion) {
        context.observer.logits(run.sequence, run.first_token, run.tokens, first, n,
                                values + (run.row - portion.front().row) * n);
      }
    }
    return {};
  });
}

}  // namespace inarch
