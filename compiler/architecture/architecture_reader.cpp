// Reads an architecture file (docs/architectures.md) into an ArchitectureFile.

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "compiler/architecture/architecture_file.h"
#include "compiler/recipe/expression_lexer.h"
#include "compiler/recipe/fields.h"
#include "compiler/recipe/yaml_tree.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_identifier(std::string_view text) {
  const auto letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  if (text.empty() || !letter(text[0]) || is_reserved(text)) return false;
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

class Reader {
 public:
  explicit Reader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  ArchitectureFile read(const YamlNode& root) {
    const Fields fields(root, "an architecture file",
                        {"architecture", "title", "notes", "match", "match_names", "sizes",
                         "tensors", "accept", "spellings"},
                        diagnostics_);
    fields.require("architecture");
    file_.name = fields.plain_text("architecture").value_or("");
    file_.title = fields.plain_text("title").value_or(file_.name);
    fields.plain_text("notes");
    read_matches(fields.sequence("match"));
    file_.match_names = fields.boolean("match_names", true);
    read_sizes(fields.mapping("sizes"));
    if (fields.require("tensors")) read_blocks(fields.sequence("tensors"));
    file_.accept = patterns(fields.sequence("accept"), "'accept'");
    read_spellings(fields.mapping("spellings"));
    return std::move(file_);
  }

 private:
  void fail(std::string code, std::string message, Span span, std::string help = {}) {
    diagnostics_.add(error(std::move(code), std::move(message)).at(span).hint(std::move(help)));
  }

  std::vector<std::string> texts(const YamlNode* list, std::string_view what) {
    std::vector<std::string> all;
    if (!list) return all;
    for (const YamlNode& item : list->items) {
      if (item.is_scalar()) {
        all.push_back(item.text);
      } else {
        wrong_kind(item, what, "text", diagnostics_);
      }
    }
    return all;
  }

  std::vector<NamePattern> patterns(const YamlNode* list, std::string_view what) {
    std::vector<NamePattern> all;
    if (!list) return all;
    for (const YamlNode& item : list->items) {
      if (!item.is_scalar()) {
        wrong_kind(item, what, "name patterns", diagnostics_);
        continue;
      }
      auto read = pattern(item);
      if (read) all.push_back(std::move(*read));
    }
    return all;
  }

  // Nothing but literals and captures: there is no config yet that an expression could speak of.
  std::optional<NamePattern> pattern(const YamlNode& node) {
    auto read = parse_name_pattern(node.text, node.span, diagnostics_);
    if (!read) return std::nullopt;
    for (const NamePattern::Part& part : read->parts) {
      if (part.kind != NamePattern::Part::Kind::expression) continue;
      fail("E514", "a pattern of an architecture file holds captures and no expressions",
           part.span);
      return std::nullopt;
    }
    return read;
  }

  void read_matches(const YamlNode* list) {
    if (!list) return;
    for (const YamlNode& item : list->items) {
      const Fields fields(item, "a match", {"model_type", "classes"}, diagnostics_);
      fields.require("model_type");
      file_.matches.push_back({fields.plain_text("model_type").value_or(""),
                               texts(fields.sequence("classes"), "a class"), item.span});
    }
  }

  // True when the key can be a name in expressions.
  bool usable_name(const YamlNode& key) {
    if (is_identifier(key.text) && key.text != "config") return true;
    fail("E514", fmt::format("'{}' cannot be a name here", escape_for_terminal(key.text)), key.span,
         "a name has letters, digits and '_', and is neither 'config' nor a word of the language");
    return false;
  }

  ExprPtr expression(const YamlNode& node, std::string_view what) {
    if (node.is_scalar()) return parse_expression(node.text, node.span, diagnostics_);
    wrong_kind(node, what, "an expression", diagnostics_);
    return nullptr;
  }

  void read_sizes(const YamlNode* map) {
    if (!map) return;
    for (const auto& [key, value] : map->entries) {
      if (!usable_name(key)) continue;
      if (ExprPtr parsed = expression(value, "a size")) file_.sizes.emplace_back(key.text, parsed);
    }
  }

  void read_blocks(const YamlNode* list) {
    if (!list) return;
    for (const YamlNode& item : list->items) read_block(item);
  }

  void read_block(const YamlNode& node) {
    const Fields fields(
        node, "a block of tensors",
        {"component", "for", "where", "prefix", "optional", "buffer", "legacy", "dtype", "names"},
        diagnostics_);
    TensorBlock block;
    block.component = fields.plain_text("component").value_or("");
    block.where = fields.expression("where");
    read_loops(fields.mapping("for"), block);
    const TensorAttributes attributes = read_attributes(fields, {});
    const YamlNode* prefix = fields.get("prefix");
    NameTemplate head;
    if (prefix && !prefix->is_scalar()) {
      wrong_kind(*prefix, "'prefix'", "text", diagnostics_);
    } else if (prefix) {
      head = parse_name_template(prefix->text, prefix->span, diagnostics_).value_or(NameTemplate{});
    }
    if (!fields.require("names")) return;
    const YamlNode* names = fields.mapping("names");
    if (!names) return;
    for (const auto& [key, value] : names->entries) {
      auto name = parse_name_template(key.text, key.span, diagnostics_);
      if (!name) continue;
      name->parts.insert(name->parts.begin(), head.parts.begin(), head.parts.end());
      TensorEntry entry;
      entry.name = std::move(*name);
      entry.span = key.span;
      entry.attributes = attributes;
      if (read_entry(value, entry)) block.entries.push_back(std::move(entry));
    }
    file_.blocks.push_back(std::move(block));
  }

  void read_loops(const YamlNode* map, TensorBlock& block) {
    if (!map) return;
    for (const auto& [key, value] : map->entries) {
      if (!usable_name(key)) continue;
      if (ExprPtr range = expression(value, "a range")) block.loops.push_back({key.text, range});
    }
  }

  TensorAttributes read_attributes(const Fields& fields, TensorAttributes otherwise) {
    TensorAttributes attributes;
    attributes.optional = fields.boolean("optional", otherwise.optional);
    attributes.buffer = fields.boolean("buffer", otherwise.buffer);
    attributes.legacy = fields.boolean("legacy", otherwise.legacy);
    attributes.dtype = otherwise.dtype;
    const auto dtype = fields.plain_text("dtype");
    if (!dtype) return attributes;
    attributes.dtype = dtype_from_recipe(*dtype);
    if (!attributes.dtype) {
      fail("E514", fmt::format("'{}' is no dtype", escape_for_terminal(*dtype)),
           fields.get("dtype")->span, "f32, bf16, …");
    }
    return attributes;
  }

  // `name: [sizes]`, or `name: { shape: [sizes], … }`.
  bool read_entry(const YamlNode& value, TensorEntry& entry) {
    if (value.is_sequence()) return read_shape(value, entry);
    if (!value.is_mapping()) {
      wrong_kind(value, "a tensor", "a list of sizes, or a mapping with 'shape'", diagnostics_);
      return false;
    }
    const Fields fields(value, "a tensor",
                        {"shape", "where", "optional", "buffer", "legacy", "dtype", "tied"},
                        diagnostics_);
    entry.attributes = read_attributes(fields, entry.attributes);
    entry.where = fields.expression("where");
    read_tied(fields.get("tied"), entry);
    const YamlNode* shape = fields.require("shape") ? fields.sequence("shape") : nullptr;
    return shape && read_shape(*shape, entry);
  }

  bool read_shape(const YamlNode& list, TensorEntry& entry) {
    for (const YamlNode& item : list.items) {
      ExprPtr size = expression(item, "a size");
      if (!size) return false;
      entry.shape.push_back(std::move(size));
    }
    return true;
  }

  void read_tied(const YamlNode* node, TensorEntry& entry) {
    if (!node) return;
    const Fields fields(*node, "'tied'", {"to", "when"}, diagnostics_);
    entry.tied_when = fields.expression("when");
    const YamlNode* to = fields.require("to");
    if (to && to->is_scalar()) {
      entry.tied_to = parse_name_template(to->text, to->span, diagnostics_);
    } else if (to) {
      wrong_kind(*to, "'to'", "text", diagnostics_);
    }
  }

  void read_spellings(const YamlNode* map) {
    if (!map) return;
    for (const auto& [key, value] : map->entries) {
      const Fields fields(value, "a spelling", {"names", "fused", "accept"}, diagnostics_);
      SpellingRules rules;
      rules.name = key.text;
      rules.span = key.span;
      rules.accept = patterns(fields.sequence("accept"), "'accept'");
      if (const YamlNode* names = fields.mapping("names")) read_rewrites(*names, rules);
      if (const YamlNode* fused = fields.mapping("fused")) read_fusions(*fused, rules);
      file_.spellings.push_back(std::move(rules));
    }
  }

  void read_rewrites(const YamlNode& names, SpellingRules& rules) {
    for (const auto& [key, value] : names.entries) {
      if (!value.is_scalar()) {
        wrong_kind(value, "a rewritten name", "text", diagnostics_);
        continue;
      }
      auto usual = pattern(key);
      auto other = pattern(value);
      if (usual && other && captures_fit(*usual, *other, key.span)) {
        rules.rewrites.push_back({std::move(*usual), std::move(*other)});
      }
    }
  }

  void read_fusions(const YamlNode& fused, SpellingRules& rules) {
    for (const auto& [key, value] : fused.entries) {
      if (!value.is_sequence()) {
        wrong_kind(value, "the parts of a fused tensor", "a list of names", diagnostics_);
        continue;
      }
      auto to = pattern(key);
      auto parts = patterns(&value, "the parts of a fused tensor");
      if (!to || parts.empty()) continue;
      const bool fit = std::all_of(parts.begin(), parts.end(), [&](const NamePattern& part) {
        return captures_fit(part, *to, part.span);
      });
      if (fit) rules.fusions.push_back({std::move(*to), std::move(parts)});
    }
  }

  bool captures_fit(const NamePattern& usual, const NamePattern& other, Span span) {
    const std::vector<std::string> known = usual.captures();
    for (const std::string& capture : other.captures()) {
      if (std::find(known.begin(), known.end(), capture) != known.end()) continue;
      diagnostics_.add(error("E511", fmt::format("'{}' is not captured by the usual name", capture))
                           .at(other.span)
                           .also(span, "the usual name"));
      return false;
    }
    return true;
  }

  Diagnostics& diagnostics_;
  ArchitectureFile file_;
};

}  // namespace

std::optional<Architecture> read_architecture(SourceMap& sources, FileId file,
                                              Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  const auto root = read_yaml(sources, file, diagnostics);
  if (!root) return std::nullopt;
  ArchitectureFile read = Reader(diagnostics).read(*root);
  if (diagnostics.errors() == before) check_names(read, diagnostics);
  if (diagnostics.errors() != before) return std::nullopt;
  return Architecture(std::make_shared<const ArchitectureFile>(std::move(read)));
}

}  // namespace inarch
