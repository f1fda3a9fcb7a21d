#include "compiler/recipe/bind_vocabulary.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/recipe/bind_config.h"
#include "compiler/recipe/bind_files.h"
#include "compiler/recipe/expand.h"
#include "compiler/recipe/tokenizer_store.h"
#include "compiler/recipe/vocabulary_files.h"
#include "compiler/support/text.h"
#include "compiler/vocabulary/unite.h"

namespace inarch {

namespace {

std::string quoted(std::string_view text) {
  return fmt::format("'{}'", escape_for_terminal(text, 60));
}

class VocabularyBinder {
 public:
  VocabularyBinder(const VocabularyDecl& declaration, const BindOptions& options,
                   BoundRecipe& bound, Diagnostics& diagnostics)
      : declaration_(declaration),
        options_(options),
        bound_(bound),
        diagnostics_(diagnostics),
        store_(options, bound, diagnostics) {}

  void bind() {
    const std::size_t before = diagnostics_.errors();
    if (!bind_sources() || !bind_base() || !bind_owner() || !admit()) return;
    number_tokens();
    for (const TokenDecl& token : declaration_.tokens) bind_token(token);
    if (!declaration_.tokens.empty()) number_tokens();
    if (diagnostics_.errors() != before) return;
    if (declaration_.keep) keep_some();
    if (diagnostics_.errors() != before) return;
    find_rows();
    bind_size();
    if (diagnostics_.errors() != before) return;
    write_vocabulary_files({declaration_, parts_, admitted_, kept_}, options_, bound_, result_,
                           diagnostics_);
    bound_.vocabulary = std::move(result_);
  }

 private:
  // ---- whose

  bool bind_sources() {
    if (!declaration_.sources.empty()) {
      for (const VocabularySourceDecl& source : declaration_.sources) {
        const auto index = bind_source_name(source.source, *bound_.globals, bound_, diagnostics_);
        const auto reads = source.tokenizer ? bind_source_name(*source.tokenizer, *bound_.globals,
                                                               bound_, diagnostics_)
                                            : index;
        if (!index || !reads || !add_source(*index, *reads, source.source.span)) return false;
      }
      return true;
    }
    if (is_union()) {
      for (std::uint32_t s = 0; s < bound_.sources.size(); ++s) {
        if (!add_source(s, s, declaration_.span)) return false;
      }
      return true;
    }
    const auto index = bind_source_name(*declaration_.from, *bound_.globals, bound_, diagnostics_);
    return index && add_source(*index, *index, declaration_.span);
  }

  bool is_union() const {
    return declaration_.from->parts.size() == 1 && declaration_.from->parts[0].text == "union";
  }

  bool add_source(std::uint32_t source, std::uint32_t reads, Span span) {
    if (std::find(result_.sources.begin(), result_.sources.end(), source) !=
        result_.sources.end()) {
      diagnostics_.add(
          error("E544", fmt::format("the source '{}' is named twice", bound_.sources[source].name))
              .at(span));
      return false;
    }
    const auto tokenizer = store_.open(reads, span);
    if (!tokenizer) return false;
    result_.sources.push_back(source);
    result_.tokenizers.emplace(source, tokenizer);
    return true;
  }

  bool bind_base() {
    if (!declaration_.base) return true;
    const auto value = evaluate(*declaration_.base, *bound_.globals, diagnostics_);
    if (!value) return false;
    const std::string word = to_text(*value);
    const auto place = word == "none" ? std::nullopt : place_of(word, declaration_.base->span);
    result_.layout.base = place ? static_cast<std::int32_t>(*place) : -1;
    return place || word == "none";
  }

  /// Which of the vocabulary's sources is called that.
  std::optional<std::size_t> place_of(const std::string& word, Span span) {
    const auto source = find_source(word, span, bound_, diagnostics_);
    if (!source) return std::nullopt;
    const auto at = std::find(result_.sources.begin(), result_.sources.end(), *source);
    if (at != result_.sources.end()) return at - result_.sources.begin();
    diagnostics_.add(error("E544", fmt::format("'{}' is none of the vocabulary's sources", word))
                         .at(span)
                         .hint("sources: [ … ] names those whose rows there are"));
    return std::nullopt;
  }

  bool bind_owner() {
    if (is_union()) {
      result_.owner = result_.sources.front();
      return true;
    }
    const auto owner = bind_source_name(*declaration_.from, *bound_.globals, bound_, diagnostics_);
    if (!owner) return false;
    result_.owner = *owner;
    const auto tokenizer = result_.tokenizers.count(*owner) != 0
                               ? result_.tokenizers.at(*owner)
                               : store_.open(*owner, declaration_.from->span);
    if (tokenizer) result_.tokenizers.emplace(*owner, tokenizer);
    return tokenizer != nullptr;
  }

  // ---- tokens

  bool admit() {
    parts_.push_back(
        {bound_.sources[result_.owner].name, result_.tokenizers.at(result_.owner).get()});
    if (!is_union()) return true;
    for (std::size_t k = 1; k < result_.sources.size(); ++k) {
      const std::uint32_t source = result_.sources[k];
      parts_.push_back({bound_.sources[source].name, result_.tokenizers.at(source).get()});
    }
    auto admitted = admit_tokens(parts_);
    if (!admitted) {
      diagnostics_.add(std::move(admitted.error())
                           .at(declaration_.span)
                           .hint("from: SOURCE takes that source's vocabulary for all"));
      return false;
    }
    admitted_ = std::move(*admitted);
    return true;
  }

  /// The owner's tokens and those that were admitted.
  void number_tokens() {
    VocabularyLayout& layout = result_.layout;
    layout.tokens.clear();
    layout.texts.clear();
    const auto put = [&](std::int64_t id, const std::string& text) {
      layout.tokens.push_back(id);
      layout.texts.push_back(text);
      result_.ids.try_emplace(text, id);
    };
    for (const VocabularyToken& token : parts_.front().tokenizer->tokens) put(token.id, token.text);
    for (const AdmittedToken& token : admitted_) {
      if (token.is_new) put(token.id, token.text);
    }
  }

  void bind_token(const TokenDecl& token) {
    auto known = result_.ids.find(token.text);
    if (known == result_.ids.end()) {
      const std::int64_t id = next_id();
      auto entry = entry_for(token, id);
      if (!entry) return report_unknown(token);
      admitted_.push_back({id, token.text, false, true, std::move(*entry), 0});
      known = result_.ids.emplace(token.text, id).first;
    }
    const auto instruction = instruction_of(token);
    if (instruction) instructions_.emplace_back(known->second, *instruction);
  }

  /// The entry of `added_tokens` for a token that the vocabulary gets: that of a source, or a new
  /// one. Nothing where no source has it and the recipe does not say that it is new.
  std::optional<Value> entry_for(const TokenDecl& token, std::int64_t id) const {
    bool there = token.add;
    for (const std::uint32_t source : result_.sources) {
      const Tokenizer& tokenizer = *result_.tokenizers.at(source);
      const VocabularyToken* found = tokenizer.find(token.text);
      const Value* theirs = found ? tokenizer.added_entry(found->id) : nullptr;
      there = there || found;
      if (!theirs) continue;
      Value entry = *theirs;
      if (Value* number = find_entry(entry, "id")) *number = Value(id);
      return entry;
    }
    return there ? std::optional(new_added_entry(id, token.text, token.special)) : std::nullopt;
  }

  std::int64_t next_id() const {
    std::int64_t next = result_.layout.tokens.empty() ? 0 : result_.layout.tokens.back() + 1;
    for (const AdmittedToken& token : admitted_) next = std::max(next, token.id + 1);
    return next;
  }

  void report_unknown(const TokenDecl& token) {
    std::vector<std::string> added;  // ordinary tokens are many, and what is near them says little
    for (const auto& [source, tokenizer] : result_.tokenizers) {
      for (const VocabularyToken& other : tokenizer->tokens) {
        if (other.is_added) added.push_back(other.text);
      }
    }
    const std::string near = nearest(token.text, added);
    diagnostics_.add(
        error("E544", fmt::format("no source of the vocabulary has a token {}", quoted(token.text)))
            .at(token.span)
            .hint(near.empty() ? "add: true adds it"
                               : fmt::format("did you mean {}? add: true adds it", quoted(near))));
  }

  std::optional<RowInstruction> instruction_of(const TokenDecl& token) {
    RowInstruction instruction;
    instruction.force = token.force;
    const auto from = evaluate(*token.from, *bound_.globals, diagnostics_);
    if (!from) return std::nullopt;
    const std::string word = to_text(*from);
    const bool names_row = token.token || token.id;
    if (!names_row && (word == "zero" || word == "mean")) {
      instruction.kind = word == "zero" ? RowInstruction::Kind::zero : RowInstruction::Kind::mean;
      return instruction;
    }
    const auto source = place_of(word, token.from->span);
    if (!source) return std::nullopt;
    instruction.kind = RowInstruction::Kind::row;
    instruction.source = *source;
    const auto id = row_of(token, result_.sources[*source], word);
    if (!id) return std::nullopt;
    instruction.id = *id;
    return instruction;
  }

  /// The id that a token's row has in its source.
  std::optional<std::int64_t> row_of(const TokenDecl& token, std::uint32_t source,
                                     const std::string& name) {
    if (token.id) {
      const auto value = evaluate(*token.id, *bound_.globals, diagnostics_);
      if (!value) return std::nullopt;
      YamlNode scalar;
      scalar.kind = YamlNode::Kind::scalar;
      scalar.text = to_text(*value);
      const Value read = scalar_value(scalar);
      if (read.if_int() && *read.if_int() >= 0 && *read.if_int() < most_token_ids)
        return *read.if_int();
      diagnostics_.add(
          error("E544", fmt::format("{} is no id", quoted(scalar.text))).at(token.id->span));
      return std::nullopt;
    }
    std::string text = token.text;
    if (token.token) {
      const auto value = evaluate(*token.token, *bound_.globals, diagnostics_);
      if (!value) return std::nullopt;
      text = to_text(*value);
    }
    const VocabularyToken* found = result_.tokenizers.at(source)->find(text);
    if (found) return found->id;
    diagnostics_.add(
        error("E544", fmt::format("the source '{}' has no token {}", name, quoted(text)))
            .at(token.token ? token.token->span : token.from->span)
            .hint("from: zero, mean, or { source: NAME, token: \"…\" }"));
    return std::nullopt;
  }

  // ---- a selection

  void keep_some() {
    const auto value = evaluate_argument(*declaration_.keep, *bound_.globals, diagnostics_);
    if (!value) return;
    const Value::List* list = value->if_list();
    if (!list || list->empty()) {
      diagnostics_.add(error("E548", "'keep' must be a list of ids and tokens, and not empty")
                           .at(declaration_.keep->span));
      return;
    }
    std::map<std::int64_t, std::string> texts;
    for (const auto& [text, id] : result_.ids) texts.emplace(id, text);
    std::map<std::int64_t, std::int64_t> seen;  // ids and their new ones
    for (const Value& item : *list) {
      const auto id = id_of(item);
      const bool there = id && texts.count(*id) != 0;
      const bool fresh = there && seen.emplace(*id, static_cast<std::int64_t>(seen.size())).second;
      if (!fresh) return report_kept(item, there);
      kept_.push_back(*id);
    }
    renumber(texts, seen);
  }

  std::optional<std::int64_t> id_of(const Value& item) const {
    if (item.if_int()) return *item.if_int();
    const auto known = item.if_text() ? result_.ids.find(*item.if_text()) : result_.ids.end();
    return known == result_.ids.end() ? std::nullopt : std::optional(known->second);
  }

  void report_kept(const Value& item, bool there) {
    diagnostics_.add(
        error("E548", fmt::format("'keep' names {}, which {}", quoted(to_text(item)),
                                  there ? "it has already" : "is no token of the vocabulary"))
            .at(declaration_.keep->span));
  }

  void renumber(const std::map<std::int64_t, std::string>& texts,
                const std::map<std::int64_t, std::int64_t>& now) {
    VocabularyLayout& layout = result_.layout;
    layout.tokens.clear();
    layout.texts.clear();
    result_.ids.clear();
    result_.keeps_ids = false;
    for (std::size_t k = 0; k < kept_.size(); ++k) {
      layout.tokens.push_back(static_cast<std::int64_t>(k));
      layout.texts.push_back(texts.at(kept_[k]));
      result_.ids.emplace(layout.texts.back(), layout.tokens.back());
    }
    std::vector<std::pair<std::int64_t, RowInstruction>> left;
    for (const auto& [id, instruction] : instructions_) {
      const auto found = now.find(id);
      if (found != now.end()) left.emplace_back(found->second, instruction);
    }
    instructions_ = std::move(left);
  }

  // ---- rows

  void find_rows() {
    VocabularyLayout& layout = result_.layout;
    for (const std::uint32_t source : result_.sources) {
      const Tokenizer& tokenizer = *result_.tokenizers.at(source);
      std::vector<std::int64_t>& ids = layout.ids.emplace_back();
      for (const std::string& text : layout.texts) {
        const VocabularyToken* token = tokenizer.find(text);
        ids.push_back(token ? token->id : -1);
      }
    }
    for (const auto& [id, instruction] : instructions_) {
      const auto at = std::lower_bound(layout.tokens.begin(), layout.tokens.end(), id);
      layout.instructions.emplace(static_cast<std::size_t>(at - layout.tokens.begin()),
                                  instruction);
    }
  }

  std::optional<std::int64_t> size_of(const ExprPtr& expression, std::string_view what,
                                      std::int64_t least) {
    const auto value = evaluate(*expression, *bound_.globals, diagnostics_);
    if (!value) return std::nullopt;
    const std::int64_t* size = value->if_int();
    if (size && *size >= least && *size <= most_token_ids) return *size;
    diagnostics_.add(
        error("E548", fmt::format("'{}' must be an integer from {} to {}, not {}", what, least,
                                  most_token_ids, escape_for_terminal(to_text(*value))))
            .at(expression->span));
    return std::nullopt;
  }

  void bind_size() {
    VocabularyLayout& layout = result_.layout;
    if (layout.tokens.empty()) {
      diagnostics_.add(error("E548", "the vocabulary has no tokens").at(declaration_.span));
      return;
    }
    layout.rows = layout.tokens.back() + 1;
    if (declaration_.rows) {
      layout.rows = size_of(declaration_.rows, "rows", layout.rows).value_or(layout.rows);
    } else if (declaration_.pad_to_multiple_of) {
      const std::int64_t multiple =
          size_of(declaration_.pad_to_multiple_of, "pad_to_multiple_of", 1).value_or(1);
      layout.rows = (layout.rows + multiple - 1) / multiple * multiple;
    }
  }

  const VocabularyDecl& declaration_;
  const BindOptions& options_;
  BoundRecipe& bound_;
  Diagnostics& diagnostics_;
  TokenizerStore store_;
  BoundVocabulary result_;
  std::vector<NamedTokenizer> parts_;  // what the result is made of, the owner's first
  std::vector<AdmittedToken> admitted_;
  std::vector<std::int64_t> kept_;  // ids, before they are numbered anew; empty: all
  std::vector<std::pair<std::int64_t, RowInstruction>> instructions_;  // by ids of the result
};

}  // namespace

void bind_vocabulary(const VocabularyDecl& declaration, const BindOptions& options,
                     BoundRecipe& bound, Diagnostics& diagnostics) {
  VocabularyBinder(declaration, options, bound, diagnostics).bind();
}

}  // namespace inarch
