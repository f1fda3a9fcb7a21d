#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/io/weight_index.h"

/// What is accepted must name only files that are safe to open below the model's directory.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inarch;
  Diagnostics diagnostics;
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  const auto index = parse_weight_index(json, "fuzz", diagnostics);
  if (index.has_value() == diagnostics.has_errors()) std::abort();
  if (!index) return 0;
  for (const std::string& shard : index->shards) {
    if (unsafe_shard_name(shard)) std::abort();
  }
  for (const WeightIndex::Entry& entry : index->entries) {
    if (entry.shard >= index->shards.size()) std::abort();
  }
  return 0;
}
