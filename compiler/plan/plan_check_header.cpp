#include <algorithm>
#include <map>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "compiler/plan/plan_check_parts.h"
#include "compiler/plan/plan_sax.h"
#include "compiler/plan/shard_header.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::uint64_t length_prefix(std::string_view header) {
  std::uint64_t length = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    length |= static_cast<std::uint64_t>(static_cast<unsigned char>(header[i])) << (8 * i);
  }
  return length;
}

bool same_integers(const Json::List& list, const Shape& shape) {
  if (list.size() != shape.size()) return false;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto* value = std::get_if<std::int64_t>(&list[i].data);
    if (value == nullptr || *value != shape[i]) return false;
  }
  return true;
}

bool same_tensor(const Json& entry, const OutputTensor& output, std::int64_t data_start) {
  PlanFault ignored("");
  PlanFields fields(entry, "", ignored);
  const bool same =
      fields.text("dtype") == header_name(output.dtype) &&
      same_integers(fields.list("shape"), output.shape) &&
      same_integers(fields.list("data_offsets"),
                    {output.offset - data_start, output.offset - data_start + output.bytes});
  fields.done();
  return same && !ignored.any();
}

bool is_text_map(const Json& json) {
  const auto* object = std::get_if<Json::Object>(&json.data);
  if (object == nullptr) return false;
  for (const auto& entry : *object) {
    if (!std::holds_alternative<std::string>(entry.second.data)) return false;
  }
  return true;
}

/// True for the very header that a compiler writes, which then need not be read. Names that JSON
/// might not take, or might take for something else, are left to its reader.
bool is_as_written(std::string_view header, std::span<const OutputTensor> outputs) {
  const bool plain = std::all_of(outputs.begin(), outputs.end(), [](const OutputTensor& output) {
    return output.name != "__metadata__" &&
           std::all_of(output.name.begin(), output.name.end(),
                       [](char c) { return c >= 0x20 && c < 0x7F; });
  });
  return plain && header == make_shard_header(outputs);
}

}  // namespace

void check_header(const Plan& plan, std::size_t shard, std::size_t first, std::size_t end,
                  PlanFault& fault) {
  const std::string& header = plan.shards[shard].header;
  const std::string where = fmt::format("shards[{}].header", shard);
  const auto outputs = std::span(plan.outputs).subspan(first, end - first);
  if (is_as_written(header, outputs)) return;
  if (header.size() < 8 || length_prefix(header) != header.size() - 8) {
    return fault.set("E614", where, "its length prefix is wrong");
  }
  std::map<std::string_view, const OutputTensor*> expected;
  for (std::size_t i = first; i < end; ++i) {
    expected.emplace(plan.outputs[i].name, &plan.outputs[i]);
  }
  PlanFault in_header("");
  const auto data_start = static_cast<std::int64_t>(header.size());
  parse_plan_items(
      std::string_view(header).substr(8), in_header,
      [&](const std::string& key, std::int64_t, const Json& entry) {
        if (key == "__metadata__" && is_text_map(entry)) return true;
        const auto found = expected.find(key);
        const bool known = found != expected.end();
        if (!known || !same_tensor(entry, *found->second, data_start)) {
          fault.set("E614", where,
                    fmt::format("'{}' is not what 'outputs' says", escape_for_terminal(key)));
          return false;
        }
        expected.erase(found);
        return true;
      });
  if (fault.any()) return;
  if (in_header.any()) return fault.set("E614", where, "it is no header of safetensors");
  if (!expected.empty()) {
    fault.set("E614", where,
              fmt::format("'{}' is missing", escape_for_terminal(expected.begin()->first)));
  }
}

}  // namespace inarch
