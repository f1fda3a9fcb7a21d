// Any bytes as a recipe, through the whole compiler. It ends, gives a plan or a reason, and a plan
// that it gives is sound and survives its file.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "compiler/compile/compile.h"
#include "compiler/plan/plan_check.h"
#include "compiler/plan/plan_json.h"
#include "compiler/support/render_human.h"
#include "compiler/support/render_json.h"
#include "compiler/support/text.h"
#include "tests/fuzz/made_up_model.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inarch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SourceMap sources;
  const FileId file = sources.add("recipe.yaml", std::string(text));
  CompileOptions options;
  options.bind = fuzzing::made_up_world("params: { half: 0.5 }");
  Diagnostics diagnostics;
  CompileReport report;
  const auto plan = compile(sources, file, options, diagnostics, report);
  require(plan.has_value() != diagnostics.has_errors());
  const std::string human = render_human(diagnostics, sources, {false, 80});
  require(is_utf8(human) && human.find('\x1b') == std::string::npos);
  require(is_utf8(render_json(diagnostics, sources)));
  if (!plan) return 0;
  require(check_plan(*plan, "fuzz").ok());
  const std::string written = write_plan(*plan);
  const auto again = read_plan(written, "fuzz");
  require(again.ok() && write_plan(*again) == written);
  return 0;
}
