#include <queue>

#include "compiler/support/text.h"
#include "compiler/tokenize/step_fields.h"
#include "compiler/tokenize/token_model.h"

namespace inarch {

namespace {

/// What two tokens side by side become, and which merge of the list that is.
struct Merge {
  std::int64_t rank = 0;
  std::int64_t made = 0;
};

/// A token of a piece, linked to those beside it. One that was merged into its left neighbour is
/// no longer alive.
struct Symbol {
  std::int64_t id = 0;
  std::int64_t before = -1;
  std::int64_t after = -1;
  bool alive = true;
};

/// A merge that may be made at `left`, if both tokens are still what they were.
struct Candidate {
  std::int64_t rank = 0;
  std::int64_t left = 0;
  std::int64_t made = 0;
};
struct IsLater {
  bool operator()(const Candidate& a, const Candidate& b) const {
    return a.rank != b.rank ? a.rank > b.rank : a.left > b.left;
  }
};

constexpr std::uint64_t pair_key(std::int64_t left, std::int64_t right) {
  return (static_cast<std::uint64_t>(left) << 32U) | static_cast<std::uint64_t>(right);
}

class BpeModel : public TokenModel {
 public:
  struct Settings {
    std::string prefix;  // of what continues a word
    std::string suffix;  // of what ends one
    std::int64_t unknown = -1;
    bool byte_fallback = false;
    bool fuse_unknown = false;
    bool ignore_merges = false;
  };

  BpeModel(TokenIds ids, Settings settings)
      : ids_(std::move(ids)), settings_(std::move(settings)) {}

  /// Of merges that come twice the last counts.
  void add_merge(std::string_view left, std::string_view right, std::int64_t rank) {
    const std::int64_t a = id_of(ids_, std::string(left)), b = id_of(ids_, std::string(right));
    const std::int64_t made = id_of(ids_, merged_text(left, right, settings_.prefix));
    if (a >= 0 && b >= 0 && made >= 0) merges_[pair_key(a, b)] = {rank, made};
  }

  Status tokenize(std::string_view piece, std::vector<std::int64_t>& ids) const override {
    if (settings_.ignore_merges) {
      const std::int64_t whole = id_of(ids_, std::string(piece));
      if (whole >= 0) {
        ids.push_back(whole);
        return {};
      }
    }
    std::vector<Symbol> symbols = characters_of(piece);
    merge_all(symbols);
    for (const Symbol& symbol : symbols) {
      if (symbol.alive) ids.push_back(symbol.id);
    }
    return {};
  }

 private:
  /// The tokens that a piece starts from: its characters, or their bytes. What is neither is
  /// unknown, or left out where there is no token for that.
  std::vector<Symbol> characters_of(std::string_view piece) const {
    std::vector<Symbol> symbols;
    const auto add = [&](std::int64_t id) {
      const auto place = static_cast<std::int64_t>(symbols.size());
      if (place > 0) symbols.back().after = place;
      symbols.push_back({id, place - 1, -1, true});
    };
    bool unknown_waits = false;  // those side by side may be one
    for (std::size_t at = 0; at < piece.size();) {
      const std::size_t length = std::max<std::size_t>(decode_utf8(piece, at).length, 1);
      const std::string_view character = piece.substr(at, length);
      const std::int64_t id = id_of(ids_, spelled(character, at == 0, at + length == piece.size()));
      at += length;
      if (id >= 0) {
        if (unknown_waits) add(settings_.unknown);
        unknown_waits = false;
        add(id);
        continue;
      }
      const auto bytes = settings_.byte_fallback
                             ? byte_ids(ids_, spelled(character, at == length, at == piece.size()))
                             : std::vector<std::int64_t>();
      for (const std::int64_t byte : bytes) add(byte);
      if (!bytes.empty() || settings_.unknown < 0) continue;
      if (unknown_waits && !settings_.fuse_unknown) add(settings_.unknown);
      unknown_waits = true;
    }
    if (unknown_waits) add(settings_.unknown);
    return symbols;
  }

  std::string spelled(std::string_view character, bool first, bool last) const {
    std::string text = first ? std::string() : settings_.prefix;
    text += character;
    return last ? text + settings_.suffix : text;
  }

  /// The merge of the least rank first, of equal ones the leftmost.
  void merge_all(std::vector<Symbol>& symbols) const {
    std::priority_queue<Candidate, std::vector<Candidate>, IsLater> queue;
    const auto propose = [&](std::int64_t left) {
      if (left < 0) return;
      const Symbol& symbol = at(symbols, left);
      if (symbol.after < 0) return;
      const auto merge = merges_.find(pair_key(symbol.id, at(symbols, symbol.after).id));
      if (merge != merges_.end()) queue.push({merge->second.rank, left, merge->second.made});
    };
    for (std::size_t k = 0; k + 1 < symbols.size(); ++k) propose(static_cast<std::int64_t>(k));
    while (!queue.empty()) {
      const Candidate next = queue.top();
      queue.pop();
      Symbol& left = at(symbols, next.left);
      if (!left.alive || left.after < 0) continue;
      Symbol& right = at(symbols, left.after);
      const auto merge = merges_.find(pair_key(left.id, right.id));
      if (merge == merges_.end() || merge->second.made != next.made) continue;
      left.id = next.made;
      left.after = right.after;
      right.alive = false;
      if (left.after >= 0) at(symbols, left.after).before = next.left;
      propose(left.before);
      propose(next.left);
    }
  }

  static Symbol& at(std::vector<Symbol>& symbols, std::int64_t place) {
    return symbols[static_cast<std::size_t>(place)];
  }

  TokenIds ids_;
  Settings settings_;
  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace

Result<std::unique_ptr<TokenModel>> make_bpe_model(const Tokenizer& tokenizer) {
  const Value& model = *tokenizer.document.find("model");
  const Value* dropout = model.find("dropout");
  if (dropout && dropout->is_number() && dropout->as_real() != 0)
    return unknown_step("model", "with dropout");
  TokenIds ids = ordinary_ids(tokenizer);
  BpeModel::Settings settings;
  settings.prefix = step_text(model, "continuing_subword_prefix").value_or("");
  settings.suffix = step_text(model, "end_of_word_suffix").value_or("");
  settings.byte_fallback = step_flag(model, "byte_fallback", false);
  settings.fuse_unknown = step_flag(model, "fuse_unk", false);
  settings.ignore_merges = step_flag(model, "ignore_merges", false);
  if (const auto unknown = step_text(model, "unk_token")) settings.unknown = id_of(ids, *unknown);
  auto result = std::make_unique<BpeModel>(std::move(ids), std::move(settings));
  std::int64_t rank = 0;
  for (const Value& merge : *model.find("merges")->if_list()) {
    if (const auto sides = sides_of_merge(merge))
      result->add_merge(sides->first, sides->second, rank++);
  }
  return std::unique_ptr<TokenModel>(std::move(result));
}

}  // namespace inarch
