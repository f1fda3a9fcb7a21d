#include "runtime/forward/gated_mlp.h"

#include <algorithm>
#include <utility>

#include "runtime/forward/activation.h"

namespace inarch {

Result<GatedMlp> GatedMlp::open(WeightFiles& files, const GatedPlace& place) {
  auto gate = LinearMap::open(files, place.gate);
  if (!gate) return gate.error();
  auto up = LinearMap::open(files, place.up);
  if (!up) return up.error();
  auto down = LinearMap::open(files, place.down);
  if (!down) return down.error();
  return GatedMlp{std::move(*gate), std::move(*up), std::move(*down)};
}

Status apply_gates(WeightFiles& files, Workers& workers, const GatedMlp& mlp, Activation activation,
                   Rounding rounding, std::int64_t m, const float* x, float* h) {
  const std::int64_t inner = mlp.gate.weight.rows();
  const std::int64_t hidden = mlp.gate.weight.columns();
  const std::int64_t step = rows_at_a_time(inner, hidden);
  const auto tasks = static_cast<std::size_t>((inner + step - 1) / step);
  return workers.run(tasks, [&](std::size_t task, WorkerBuffers& buffers) -> Status {
    const std::int64_t first = static_cast<std::int64_t>(task) * step;
    const std::int64_t count = std::min(step, inner - first);
    float* up = grown(buffers.first, m * count);
    if (Status status =
            apply_block(files, mlp.up, first, count, m, x, hidden, rounding, buffers, up, count);
        !status)
      return status;
    float* gate = h + first;
    if (Status status = apply_block(files, mlp.gate, first, count, m, x, hidden, rounding, buffers,
                                    gate, inner);
        !status)
      return status;
    for (std::int64_t i = 0; i < m; ++i)
      activate(activation, rounding, count, up + i * count, gate + i * inner);
    return {};
  });
}

}  // namespace inarch
