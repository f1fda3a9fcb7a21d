#include "compiler/vocabulary/unite.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

class Admission {
 public:
  explicit Admission(const std::vector<NamedTokenizer>& tokenizers)
      : tokenizers_(tokenizers), base_(*tokenizers.front().tokenizer), next_(base_.size()) {}

  std::vector<AdmittedToken> admit() {
    for (std::size_t k = 1; k < tokenizers_.size(); ++k) {
      for (const VocabularyToken& token : tokenizers_[k].tokenizer->tokens) admit(token, k);
    }
    return std::move(admitted_);
  }

 private:
  void admit(const VocabularyToken& token, std::size_t of) {
    const VocabularyToken* known = base_.find(token.text);
    if (known && (known->is_added || !token.is_added)) return;
    const auto [place, fresh] = places_.try_emplace(token.text, admitted_.size());
    if (fresh) {
      const std::int64_t id = known ? known->id : next_++;
      admitted_.push_back({id, token.text, !known && !token.is_added, !known, Value(), of});
    }
    AdmittedToken& admitted = admitted_[place->second];
    if (!token.is_added || !admitted.entry.is_null()) return;
    const Value* entry = tokenizers_[of].tokenizer->added_entry(token.id);
    if (entry) admitted.entry = *entry;
    if (Value* id = find_entry(admitted.entry, "id")) *id = Value(admitted.id);
  }

  const std::vector<NamedTokenizer>& tokenizers_;
  const Tokenizer& base_;
  std::int64_t next_;
  std::unordered_map<std::string_view, std::size_t> places_;  // in `admitted_`, by text
  std::vector<AdmittedToken> admitted_;
};

Diagnostic apart(const NamedTokenizer& a, const NamedTokenizer& b, std::string_view of_a,
                 std::string_view of_b) {
  return error("E543", fmt::format("the vocabularies of '{}' and '{}' cannot be united: {} and {}",
                                   a.name, b.name, of_a, of_b));
}

/// The first id below `end` that no token has, or -1.
std::int64_t first_hole(const Tokenizer& tokenizer) {
  for (std::size_t k = 0; k < tokenizer.tokens.size(); ++k) {
    if (tokenizer.tokens[k].id != static_cast<std::int64_t>(k)) return static_cast<std::int64_t>(k);
  }
  return -1;
}

Status can_take_ordinary(const std::vector<NamedTokenizer>& tokenizers,
                         const AdmittedToken& token) {
  const NamedTokenizer& base = tokenizers.front();
  const NamedTokenizer& other = tokenizers[token.of];
  const bool bytes = is_byte_level(base.tokenizer->document);
  if (base.tokenizer->kind == TokenizerKind::bpe &&
      bytes != is_byte_level(other.tokenizer->document)) {
    return apart(base, other,
                 bytes ? "one spells bytes as letters" : "one spells texts as they are",
                 bytes ? "the other does not" : "the other spells bytes as letters");
  }
  if (base.tokenizer->kind != TokenizerKind::unigram) return {};
  const std::int64_t hole = first_hole(*base.tokenizer);
  if (hole < 0) return {};
  return error("E543", fmt::format("'{}' has no token with the id {}, and after a hole a Unigram "
                                   "model takes no more tokens",
                                   base.name, hole));
}

// ---- writing

/// The merges by which a model makes its new tokens, in its order.
void append_merges(const Tokenizer& from, const std::unordered_set<std::string_view>& made_new,
                   const std::unordered_set<std::string_view>& ordinary, bool as_pairs,
                   Value::List& merges) {
  const Value* theirs = from.document.find_path("model.merges");
  if (!theirs || !theirs->if_list()) return;
  const std::string_view prefix = continuing_prefix(from.document);
  for (const Value& merge : *theirs->if_list()) {
    const auto sides = sides_of_merge(merge);
    if (!sides) continue;
    const auto& [left, right] = *sides;
    if (made_new.count(merged_text(left, right, prefix)) == 0) continue;
    // A side that is no more than an added token of the base is never seen by its model.
    if (ordinary.count(left) == 0 || ordinary.count(right) == 0) continue;
    if (as_pairs) {
      merges.emplace_back(Value::List{Value(left), Value(right)});
    } else {
      merges.emplace_back(fmt::format("{} {}", left, right));
    }
  }
}

/// ["a", "b"] in place of "a b", which cannot hold a token with a space.
void spell_as_pairs(Value::List& merges) {
  for (Value& merge : merges) {
    if (!merge.if_text()) continue;
    const auto sides = sides_of_merge(merge);
    if (sides) merge = Value(Value::List{Value(sides->first), Value(sides->second)});
  }
}

void extend_merges(const std::vector<NamedTokenizer>& tokenizers,
                   const std::vector<AdmittedToken>& admitted, Value& model) {
  Value* merges = find_entry(model, "merges");
  if (!merges || !merges->if_list()) return;
  std::unordered_set<std::string_view> ordinary;
  std::vector<std::unordered_set<std::string_view>> made_new(tokenizers.size());
  for (const VocabularyToken& token : tokenizers.front().tokenizer->tokens) {
    if (token.is_ordinary) ordinary.insert(token.text);
  }
  bool spaces = false;
  for (const AdmittedToken& token : admitted) {
    if (!token.is_ordinary) continue;
    ordinary.insert(token.text);
    made_new[token.of].insert(token.text);
    spaces = spaces || token.text.find(' ') != std::string::npos;
  }
  Value::List& list = *merges->if_list();
  const bool as_pairs = spaces || list.empty() || list.front().if_list();
  if (as_pairs) spell_as_pairs(list);
  for (std::size_t k = 1; k < tokenizers.size(); ++k)
    append_merges(*tokenizers[k].tokenizer, made_new[k], ordinary, as_pairs, list);
}

/// Added tokens get entries, too: loaders number those that have none from the number of entries
/// on.
void extend_ids(const Tokenizer& base, const std::vector<AdmittedToken>& admitted, Value& model) {
  Value* vocab = find_entry(model, "vocab");
  if (!vocab || !vocab->if_map()) return;
  for (const VocabularyToken& token : base.tokens) {
    if (!token.is_ordinary) vocab->if_map()->emplace_back(token.text, Value(token.id));
  }
  for (const AdmittedToken& token : admitted) {
    if (token.is_new) vocab->if_map()->emplace_back(token.text, Value(token.id));
  }
}

/// A Unigram's list has an entry for each id: added tokens before the last new one get one, too,
/// with the least score there is.
void extend_scores(const std::vector<NamedTokenizer>& tokenizers,
                   const std::vector<AdmittedToken>& admitted, Value& model) {
  Value* vocab = find_entry(model, "vocab");
  if (!vocab || !vocab->if_list()) return;
  Value::List& list = *vocab->if_list();
  double least = 0;
  for (const Value& entry : list) least = std::min(least, (*entry.if_list())[1].as_real());
  for (const VocabularyToken& token : tokenizers.front().tokenizer->tokens) {
    if (!token.is_ordinary) list.emplace_back(Value::List{Value(token.text), Value(least)});
  }
  for (const AdmittedToken& token : admitted) {
    if (token.is_ordinary) {
      const Tokenizer& from = *tokenizers[token.of].tokenizer;
      const Value& theirs = *from.document.find_path("model.vocab");
      list.push_back((*theirs.if_list())[static_cast<std::size_t>(from.find(token.text)->id)]);
    } else if (token.is_new) {
      list.emplace_back(Value::List{Value(token.text), Value(least)});
    }
  }
}

void extend_added(const std::vector<AdmittedToken>& admitted, Value& document) {
  Value* added = find_entry(document, "added_tokens");
  if (!added && document.if_map()) {
    document.if_map()->emplace_back("added_tokens", Value(Value::List{}));
    added = &document.if_map()->back().second;
  }
  if (!added) return;
  if (!added->if_list()) *added = Value(Value::List{});
  Value::List& list = *added->if_list();
  for (const AdmittedToken& token : admitted) {
    if (!token.entry.is_null()) list.push_back(token.entry);
  }
  const auto id_of = [](const Value& entry) {
    const Value* id = entry.find("id");
    return id && id->if_int() ? *id->if_int() : -1;
  };
  std::stable_sort(list.begin(), list.end(),
                   [&](const Value& a, const Value& b) { return id_of(a) < id_of(b); });
}

}  // namespace

Result<std::vector<AdmittedToken>> admit_tokens(const std::vector<NamedTokenizer>& tokenizers) {
  const NamedTokenizer& base = tokenizers.front();
  for (const NamedTokenizer& other : tokenizers) {
    if (other.tokenizer->kind == base.tokenizer->kind) continue;
    return apart(base, other, fmt::format("one is {}", name(base.tokenizer->kind)),
                 fmt::format("the other {}", name(other.tokenizer->kind)));
  }
  std::vector<AdmittedToken> admitted = Admission(tokenizers).admit();
  for (const AdmittedToken& token : admitted) {
    Status status = token.is_ordinary ? can_take_ordinary(tokenizers, token) : Status();
    if (!status) return std::move(status.error());
  }
  return admitted;
}

Value new_added_entry(std::int64_t id, std::string_view text, bool special) {
  return Value(Value::Map{{"id", Value(id)},
                          {"content", Value(text)},
                          {"single_word", Value(false)},
                          {"lstrip", Value(false)},
                          {"rstrip", Value(false)},
                          {"normalized", Value(!special)},
                          {"special", Value(special)}});
}

Value with_tokens(const std::vector<NamedTokenizer>& tokenizers,
                  const std::vector<AdmittedToken>& admitted) {
  const Tokenizer& base = *tokenizers.front().tokenizer;
  Value document = base.document;
  const bool ordinary = std::any_of(admitted.begin(), admitted.end(),
                                    [](const AdmittedToken& token) { return token.is_ordinary; });
  Value* model = find_entry(document, "model");
  if (ordinary && base.kind == TokenizerKind::bpe) extend_merges(tokenizers, admitted, *model);
  if (ordinary && base.kind == TokenizerKind::unigram) {
    extend_scores(tokenizers, admitted, *model);
  } else if (ordinary || first_hole(base) >= 0) {
    extend_ids(base, admitted, *model);
  }
  extend_added(admitted, document);
  return document;
}

void add_to_config(Value& tokenizer_config, const std::vector<AdmittedToken>& admitted) {
  Value* decoder = find_entry(tokenizer_config, "added_tokens_decoder");
  if (!decoder || !decoder->if_map()) return;
  for (const AdmittedToken& token : admitted) {
    if (!token.entry.if_map()) continue;
    Value::Map entry;
    for (const auto& [key, value] : *token.entry.if_map()) {
      if (key != "id") entry.emplace_back(key, value);
    }
    const std::string id = std::to_string(token.id);
    if (!decoder->find(id)) decoder->if_map()->emplace_back(id, Value(std::move(entry)));
  }
}

}  // namespace inarch
