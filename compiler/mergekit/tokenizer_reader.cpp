#include "compiler/mergekit/tokenizer_reader.h"

#include <fmt/format.h>

#include "compiler/mergekit/values.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

class TokenizerReader {
 public:
  explicit TokenizerReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  void read_source(const YamlNode& node) {
    if (node.is_scalar() && node.text == "union") {
      tokenizer_.source = MergekitTokenizer::Source::all;
    } else if (node.is_scalar() && node.text == "base") {
      tokenizer_.source = MergekitTokenizer::Source::base;
    } else {
      tokenizer_.source = MergekitTokenizer::Source::model;
      tokenizer_.model = mergekit_model(node, diagnostics_);
    }
  }

  void read_block(const YamlNode& node) {
    if (!check_mergekit_keys(node, "'tokenizer'", {"source", "tokens", "pad_to_multiple_of"},
                             diagnostics_))
      return;
    if (const YamlNode* source = mergekit_entry(node, "source")) read_source(*source);
    if (const YamlNode* multiple = mergekit_entry(node, "pad_to_multiple_of")) {
      tokenizer_.pad_to_multiple_of =
          mergekit_integer(*multiple, "'pad_to_multiple_of'", 1, diagnostics_);
    }
    const YamlNode* tokens = mergekit_entry(node, "tokens");
    if (!tokens) return;
    if (!tokens->is_mapping()) {
      diagnostics_.add(
          error("E558", fmt::format("'tokens' must be a mapping, not {}", tokens->kind_name()))
              .at(tokens->span));
      return;
    }
    for (const YamlEntry& entry : tokens->entries) read_token(entry);
  }

  MergekitTokenizer take() { return std::move(tokenizer_); }

 private:
  void read_token(const YamlEntry& entry) {
    MergekitToken token;
    token.token = entry.key.text;
    token.span = entry.key.span;
    if (!entry.value.is_null()) {
      if (!check_mergekit_keys(entry.value, "a token", {"source", "force"}, diagnostics_)) return;
      if (const YamlNode* force = mergekit_entry(entry.value, "force"))
        token.force = mergekit_boolean(*force, "'force'", diagnostics_).value_or(false);
      if (const YamlNode* source = mergekit_entry(entry.value, "source"))
        read_token_source(*source, token);
    }
    tokenizer_.tokens.push_back(std::move(token));
  }

  void read_token_source(const YamlNode& node, MergekitToken& token) {
    const YamlNode* kind = node.is_mapping() ? mergekit_entry(node, "kind") : nullptr;
    if (!kind) {
      token.kind = MergekitToken::Kind::model;
      token.model = mergekit_model(node, diagnostics_);
    } else if (kind->text == "zero") {
      token.kind = MergekitToken::Kind::zero;
      check_mergekit_keys(node, "a token's source", {"kind"}, diagnostics_);
    } else if (kind->text == "model_token") {
      token.kind = MergekitToken::Kind::model_token;
      read_other_token(node, token);
    } else {
      diagnostics_.add(error("E558", fmt::format("'kind' must be zero or model_token, not '{}'",
                                                 escape_for_terminal(kind->text)))
                           .at(kind->span));
    }
  }

  void read_other_token(const YamlNode& node, MergekitToken& token) {
    check_mergekit_keys(node, "a token's source", {"kind", "model", "token_id", "token"},
                        diagnostics_);
    const YamlNode* model = mergekit_entry(node, "model");
    const YamlNode* id = mergekit_entry(node, "token_id");
    const YamlNode* text = mergekit_entry(node, "token");
    if (model) token.model = mergekit_model(*model, diagnostics_);
    if (id) token.other_id = mergekit_integer(*id, "'token_id'", 0, diagnostics_);
    if (text) token.other_token = mergekit_text(*text, "'token'", diagnostics_);
    if (model && (id == nullptr) != (text == nullptr)) return;
    diagnostics_.add(error("E575",
                           "a token of another model has a 'model', and either a 'token' "
                           "or a 'token_id'")
                         .at(node.span));
  }

  Diagnostics& diagnostics_;
  MergekitTokenizer tokenizer_;
};

}  // namespace

std::optional<MergekitTokenizer> read_mergekit_tokenizer(const YamlNode& root,
                                                         Diagnostics& diagnostics) {
  const YamlNode* source = mergekit_entry(root, "tokenizer_source");
  const YamlNode* block = mergekit_entry(root, "tokenizer");
  if (!source && !block) return std::nullopt;
  if (source && block) {
    diagnostics.add(error("E575", "a merge has 'tokenizer_source' or 'tokenizer', not both")
                        .at(mergekit_key_span(root, "tokenizer"))
                        .also(mergekit_key_span(root, "tokenizer_source"), "also given"));
    return std::nullopt;
  }
  TokenizerReader reader(diagnostics);
  if (source) {
    reader.read_source(*source);
  } else {
    reader.read_block(*block);
  }
  MergekitTokenizer tokenizer = reader.take();
  tokenizer.span = source ? source->span : block->span;
  return tokenizer;
}

}  // namespace inarch
