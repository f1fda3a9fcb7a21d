#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "compiler/plan/memory_model.h"
#include "compiler/plan/plan_check.h"
#include "compiler/plan/plan_json.h"

/// Any bytes as a plan file. What is accepted must be consistent, have sane memory figures and
/// survive being written and read again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inarch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = read_plan(text, "fuzz");
  if (!plan) return 0;
  if (!check_plan(*plan, "fuzz")) std::abort();
  if (least_memory(*plan) < process_base_bytes) std::abort();
  if (planned_peak(*plan, 3, std::int64_t{1} << 40) < least_memory(*plan)) std::abort();
  const std::string written = write_plan(*plan);
  const auto again = read_plan(written, "fuzz");
  if (!again || write_plan(*again) != written) std::abort();
  return 0;
}
