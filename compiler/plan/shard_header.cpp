#include "compiler/plan/shard_header.h"

#include <map>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/plan/output_names.h"

namespace inarch {

std::string make_shard_header(const std::vector<const OutputTensor*>& tensors) {
  std::string json = R"({"__metadata__":{"format":"pt"})";
  std::int64_t offset = 0;
  for (const OutputTensor* tensor : tensors) {
    json += fmt::format(R"(,{}:{{"dtype":"{}","shape":[)", json_quote(tensor->name),
                        header_name(tensor->dtype));
    for (std::size_t d = 0; d < tensor->shape.size(); ++d)
      json += fmt::format("{}{}", d > 0 ? "," : "", tensor->shape[d]);
    json += fmt::format(R"(],"data_offsets":[{},{}]}})", offset, offset + tensor->bytes);
    offset += tensor->bytes;
  }
  json += '}';
  json.append((8 - json.size() % 8) % 8, ' ');
  std::string header;
  for (unsigned k = 0; k < 8; ++k) header += static_cast<char>(json.size() >> (8 * k) & 0xFFu);
  return header + json;
}

std::string make_weight_index(const Plan& plan, std::string_view directory,
                              std::int64_t parameters) {
  std::map<std::string_view, std::string_view> shard_of;
  std::int64_t total = 0;
  for (const OutputTensor& output : plan.outputs) {
    const std::string_view shard = plan.shards[output.shard].name;
    if (directory_of(shard) != directory) continue;
    shard_of.emplace(output.name, shard.substr(directory.empty() ? 0 : directory.size() + 1));
    total += output.bytes;
  }
  std::string json = fmt::format(
      "{{\n  \"metadata\": {{\n    \"total_parameters\": {},\n    \"total_size\": {}\n  }},\n  "
      "\"weight_map\": {{",
      parameters, total);
  bool first = true;
  for (const auto& [tensor, shard] : shard_of) {
    json += fmt::format("{}\n    {}: {}", first ? "" : ",", json_quote(tensor), json_quote(shard));
    first = false;
  }
  return json + "\n  }\n}\n";
}

std::string shard_name(std::uint32_t shard, std::uint32_t count) {
  if (count == 1) return "model.safetensors";
  return fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, count);
}

}  // namespace inarch
