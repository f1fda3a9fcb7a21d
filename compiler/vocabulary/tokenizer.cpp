#include "compiler/vocabulary/tokenizer.h"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

struct KindName {
  std::string_view name;
  TokenizerKind kind;
};
constexpr KindName kind_names[] = {{"BPE", TokenizerKind::bpe},
                                   {"Unigram", TokenizerKind::unigram},
                                   {"WordLevel", TokenizerKind::word_level},
                                   {"WordPiece", TokenizerKind::word_piece}};

std::string shown(std::string_view text) {
  return fmt::format("'{}'", escape_for_terminal(text, 60));
}

/// Collects the tokens of a document; the first fault ends it.
class TokenizerReader {
 public:
  TokenizerReader(Tokenizer& tokenizer, const std::string& path)
      : tokenizer_(tokenizer), path_(path) {}

  Status read() {
    const Value* model = tokenizer_.document.find("model");
    if (!model || !model->if_map()) return fault("it has no 'model'");
    Status status = read_kind(*model);
    if (!status) return status;
    status = tokenizer_.kind == TokenizerKind::unigram ? read_scored(*model) : read_ids(*model);
    if (!status) return status;
    for (const auto& [text, id] : ids_) ordinary_.insert(text);
    next_added_ = static_cast<std::int64_t>(ordinary_.size());
    status = read_added();
    if (!status) return status;
    finish();
    return tokenizer_.kind == TokenizerKind::bpe ? check_merges(*model) : Status();
  }

 private:
  Diagnostic fault(const std::string& what) const {
    return error("E542", fmt::format("no tokenizer that can be read: {}", what)).in(path_);
  }

  Status read_kind(const Value& model) {
    const Value* type = model.find("type");
    std::string found = type && type->if_text() ? *type->if_text() : "";
    if (found.empty() && model.find("merges")) found = "BPE";  // older files name no type
    for (const auto& [name, kind] : kind_names) {
      if (found != name) continue;
      tokenizer_.kind = kind;
      return {};
    }
    return fault(
        fmt::format("its model is of the type {}, and BPE, Unigram, WordLevel and "
                    "WordPiece are known",
                    shown(found)));
  }

  Status add(const std::string& text, std::int64_t id, bool added) {
    if (id < 0 || id >= most_token_ids)
      return fault(fmt::format("the token {} has the id {}", shown(text), id));
    const auto known = ids_.try_emplace(text, id);
    if (!known.second && known.first->second != id)
      return fault(
          fmt::format("the token {} has the ids {} and {}", shown(text), known.first->second, id));
    const auto [entry, fresh] = tokens_.try_emplace(id, VocabularyToken{id, text, !added, added});
    if (!fresh && entry->second.text != text)
      return fault(
          fmt::format("{} and {} have the id {}", shown(entry->second.text), shown(text), id));
    entry->second.is_added = entry->second.is_added || added;
    return {};
  }

  Status read_ids(const Value& model) {
    const Value* vocab = model.find("vocab");
    const Value::Map* map = vocab ? vocab->if_map() : nullptr;
    if (!map) return fault("its 'vocab' is no mapping from tokens to ids");
    for (const auto& [text, id] : *map) {
      if (!id.if_int()) return fault(fmt::format("the token {} has no id", shown(text)));
      Status status = add(text, *id.if_int(), false);
      if (!status) return status;
    }
    return {};
  }

  /// [token, score] pairs, whose places are the ids.
  Status read_scored(const Value& model) {
    const Value* vocab = model.find("vocab");
    const Value::List* list = vocab ? vocab->if_list() : nullptr;
    if (!list) return fault("its 'vocab' is no list of tokens with scores");
    for (std::size_t id = 0; id < list->size(); ++id) {
      const Value::List* pair = (*list)[id].if_list();
      if (!pair || pair->size() != 2 || !(*pair)[0].if_text() || !(*pair)[1].is_number())
        return fault(fmt::format("entry {} of its 'vocab' is no token with a score", id));
      Status status = add(*(*pair)[0].if_text(), static_cast<std::int64_t>(id), false);
      if (!status) return status;
    }
    return {};
  }

  Status read_added() {
    const Value* added = tokenizer_.document.find("added_tokens");
    if (!added || added->is_null()) return {};
    if (!added->if_list()) return fault("its 'added_tokens' is no list");
    for (const Value& entry : *added->if_list()) {
      const Value* id = entry.find("id");
      const Value* content = entry.find("content");
      if (!id || !id->if_int() || !content || !content->if_text())
        return fault("an entry of 'added_tokens' lacks its id or its content");
      Status status = add(*content->if_text(), *id->if_int(), true);
      if (!status) return status;
      status = check_added(*content->if_text(), *id->if_int());
      if (!status) return status;
    }
    return {};
  }

  /// The library does not read the id of an added token: one that the model has not gets the number
  /// of the model's tokens, or what follows the largest id of an added one.
  Status check_added(const std::string& text, std::int64_t id) {
    if (ordinary_.count(text) == 0 && id != next_added_) {
      return fault(
          fmt::format("the added token {} has the id {}, and is loaded as {}: there is a "
                      "hole before it",
                      shown(text), id, next_added_));
    }
    next_added_ = std::max(next_added_, id + 1);
    return {};
  }

  void finish() {
    tokenizer_.tokens.reserve(tokens_.size());
    for (auto& [id, token] : tokens_) tokenizer_.tokens.push_back(std::move(token));
    for (std::size_t k = 0; k < tokenizer_.tokens.size(); ++k)
      tokenizer_.by_text.emplace(tokenizer_.tokens[k].text, k);
  }

  Status check_merges(const Value& model) {
    const Value* merges = model.find("merges");
    if (!merges || !merges->if_list()) return fault("its 'merges' is no list");
    const std::string_view prefix = continuing_prefix(tokenizer_.document);
    for (const Value& merge : *merges->if_list()) {
      const auto sides = sides_of_merge(merge);
      if (!sides) return fault("an entry of 'merges' is no pair of tokens");
      const std::string made = merged_text(sides->first, sides->second, prefix);
      for (const std::string_view text : {sides->first, sides->second, std::string_view(made)}) {
        const VocabularyToken* token = tokenizer_.find(text);
        if (token && token->is_ordinary) continue;
        return fault(fmt::format("a merge of {} and {} names {}, which its 'vocab' has not",
                                 shown(sides->first), shown(sides->second), shown(text)));
      }
    }
    return {};
  }

  Tokenizer& tokenizer_;
  const std::string& path_;
  std::map<std::int64_t, VocabularyToken> tokens_;
  std::unordered_map<std::string, std::int64_t> ids_;
  std::unordered_set<std::string> ordinary_;
  std::int64_t next_added_ = 0;
};

/// True when the step, or one of the steps that it consists of, is of that type.
bool has_type(const Value* step, std::string_view type) {
  if (!step || !step->if_map()) return false;
  const Value* found = step->find("type");
  if (found && found->if_text() && *found->if_text() == type) return true;
  for (const std::string_view list : {"pretokenizers", "decoders", "normalizers"}) {
    const Value* steps = step->find(list);
    if (!steps || !steps->if_list()) continue;
    for (const Value& inner : *steps->if_list()) {
      if (has_type(&inner, type)) return true;
    }
  }
  return false;
}

}  // namespace

std::string_view name(TokenizerKind kind) {
  for (const auto& [text, known] : kind_names) {
    if (known == kind) return text;
  }
  return "";
}

const VocabularyToken* Tokenizer::find(std::string_view text) const {
  const auto entry = by_text.find(text);
  return entry == by_text.end() ? nullptr : &tokens[entry->second];
}

const VocabularyToken* Tokenizer::find(std::int64_t id) const {
  const auto at =
      std::lower_bound(tokens.begin(), tokens.end(), id,
                       [](const VocabularyToken& token, std::int64_t i) { return token.id < i; });
  return at == tokens.end() || at->id != id ? nullptr : &*at;
}

const Value* Tokenizer::added_entry(std::int64_t id) const {
  const Value* added = document.find("added_tokens");
  if (!added || !added->if_list()) return nullptr;
  for (const Value& entry : *added->if_list()) {
    const Value* found = entry.find("id");
    if (found && found->if_int() && *found->if_int() == id) return &entry;
  }
  return nullptr;
}

std::optional<std::pair<std::string_view, std::string_view>> sides_of_merge(const Value& merge) {
  if (const auto* list = merge.if_list()) {
    if (list->size() != 2 || !(*list)[0].if_text() || !(*list)[1].if_text()) return std::nullopt;
    return std::pair<std::string_view, std::string_view>(*(*list)[0].if_text(),
                                                         *(*list)[1].if_text());
  }
  const std::string* text = merge.if_text();
  const std::size_t space = text ? text->find(' ') : std::string::npos;
  if (space == std::string::npos || text->find(' ', space + 1) != std::string::npos)
    return std::nullopt;
  const std::string_view both = *text;
  return std::pair(both.substr(0, space), both.substr(space + 1));
}

std::string merged_text(std::string_view left, std::string_view right, std::string_view prefix) {
  if (!prefix.empty() && right.substr(0, prefix.size()) == prefix)
    right.remove_prefix(prefix.size());
  return std::string(left).append(right);
}

std::string_view continuing_prefix(const Value& document) {
  const Value* prefix = document.find_path("model.continuing_subword_prefix");
  return prefix && prefix->if_text() ? std::string_view(*prefix->if_text()) : std::string_view();
}

bool is_byte_level(const Value& document) {
  return has_type(document.find("pre_tokenizer"), "ByteLevel") ||
         has_type(document.find("decoder"), "ByteLevel");
}

Value* find_entry(Value& map, std::string_view key) {
  if (Value::Map* entries = map.if_map()) {
    for (auto& [name, value] : *entries) {
      if (name == key) return &value;
    }
  }
  return nullptr;
}

Result<Tokenizer> read_tokenizer(std::string_view text, const std::string& path) {
  auto document = parse_json(text, path);
  if (!document) {
    return error("E542", fmt::format("no tokenizer that can be read: {}", document.error().message))
        .in(path);
  }
  Tokenizer tokenizer;
  tokenizer.document = std::move(*document);
  Status status = TokenizerReader(tokenizer, path).read();
  if (!status) return std::move(status.error());
  return tokenizer;
}

}  // namespace inarch
