#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "compiler/compile/compile.h"
#include "compiler/plan/plan_check.h"
#include "compiler/plan/plan_json.h"
#include "tests/unit/ir/random_recipe.h"

namespace inarch {

/// A whole compilation with what came of it.
struct Compiled {
  SourceMap sources;
  Diagnostics diagnostics;
  CompileReport report;
  std::optional<Plan> plan;

  std::string codes() const {
    std::string all;
    for (const Diagnostic& d : diagnostics.list()) all += (all.empty() ? "" : " ") + d.code;
    return all;
  }
  std::string said() const {
    std::string all;
    for (const Diagnostic& d : diagnostics.list()) all += d.code + ": " + d.message + "\n";
    return all;
  }
};

inline void compile_into(Compiled& compiled, const World& world, const std::string& text,
                         CompileOptions options = {}) {
  if (!options.bind.open_source) {
    auto set = std::move(options.bind.set);
    options.bind = world.options();
    options.bind.set = std::move(set);
  }
  const FileId file = compiled.sources.add("recipe.yaml", text);
  compiled.plan = compile(compiled.sources, file, options, compiled.diagnostics, compiled.report);
}

/// The values of every output of a plan, straight from its steps and the made-up sources.
class PlanValues {
 public:
  PlanValues(const Plan& plan, const World& world) : plan_(plan), world_(world) {}

  Values of(std::uint32_t output) const {
    for (const Step& step : plan_.steps) {
      if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
        if (output < step.first_output || output >= step.first_output + copy->output_count)
          continue;
        const OutputTensor& tensor = plan_.outputs[output];
        return stored(copy->source_offset + tensor.offset - plan_.outputs[step.first_output].offset,
                      numel(tensor.shape));
      }
      if (output != step.first_output) continue;
      const auto* move = std::get_if<MoveStep>(&step.work);
      return run(move ? move->program : std::get<ComputeStep>(step.work).program);
    }
    return {};
  }

 private:
  /// Elements that lie at a byte of the only file of the source `m`.
  Values stored(std::int64_t offset, std::int64_t count) const {
    Values values;
    for (const TensorInfo& tensor : world_.model("m").tensors) {
      if (count == 0 || offset < tensor.offset || offset >= tensor.offset + tensor.bytes) continue;
      const std::int64_t first = (offset - tensor.offset) / bytes(tensor.dtype);
      for (std::int64_t k = 0; k < count; ++k) values.push_back(made_up(tensor.name, first + k));
    }
    return values;
  }

  Values run(const Program& program) const {
    std::vector<Values> done;
    for (const Op& op : program) {
      std::vector<const Values*> in;
      for (const std::uint32_t input : op.inputs) in.push_back(&done[input]);
      done.push_back(std::visit(
          [&](const auto& data) -> Values {
            if constexpr (std::is_same_v<std::decay_t<decltype(data)>, ReadOp>) {
              return stored(data.offset, op.count);
            } else if constexpr (std::is_invocable_v<OpValues, decltype(data)>) {
              return OpValues{in, op.count}(data);
            } else {
              throw std::logic_error("an op that this oracle does not know");
            }
          },
          op.data));
    }
    return done.back();
  }

  const Plan& plan_;
  const World& world_;
};

}  // namespace inarch
