#include "compiler/recipe/yaml_tree.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "compiler/recipe/yaml_records.h"
#include "compiler/recipe/yaml_scan.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

using Records = std::vector<YamlRecord>;

const YamlRecord& resolve(const Records& records, std::size_t index) {
  while (records[index].kind == YamlRecord::Kind::alias) index = records[index].target;
  return records[index];
}

Diagnostic refuse_key(YamlRecord::Kind kind) {
  if (kind == YamlRecord::Kind::null) {
    return error("E109", "a key must be text, but this one is null")
        .hint("put it into quotes: \"null\"");
  }
  return error("E109", fmt::format("a key must be text, but this one is {}",
                                   kind == YamlRecord::Kind::sequence ? "a list" : "a mapping"))
      .hint("put text that starts with '[' or '{' into quotes");
}

bool is_merge_key(const YamlRecord& key) { return key.text == "<<" && !key.quoted; }

/// The faults of one mapping's keys. Two keys are the same when they decode to the same text.
void check_keys(const Records& records, std::size_t mapping, bool merge_keys,
                Diagnostics& diagnostics) {
  std::unordered_map<std::string, Span> seen;
  std::size_t at = mapping + 1;
  while (at < records[mapping].next) {
    const YamlRecord& key = resolve(records, at);
    const Span place = records[at].span;
    at = records[records[at].next].next;
    if (key.kind != YamlRecord::Kind::scalar) {
      diagnostics.add(refuse_key(key.kind).at(place, "not text"));
      continue;
    }
    if (merge_keys && is_merge_key(key)) continue;
    if (is_merge_key(key)) {
      diagnostics.add(error("E114", "the merge key '<<' is not part of YAML 1.2")
                          .at(place, "merge key")
                          .hint("write the entries out, or repeat a whole node with an alias"));
      continue;
    }
    const auto [first, is_new] = seen.emplace(key.text, place);
    if (is_new) continue;
    diagnostics.add(error("E108", fmt::format("the key '{}' occurs twice in one mapping",
                                              escape_for_terminal(key.text)))
                        .at(place, "again here")
                        .also(first->second, "first here")
                        .hint("remove or rename one of them"));
  }
}

YamlNode build(const Records& records, std::size_t index);

void build_children(const Records& records, std::size_t parent, YamlNode& node) {
  const std::size_t end = records[parent].next;
  for (std::size_t at = parent + 1; at < end;) {
    YamlNode child = build(records, at);
    at = records[at].next;
    if (node.kind == YamlNode::Kind::sequence) {
      node.items.push_back(std::move(child));
      continue;
    }
    YamlNode value = build(records, at);
    at = records[at].next;
    node.entries.push_back({std::move(child), std::move(value)});
  }
}

/// As deep as the document, which yaml_max_depth bounds.
YamlNode build(const Records& records, std::size_t index) {
  const YamlRecord& record = records[index];
  YamlNode node;
  node.span = record.span;
  switch (record.kind) {
    case YamlRecord::Kind::alias:
      return build(records, record.target);
    case YamlRecord::Kind::null:
      return node;
    case YamlRecord::Kind::scalar:
      node.kind = YamlNode::Kind::scalar;
      node.text = record.text;
      node.quoted = record.quoted;
      return node;
    case YamlRecord::Kind::sequence:
      node.kind = YamlNode::Kind::sequence;
      break;
    case YamlRecord::Kind::mapping:
      node.kind = YamlNode::Kind::mapping;
      break;
  }
  build_children(records, index, node);
  return node;
}

bool is_empty(const Records& records) {
  return records.empty() || (records[0].kind == YamlRecord::Kind::null &&
                             records[0].span.begin == records[0].span.end);
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const auto& [name, value] : entries) {
    if (name.text == key) return &value;
  }
  return nullptr;
}

std::string_view YamlNode::kind_name() const {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return quoted ? "text" : scalar_value(*this).kind();
    case Kind::sequence:
      return "a list";
    case Kind::mapping:
      return "a mapping";
  }
  return {};
}

namespace {

/// The documents' records, checked; those of an empty text are a fault.
std::optional<Records> read_checked(const SourceMap& sources, FileId file, bool yaml_1_1,
                                    Diagnostics& diagnostics) {
  const std::string_view text = sources.text(file);
  if (text.size() > yaml_max_bytes) {
    diagnostics.add(error("E105", fmt::format("the file has {} bytes, and a recipe at most {}",
                                              format_count(static_cast<std::int64_t>(text.size())),
                                              format_count(yaml_max_bytes)))
                        .in(sources.path(file))
                        .hint("is this the right file?"));
    return std::nullopt;
  }
  if (!check_yaml_characters(text, file, diagnostics)) return std::nullopt;
  auto records = read_yaml_records(text, file, diagnostics, yaml_1_1);
  if (!records) return std::nullopt;
  if (is_empty(*records)) {
    diagnostics.add(error("E106", "the document is empty")
                        .at({file, 0, 0}, "nothing but blanks and comments")
                        .hint("a recipe begins with inarch: 1"));
    return std::nullopt;
  }
  const std::size_t errors_before = diagnostics.errors();
  for (std::size_t i = 0; i < records->size(); ++i) {
    if ((*records)[i].kind == YamlRecord::Kind::mapping)
      check_keys(*records, i, yaml_1_1, diagnostics);
  }
  if (diagnostics.errors() != errors_before) return std::nullopt;
  return records;
}

/// Puts the entries that `<<` names after those that stand beside it; of two mappings in a list the
/// first has its say. What is no mapping stays, as an entry that no reader knows.
void merge_keys(YamlNode& node) {
  for (YamlNode& item : node.items) merge_keys(item);
  for (YamlEntry& entry : node.entries) merge_keys(entry.value);
  const auto found = std::find_if(node.entries.begin(), node.entries.end(), [](const YamlEntry& e) {
    return e.key.text == "<<" && !e.key.quoted;
  });
  if (found == node.entries.end()) return;
  const YamlNode merged = found->value;
  std::vector<const YamlNode*> parts;
  if (merged.is_mapping()) parts.push_back(&merged);
  for (const YamlNode& item : merged.items) parts.push_back(&item);
  const bool mappings = std::all_of(parts.begin(), parts.end(),
                                    [](const YamlNode* part) { return part->is_mapping(); });
  if (parts.empty() || !mappings) return;
  node.entries.erase(found);
  for (const YamlNode* part : parts) {
    for (const YamlEntry& entry : part->entries) {
      if (!node.find(entry.key.text)) node.entries.push_back(entry);
    }
  }
}

}  // namespace

std::optional<YamlNode> read_yaml(const SourceMap& sources, FileId file, Diagnostics& diagnostics) {
  const auto records = read_checked(sources, file, false, diagnostics);
  if (!records) return std::nullopt;
  return build(*records, 0);
}

std::optional<std::vector<YamlNode>> read_yaml_documents(const SourceMap& sources, FileId file,
                                                         Diagnostics& diagnostics) {
  const auto records = read_checked(sources, file, true, diagnostics);
  if (!records) return std::nullopt;
  std::vector<YamlNode> documents;
  for (std::size_t at = 0; at < records->size(); at = (*records)[at].next) {
    YamlNode document = build(*records, at);
    if (document.is_null()) continue;
    merge_keys(document);
    documents.push_back(std::move(document));
  }
  return documents;
}

Value to_value(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return {};
    case YamlNode::Kind::scalar:
      return scalar_value(node);
    case YamlNode::Kind::sequence: {
      Value::List list;
      for (const YamlNode& item : node.items) list.push_back(to_value(item));
      return list;
    }
    case YamlNode::Kind::mapping: {
      Value::Map map;
      for (const auto& [key, value] : node.entries) map.emplace_back(key.text, to_value(value));
      return map;
    }
  }
  return {};
}

}  // namespace inarch
