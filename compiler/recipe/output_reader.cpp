#include "compiler/recipe/output_reader.h"

#include <fmt/format.h>

#include "compiler/recipe/fields.h"
#include "compiler/recipe/rule_reader.h"
#include "compiler/recipe/side_file_reader.h"

namespace inarch {

namespace {

/// `text_config: { a: 1 }` sets one key inside text_config and leaves its others alone, as
/// `text_config.a: 1` does; an empty mapping replaces.
void read_config_entries(const YamlNode& set, const std::string& prefix,
                         std::vector<ConfigEntry>& entries) {
  for (const auto& [key, value] : set.entries) {
    const std::string path = prefix + key.text;
    if (value.is_mapping() && !value.entries.empty()) {
      read_config_entries(value, path + ".", entries);
    } else {
      entries.push_back({without_mark(path), key.span, value, is_marked(path)});
    }
  }
}

std::optional<ConfigDecl> read_config(const YamlNode& node, Diagnostics& diagnostics) {
  ConfigDecl config;
  config.span = node.span;
  if (node.is_scalar()) {
    config.from = parse_template(node.text, node.span, diagnostics);
    return config;
  }
  const Fields fields(node, "'config'", {"from", "file", "part", "set", "remove"}, diagnostics);
  if (!node.is_mapping()) return std::nullopt;
  config.from = fields.text("from");
  config.file = fields.text("file");
  config.part = fields.text("part");
  if (config.from && config.file) {
    diagnostics.add(
        error("E133", "a config has 'from' or 'file', not both").at(fields.key_span("file")));
  }
  if (const YamlNode* set = fields.mapping("set")) read_config_entries(*set, "", config.set);
  if (const YamlNode* remove = fields.sequence("remove")) {
    for (const YamlNode& item : remove->items) {
      if (item.is_scalar()) {
        config.remove.push_back({without_mark(item.text), item.span, {}, is_marked(item.text)});
      } else {
        wrong_kind(item, "an entry of 'remove'", "a dotted key", diagnostics);
      }
    }
  }
  return config;
}

void read_files(const YamlNode& files, OutputDecl& output, Diagnostics& diagnostics) {
  for (const auto& [key, value] : files.entries) {
    auto file = read_file_entry(key, value, diagnostics);
    if (file) output.files.push_back(std::move(*file));
  }
}

void read_block(const Fields& fields, OutputDecl& output, Diagnostics& diagnostics) {
  output.dtype = fields.text("dtype");
  if (fields.get("dtype")) output.dtype_span = fields.get("dtype")->span;
  if (const YamlNode* encode = fields.get("encode")) output.encode = *encode;
  output.shard_size = fields.text("shard_size");
  if (fields.get("shard_size")) output.shard_size_span = fields.get("shard_size")->span;
  if (const YamlNode* config = fields.get("config"))
    output.config = read_config(*config, diagnostics);
  if (const YamlNode* files = fields.mapping("files")) read_files(*files, output, diagnostics);
  output.card = fields.boolean("card", false);
}

}  // namespace

OutputDecl read_output(const YamlNode& node, Diagnostics& diagnostics) {
  OutputDecl output;
  output.span = node.span;
  const Fields fields(node, "'output'",
                      {"dtype", "encode", "shard_size", "config", "files", "card"}, diagnostics);
  if (node.is_mapping()) read_block(fields, output, diagnostics);
  return output;
}

OutputDecl read_named_output(const YamlNode& name, const YamlNode& node, Diagnostics& diagnostics) {
  OutputDecl output;
  output.name = name.text;
  output.span = name.span;
  if (node.is_null()) return output;
  const Fields fields(node, "an output",
                      {"for", "target", "dtype", "encode", "shard_size", "config", "files", "card"},
                      diagnostics);
  if (!node.is_mapping()) return output;
  output.ranges = read_ranges(fields.get("for"), diagnostics);
  if (const YamlNode* target = fields.get("target"))
    output.target = read_target(*target, diagnostics);
  read_block(fields, output, diagnostics);
  return output;
}

std::optional<TargetDecl> read_target(const YamlNode& node, Diagnostics& diagnostics) {
  TargetDecl target;
  target.span = node.span;
  if (node.is_scalar()) {
    auto text = parse_template(node.text, node.span, diagnostics);
    if (text) target.architecture = std::move(*text);
    return target;
  }
  const Fields fields(node, "'target'", {"architecture", "spelling", "strict"}, diagnostics);
  if (!node.is_mapping()) return std::nullopt;
  fields.require("architecture");
  auto architecture = fields.text("architecture");
  if (!architecture) return std::nullopt;
  target.span = fields.get("architecture")->span;
  target.architecture = std::move(*architecture);
  target.spelling = fields.text("spelling");
  target.strict = fields.boolean("strict", true);
  return target;
}

}  // namespace inarch
