#include "runtime/executor/memory_use.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "compiler/plan/memory_model.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/executor/run.h"
#include "runtime/io/file.h"

namespace inarch {

Diagnostic over_budget(const Plan& plan, std::int64_t budget, std::int64_t least) {
  std::int64_t most = 0;
  std::string what = "the plan itself";
  std::string origin;
  const auto consider = [&](std::int64_t bytes, const std::string& name, const std::string& from) {
    if (bytes <= most) return;
    most = bytes;
    what = fmt::format("'{}'", escape_for_terminal(name));
    origin = from;
  };
  for (const Step& step : plan.steps) {
    const OutputTensor& output = plan.outputs[step.first_output];
    consider(step.scratch_bytes + step.resident_bytes, output.name, output.origin);
  }
  for (const PlanCheck& check : plan.checks) {
    consider(check.scratch_bytes + check.resident_bytes, check.description, check.origin);
  }
  // A hint that is rounded down would be refused again.
  constexpr std::int64_t mebibyte = 1024 * 1024;
  return error("E601", fmt::format("the memory budget is {}, but {} needs {}",
                                   format_memory(budget), what, format_memory(least)))
      .in(origin)
      .note(fmt::format("{} for the process, {} for names and tables, {} for this step",
                        format_memory(process_base_bytes), format_memory(metadata_bytes(plan)),
                        format_memory(most)))
      .hint(fmt::format("--memory {}MiB", (least + mebibyte - 1) / mebibyte));
}

bool has_products(const Plan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(), [](const Step& step) {
    const auto* compute = std::get_if<ComputeStep>(&step.work);
    return compute != nullptr &&
           std::any_of(compute->program.begin(), compute->program.end(),
                       [](const Op& op) { return std::holds_alternative<MatmulOp>(op.data); });
  });
}

std::int64_t peak_resident_bytes() {
  constexpr std::string_view label = "VmHWM:";
  const auto text = read_small_file("/proc/self/status", 64 * 1024);
  if (!text) return 0;
  const std::size_t at = text->find(label);
  if (at == std::string::npos) return 0;
  const std::size_t digits = text->find_first_of("0123456789", at);
  if (digits == std::string::npos) return 0;
  std::int64_t kibibytes = 0;
  std::from_chars(text->data() + digits, text->data() + text->size(), kibibytes);
  return kibibytes * 1024;
}

}  // namespace inarch
