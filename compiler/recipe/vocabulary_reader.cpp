#include "compiler/recipe/vocabulary_reader.h"

#include <fmt/format.h>

#include "compiler/recipe/fields.h"
#include "compiler/recipe/rule_reader.h"

namespace inarch {

namespace {

/// `base`, or `{ source: a, tokenizer: base }`.
void read_vocabulary_source(const YamlNode& node, VocabularyDecl& vocabulary,
                            Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    auto source = parse_template(node.text, node.span, diagnostics);
    if (source) vocabulary.sources.push_back({std::move(*source), std::nullopt});
    return;
  }
  const Fields fields(node, "a source of a vocabulary", {"source", "tokenizer"}, diagnostics);
  if (!node.is_mapping() || !fields.require("source", "source: NAME")) return;
  auto source = fields.text("source");
  auto tokenizer = fields.text("tokenizer");
  if (source) vocabulary.sources.push_back({std::move(*source), std::move(tokenizer)});
}

/// `zero`, `mean`, `a`, or `{ source: a, token: "</s>" }` with `id` in place of `token`.
void read_row(const YamlNode& node, TokenDecl& token, Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    token.from = parse_template(node.text, node.span, diagnostics);
    return;
  }
  const Fields fields(node, "a row", {"source", "token", "id"}, diagnostics);
  if (!node.is_mapping() || !fields.require("source", "{ source: NAME, token: \"</s>\" }")) return;
  token.from = fields.text("source");
  token.token = fields.text("token");
  token.id = fields.text("id");
  if (token.token && token.id) {
    diagnostics.add(error("E133", "a row is that of a token or of an id, not both")
                        .at(fields.key_span("id"))
                        .also(fields.key_span("token"), "also given"));
  }
}

void read_token(const YamlNode& name, const YamlNode& node, VocabularyDecl& vocabulary,
                Diagnostics& diagnostics) {
  TokenDecl token;
  token.text = name.text;
  token.span = name.span;
  if (node.is_scalar()) {
    read_row(node, token, diagnostics);
  } else {
    const Fields fields(node, "a token", {"from", "force", "add", "special"}, diagnostics);
    if (!node.is_mapping()) return;
    if (const YamlNode* from = fields.require("from", "from: zero, mean or a source"))
      read_row(*from, token, diagnostics);
    token.force = fields.boolean("force", false);
    token.add = fields.boolean("add", false);
    token.special = fields.boolean("special", false);
  }
  if (token.from) vocabulary.tokens.push_back(std::move(token));
}

void read_chat_template(const YamlNode& node, VocabularyDecl& vocabulary,
                        Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    // A template of templates: `${` has no meaning here, and braces are the template's own.
    Template text;
    text.parts.push_back({node.text, nullptr, node.span});
    text.span = node.span;
    vocabulary.chat_template = std::move(text);
    return;
  }
  const Fields fields(node, "'chat_template'", {"path"}, diagnostics);
  if (node.is_mapping() && fields.require("path", "{ path: template.jinja }"))
    vocabulary.chat_template_path = fields.text("path");
}

}  // namespace

std::optional<VocabularyDecl> read_vocabulary(const YamlNode& node, Diagnostics& diagnostics) {
  const Fields fields(
      node, "'vocabulary'",
      {"from", "sources", "base", "keep", "pad_to_multiple_of", "rows", "tokens", "chat_template"},
      diagnostics);
  if (!node.is_mapping()) return std::nullopt;
  const std::size_t before = diagnostics.errors();
  VocabularyDecl vocabulary;
  vocabulary.span = node.span;
  if (const YamlNode* from = fields.require("from", "from: union, or a source")) {
    vocabulary.from = fields.text("from");
    vocabulary.span = from->span;
  }
  if (const YamlNode* sources = fields.sequence("sources")) {
    for (const YamlNode& item : sources->items)
      read_vocabulary_source(item, vocabulary, diagnostics);
    if (sources->items.empty())
      diagnostics.add(error("E132", "'sources' names none").at(sources->span));
  }
  vocabulary.base = fields.text("base");
  if (const YamlNode* keep = fields.get("keep")) {
    const ParamKind kind = keep->is_sequence() ? ParamKind::text : ParamKind::integer;
    vocabulary.keep = read_argument_value(*keep, kind, nullptr, diagnostics);
  }
  vocabulary.pad_to_multiple_of = fields.expression("pad_to_multiple_of");
  vocabulary.rows = fields.expression("rows");
  if (vocabulary.rows && vocabulary.pad_to_multiple_of) {
    diagnostics.add(error("E133", "'rows' says how many there are, and 'pad_to_multiple_of' too")
                        .at(fields.key_span("rows"))
                        .also(fields.key_span("pad_to_multiple_of"), "also given"));
  }
  if (const YamlNode* tokens = fields.mapping("tokens")) {
    for (const auto& [name, value] : tokens->entries)
      read_token(name, value, vocabulary, diagnostics);
  }
  if (const YamlNode* chat = fields.get("chat_template"))
    read_chat_template(*chat, vocabulary, diagnostics);
  if (diagnostics.errors() != before) return std::nullopt;
  return vocabulary;
}

}  // namespace inarch
