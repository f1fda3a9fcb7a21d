#include "compiler/passes/pipeline.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "compiler/passes/rewrite.h"

namespace inarch {

const std::vector<Pass>& passes() {
  static const std::vector<Pass> list = {
      {"spell_out_encoded", spell_out_encoded, true,
       "a tensor that stays encoded is each of the tensors it is stored as"},
      {"deduplicate", deduplicate, false, "equal operations on equal operands become one"},
      {"hold_shared", hold_shared, false, "what several factorisations subtract is computed once"},
      {"sink_movement", sink_movement, false,
       "values are computed after they are moved, so that moves meet their sources"},
      {"fuse_movement", fuse_movement, false,
       "chains of views, tiles and slices become one strided gather"},
      {"fuse_pointwise", fuse_pointwise, false,
       "chains of scales and sums become one weighted sum"},
      {"recognise_copies", recognise_copies, true,
       "tensors that do not change are copied, not computed"},
      {"order_steps", order_steps, true, "sources are read front to back"},
      {"lay_out_output", lay_out_output, true, "every tensor gets its shard and offset"},
      {"merge_copies", merge_copies, false,
       "copies that are neighbours in source and output become one"},
      {"read_in_order", read_in_order, false,
       "steps go through the sources front to back, whatever the layout of the output"},
      {"share_factors", share_factors, false,
       "the factors of one matrix are found once for all that take them"},
  };
  return list;
}

namespace {

#ifdef NDEBUG
constexpr bool verifies_each = false;  // once, after the last
#else
constexpr bool verifies_each = true;
#endif

bool is_sound(const Module& module, std::string_view pass, Diagnostics& diagnostics) {
  const std::string fault = find_fault(module.graph);
  if (fault.empty()) return true;
  diagnostics.add(error("E901", fmt::format("internal fault after '{}': {}", pass, fault)));
  return false;
}

}  // namespace

std::vector<PassTiming> run_passes(Module& module, const PassOptions& options,
                                   Diagnostics& diagnostics) {
  std::vector<PassTiming> timings;
  for (const Pass& pass : passes()) {
    const auto& off = options.disabled;
    if (!pass.required && std::find(off.begin(), off.end(), pass.name) != off.end()) continue;
    const auto start = std::chrono::steady_clock::now();
    pass.run(module);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    timings.push_back({std::string(pass.name), took.count()});
    if (verifies_each && !is_sound(module, pass.name, diagnostics)) return timings;
    if (options.after) options.after(pass.name, module);
  }
  if (!verifies_each) is_sound(module, passes().back().name, diagnostics);
  return timings;
}

void renumber_uses(Graph& graph, const std::vector<NodeId>& renumbered) {
  for (Output& output : graph.outputs) output.node = renumbered[output.node];
  for (NumericCheck& check : graph.checks) {
    check.left = renumbered[check.left];
    if (check.has_right) check.right = renumbered[check.right];
  }
}

std::vector<std::uint32_t> count_uses(const Graph& graph) {
  std::vector<std::uint32_t> uses(graph.nodes.size(), 0);
  for (const Node& node : graph.nodes) {
    for (const NodeId input : node.inputs) ++uses[input];
  }
  for (const Output& output : graph.outputs) ++uses[output.node];
  for (const NumericCheck& check : graph.checks) {
    ++uses[check.left];
    if (check.has_right) ++uses[check.right];
  }
  return uses;
}

std::string print(const Module& module) {
  std::string out = print(module.graph);
  for (const StepDraft& step : module.steps) {
    const std::string& name = module.graph.outputs[step.first_output].name;
    out += fmt::format("step {}", name);
    if (step.output_count > 1) out += fmt::format(" and {} more", step.output_count - 1);
    if (step.copy) {
      out += fmt::format(": copy {} bytes from source {} file {} at {}", step.copy->bytes,
                         step.copy->source, step.copy->file, step.copy->offset);
    } else {
      out += step.moves_only ? ": move" : ": compute";
    }
    if (step.first_output < module.placements.size()) {
      const Placement& at = module.placements[step.first_output];
      out += fmt::format(" to shard {} at {}", at.shard, at.offset);
    }
    out += '\n';
  }
  return out;
}

}  // namespace inarch
