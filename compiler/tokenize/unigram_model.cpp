#include <algorithm>
#include <limits>

#include "compiler/support/text.h"
#include "compiler/tokenize/byte_trie.h"
#include "compiler/tokenize/step_fields.h"
#include "compiler/tokenize/token_model.h"

namespace inarch {

namespace {

constexpr double unknown_penalty = 10;  // below the least score of all tokens

/// The best way to get to a byte: the last token of it.
struct BestPath {
  std::int64_t id = -1;
  double score = 0;
  std::size_t begin = 0;
  bool is_reached = false;

  void offer(const BestPath& other) {
    if (!is_reached || other.score > score) *this = other;
  }
};

/// The tokens of the greatest sum of scores.
class UnigramModel : public TokenModel {
 public:
  UnigramModel(const Tokenizer& tokenizer, std::int64_t unknown, bool byte_fallback)
      : ids_(ordinary_ids(tokenizer)), unknown_(unknown), byte_fallback_(byte_fallback) {
    double least = std::numeric_limits<double>::infinity();
    for (const Value& entry : *tokenizer.document.find("model")->find("vocab")->if_list()) {
      const Value::List& pair = *entry.if_list();
      trie_.add(*pair[0].if_text(), static_cast<std::int64_t>(scores_.size()));
      scores_.push_back(pair[1].as_real());
      least = std::min(least, scores_.back());
    }
    unknown_score_ = least - unknown_penalty;
  }

  Status tokenize(std::string_view piece, std::vector<std::int64_t>& ids) const override {
    std::vector<BestPath> paths(piece.size() + 1);
    for (std::size_t at = 0; at < piece.size();) {
      const std::size_t length = std::max<std::size_t>(decode_utf8(piece, at).length, 1);
      const double score = paths[at].score;
      bool is_token = false;  // this character alone
      trie_.for_each_prefix(piece.substr(at), [&](std::size_t size, std::int64_t id) {
        const double more = scores_[static_cast<std::size_t>(id)];
        paths[at + size].offer({id, score + more, at, true});
        is_token = is_token || size == length;
      });
      if (!is_token) {
        if (unknown_ < 0) return no_unknown_token(piece.substr(at, length));
        paths[at + length].offer({unknown_, score + unknown_score_, at, true});
      }
      at += length;
    }
    add_tokens(piece, paths, ids);
    return {};
  }

 private:
  /// Unknown characters side by side are one.
  void add_tokens(std::string_view piece, const std::vector<BestPath>& paths,
                  std::vector<std::int64_t>& ids) const {
    std::vector<std::pair<std::size_t, std::size_t>> parts;  // from the last to the first
    bool was_unknown = false;
    for (std::size_t end = piece.size(); end > 0; end = paths[end].begin) {
      const bool unknown = paths[end].id == unknown_;
      if (unknown && was_unknown) {
        parts.back().first = paths[end].begin;
      } else {
        parts.emplace_back(paths[end].begin, end);
      }
      was_unknown = unknown;
    }
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      const std::string text(piece.substr(part->first, part->second - part->first));
      const std::int64_t id = id_of(ids_, text);
      const auto bytes =
          id < 0 && byte_fallback_ ? byte_ids(ids_, text) : std::vector<std::int64_t>();
      ids.insert(ids.end(), bytes.begin(), bytes.end());
      if (bytes.empty()) ids.push_back(id < 0 ? unknown_ : id);
    }
  }

  TokenIds ids_;
  ByteTrie trie_;
  std::vector<double> scores_;
  std::int64_t unknown_;
  bool byte_fallback_;
  double unknown_score_ = 0;
};

}  // namespace

Result<std::unique_ptr<TokenModel>> make_unigram_model(const Tokenizer& tokenizer) {
  const Value& model = *tokenizer.document.find("model");
  const Value* unknown = model.find("unk_id");
  const std::int64_t id = unknown && unknown->if_int() ? *unknown->if_int() : -1;
  return std::unique_ptr<TokenModel>(
      std::make_unique<UnigramModel>(tokenizer, id, step_flag(model, "byte_fallback", false)));
}

}  // namespace inarch
