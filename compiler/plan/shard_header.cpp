#include "compiler/plan/shard_header.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/plan/output_names.h"

namespace inarch {

namespace {

constexpr std::size_t prefix_bytes = 8;

void append_number(std::string& text, std::string_view before, std::int64_t number) {
  const fmt::format_int digits(number);
  text.append(before).append(digits.data(), digits.size());
}

}  // namespace

std::string make_shard_header(std::span<const OutputTensor> tensors) {
  std::string header(prefix_bytes, '\0');
  header += R"({"__metadata__":{"format":"pt"})";
  std::int64_t offset = 0;
  for (const OutputTensor& tensor : tensors) {
    header += ',';
    append_json_quote(header, tensor.name);
    header.append(R"(:{"dtype":")");
    header.append(header_name(tensor.dtype)).append(R"(","shape":[)");
    for (std::size_t d = 0; d < tensor.shape.size(); ++d)
      append_number(header, d > 0 ? "," : "", tensor.shape[d]);
    append_number(header, R"(],"data_offsets":[)", offset);
    offset += tensor.bytes;
    append_number(header, ",", offset);
    header += "]}";
  }
  header += '}';
  header.append((8 - header.size() % 8) % 8, ' ');
  const std::size_t length = header.size() - prefix_bytes;
  for (unsigned k = 0; k < prefix_bytes; ++k)
    header[k] = static_cast<char>(length >> (8 * k) & 0xFFu);
  return header;
}

std::string make_weight_index(const Plan& plan, std::string_view directory,
                              std::int64_t parameters) {
  std::vector<const OutputTensor*> by_name;
  std::int64_t total = 0;
  for (const OutputTensor& output : plan.outputs) {
    if (directory_of(plan.shards[output.shard].name) != directory) continue;
    by_name.push_back(&output);
    total += output.bytes;
  }
  std::sort(by_name.begin(), by_name.end(),
            [](const OutputTensor* a, const OutputTensor* b) { return a->name < b->name; });
  std::vector<std::string> shards;
  for (const OutputShard& shard : plan.shards) {
    const std::string_view name = shard.name;
    const bool is_here = directory_of(name) == directory;
    const std::size_t start = directory.empty() ? 0 : directory.size() + 1;
    shards.push_back(is_here ? json_quote(name.substr(start)) : "");
  }
  std::string json = fmt::format(
      "{{\n  \"metadata\": {{\n    \"total_parameters\": {},\n    \"total_size\": {}\n  }},\n  "
      "\"weight_map\": {{",
      parameters, total);
  for (const OutputTensor* tensor : by_name) {
    json.append(tensor == by_name.front() ? "\n    " : ",\n    ");
    append_json_quote(json, tensor->name);
    json.append(": ").append(shards[tensor->shard]);
  }
  return json + "\n  }\n}\n";
}

std::string shard_name(std::uint32_t shard, std::uint32_t count) {
  if (count == 1) return "model.safetensors";
  return fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, count);
}

}  // namespace inarch
