#include "compiler/vocabulary/trim.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

Diagnostic left_out(std::string_view text, std::string_view what) {
  return error("E548", fmt::format("'keep' leaves out '{}', which the tokenizer needs: {}",
                                   escape_for_terminal(text, 60), what));
}

/// Renumbers a document in place; the first token that is missed ends it.
class Trimmer {
 public:
  Trimmer(const Tokenizer& tokenizer, const std::vector<std::int64_t>& kept)
      : tokenizer_(tokenizer), kept_(kept) {
    for (const std::int64_t id : kept) {
      new_ids_.emplace(tokenizer.find(id)->text, static_cast<std::int64_t>(new_ids_.size()));
    }
  }

  Status trim(Value& document) {
    Value* model = find_entry(document, "model");
    if (tokenizer_.kind == TokenizerKind::unigram) {
      trim_scores(*model);
    } else {
      trim_ids(*model);
    }
    if (tokenizer_.kind == TokenizerKind::bpe) trim_merges(*model);
    trim_added(document);
    if (Value* padding = find_entry(document, "padding"))
      renumber(*padding, "pad_token", "pad_id", "its padding");
    if (Value* post = find_entry(document, "post_processor")) trim_post_processor(*post);
    return missed_ ? Status(std::move(*missed_)) : Status();
  }

 private:
  void miss(std::string_view text, std::string_view what) {
    if (!missed_) missed_ = left_out(text, what);
  }

  std::int64_t id_of(std::string_view text, std::string_view what) {
    const auto found = new_ids_.find(text);
    if (found != new_ids_.end()) return found->second;
    miss(text, what);
    return 0;
  }

  /// Entries for added tokens, too: loaders number those that have none from the end on.
  void trim_ids(Value& model) {
    Value::Map vocab;
    for (const std::int64_t id : kept_) {
      const std::string& text = tokenizer_.find(id)->text;
      vocab.emplace_back(text, Value(new_ids_.at(text)));
    }
    *find_entry(model, "vocab") = Value(std::move(vocab));
    const Value* unknown = model.find("unk_token");
    if (unknown && unknown->if_text() && tokenizer_.find(*unknown->if_text()))
      id_of(*unknown->if_text(), "it stands for what is unknown");
  }

  void trim_scores(Value& model) {
    const Value::List before = *model.find("vocab")->if_list();
    double least = 0;
    for (const Value& entry : before) least = std::min(least, (*entry.if_list())[1].as_real());
    Value::List vocab;
    for (const std::int64_t id : kept_) {
      const auto place = static_cast<std::size_t>(id);
      const Value added(Value::List{Value(tokenizer_.find(id)->text), Value(least)});
      vocab.push_back(place < before.size() ? before[place] : added);
    }
    *find_entry(model, "vocab") = Value(std::move(vocab));
    Value* unknown = find_entry(model, "unk_id");
    const VocabularyToken* token =
        unknown && unknown->if_int() ? tokenizer_.find(*unknown->if_int()) : nullptr;
    if (token) *unknown = Value(id_of(token->text, "it stands for what is unknown"));
  }

  void trim_merges(Value& model) {
    Value::List& merges = *find_entry(model, "merges")->if_list();
    const std::string_view prefix = continuing_prefix(tokenizer_.document);
    const auto is_left = [&](std::string_view text) { return new_ids_.count(text) != 0; };
    const auto goes = [&](const Value& merge) {
      const auto sides = sides_of_merge(merge);
      return !sides || !is_left(sides->first) || !is_left(sides->second) ||
             !is_left(merged_text(sides->first, sides->second, prefix));
    };
    merges.erase(std::remove_if(merges.begin(), merges.end(), goes), merges.end());
  }

  void trim_added(Value& document) {
    Value* added = find_entry(document, "added_tokens");
    if (!added || !added->if_list()) return;
    Value::List left;
    for (Value& entry : *added->if_list()) {
      const auto found = new_ids_.find(*entry.find("content")->if_text());
      if (found == new_ids_.end()) continue;
      *find_entry(entry, "id") = Value(found->second);
      left.push_back(std::move(entry));
    }
    std::sort(left.begin(), left.end(), [](const Value& a, const Value& b) {
      return *a.find("id")->if_int() < *b.find("id")->if_int();
    });
    *added = Value(std::move(left));
  }

  void renumber(Value& part, std::string_view text, std::string_view id, std::string_view what) {
    const Value* name = part.find(text);
    Value* number = find_entry(part, id);
    if (name && name->if_text() && number && number->if_int())
      *number = Value(id_of(*name->if_text(), what));
  }

  /// Templates have ids in `special_tokens`, those of BERT and RoBERTa in `sep` and `cls`.
  void trim_post_processor(Value& post) {
    constexpr std::string_view what = "its post-processor puts it in";
    if (Value* steps = find_entry(post, "processors"); steps && steps->if_list()) {
      for (Value& step : *steps->if_list()) trim_post_processor(step);
    }
    for (const std::string_view key : {"sep", "cls"}) {
      Value* pair = find_entry(post, key);
      Value::List* list = pair ? pair->if_list() : nullptr;
      if (list && list->size() == 2 && (*list)[0].if_text())
        (*list)[1] = Value(id_of(*(*list)[0].if_text(), what));
    }
    Value* special = find_entry(post, "special_tokens");
    if (!special || !special->if_map()) return;
    for (auto& [name, entry] : *special->if_map()) {
      const Value* tokens = entry.find("tokens");
      Value* ids = find_entry(entry, "ids");
      if (!tokens || !tokens->if_list() || !ids) continue;
      Value::List now;
      for (const Value& token : *tokens->if_list())
        now.emplace_back(token.if_text() ? id_of(*token.if_text(), what) : 0);
      *ids = Value(std::move(now));
    }
  }

  const Tokenizer& tokenizer_;
  const std::vector<std::int64_t>& kept_;
  std::unordered_map<std::string_view, std::int64_t> new_ids_;
  std::optional<Diagnostic> missed_;
};

/// The text of `"<s>"` or `{"content": "<s>", …}`; null for anything else.
const std::string* token_text(const Value& value) {
  const Value* content = value.find("content");
  return content ? content->if_text() : value.if_text();
}

/// A file that gives tokens roles by their texts.
class RoleTrimmer {
 public:
  RoleTrimmer(const Tokenizer& tokenizer, const std::vector<std::int64_t>& kept)
      : tokenizer_(tokenizer), kept_(kept.begin(), kept.end()) {}

  Status trim(Value& config) const {
    for (auto& [key, value] : *config.if_map()) {
      if (key.ends_with("_token")) {
        const std::string* text = token_text(value);
        if (text && goes(*text)) return left_out(*text, fmt::format("it is its '{}'", key));
      } else if (key.ends_with("_special_tokens")) {
        Status status = value.if_map() ? trim(value) : Status();
        if (!status) return status;
        if (value.if_list()) trim_list(*value.if_list());
      }
    }
    return {};
  }

 private:
  /// A token that the tokenizer never had is not this one's to judge.
  bool goes(std::string_view text) const {
    const VocabularyToken* token = tokenizer_.find(text);
    return token && kept_.count(token->id) == 0;
  }

  void trim_list(Value::List& tokens) const {
    const auto is_gone = [&](const Value& token) {
      const std::string* text = token_text(token);
      return text && goes(*text);
    };
    tokens.erase(std::remove_if(tokens.begin(), tokens.end(), is_gone), tokens.end());
  }

  const Tokenizer& tokenizer_;
  std::unordered_set<std::int64_t> kept_;
};

void trim_decoder(Value& decoder, const std::vector<std::int64_t>& kept) {
  Value::Map left;
  for (std::size_t k = 0; k < kept.size(); ++k) {
    Value* entry = find_entry(decoder, std::to_string(kept[k]));
    if (entry) left.emplace_back(std::to_string(k), std::move(*entry));
  }
  decoder = Value(std::move(left));
}

}  // namespace

Result<Value> trimmed(const Tokenizer& tokenizer, const std::vector<std::int64_t>& kept) {
  Value document = tokenizer.document;
  Status status = Trimmer(tokenizer, kept).trim(document);
  if (!status) return std::move(status.error());
  return document;
}

Status trim_config(Value& config, const Tokenizer& tokenizer,
                   const std::vector<std::int64_t>& kept) {
  if (!config.if_map()) return {};
  Value* decoder = find_entry(config, "added_tokens_decoder");
  if (decoder && decoder->if_map()) trim_decoder(*decoder, kept);
  return RoleTrimmer(tokenizer, kept).trim(config);
}

}  // namespace inarch
