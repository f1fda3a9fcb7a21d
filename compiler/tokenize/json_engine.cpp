#include <unordered_map>

#include "compiler/tokenize/added_tokens.h"
#include "compiler/tokenize/normalizer.h"
#include "compiler/tokenize/post_processor.h"
#include "compiler/tokenize/pre_tokenizer.h"
#include "compiler/tokenize/text_encoder.h"
#include "compiler/tokenize/token_model.h"

namespace inarch {

namespace {

constexpr std::size_t longest_known = 64;      // bytes of a piece whose ids are remembered
constexpr std::size_t most_known = 1U << 16U;  // pieces of one text

/// The steps of a tokenizer.json, in order: added tokens that stand for themselves, normalizer,
/// other added tokens, pre-tokenizer, model.
class JsonEngine : public TextEncoder::Engine {
 public:
  JsonEngine(TextNormalizer normalizer, PreTokenizer pre_tokenizer, AddedTokens added,
             std::unique_ptr<TokenModel> model, TokenFrame frame, std::string bos)
      : normalizer_(std::move(normalizer)),
        pre_tokenizer_(std::move(pre_tokenizer)),
        added_(std::move(added)),
        model_(std::move(model)),
        frame_(std::move(frame)),
        bos_(std::move(bos)) {}

  Status encode(std::string_view text, std::vector<std::int64_t>& ids) const override {
    Run run{ids, {}};
    for (const AddedPart& part : added_.find_plain(text)) {
      if (part.id >= 0) {
        ids.push_back(part.id);
        continue;
      }
      const std::string_view between = text.substr(part.begin, part.end - part.begin);
      Status status = encode_part(between, part.begin == 0, run);
      if (!status) return status;
    }
    return {};
  }

  void frame(std::vector<std::int64_t>& ids) const override {
    ids.insert(ids.begin(), frame_.before.begin(), frame_.before.end());
    ids.insert(ids.end(), frame_.after.begin(), frame_.after.end());
  }

  Status encode_behind_bos(std::string_view text, std::vector<std::int64_t>& ids) const override {
    return encode(bos_ + std::string(text), ids);
  }

 private:
  struct Run {
    std::vector<std::int64_t>& ids;
    std::unordered_map<std::string, std::vector<std::int64_t>> known;  // words come again
  };

  Status encode_part(std::string_view text, bool at_start, Run& run) const {
    const auto normal = normalizer_.apply(std::string(text));
    if (!normal) return normal.error();
    for (const AddedPart& part : added_.find_normalized(*normal)) {
      if (part.id >= 0) {
        run.ids.push_back(part.id);
        continue;
      }
      auto pieces = pre_tokenizer_.apply(
          {normal->substr(part.begin, part.end - part.begin), at_start && part.begin == 0});
      if (!pieces) return pieces.error();
      for (const TextPiece& piece : *pieces) {
        Status status = encode_piece(piece.text, run);
        if (!status) return status;
      }
    }
    return {};
  }

  Status encode_piece(const std::string& piece, Run& run) const {
    if (piece.size() > longest_known || run.known.size() >= most_known)
      return model_->tokenize(piece, run.ids);
    const auto [entry, is_new] = run.known.try_emplace(piece);
    if (is_new) {
      Status status = model_->tokenize(piece, entry->second);
      if (!status) return status;
    }
    run.ids.insert(run.ids.end(), entry->second.begin(), entry->second.end());
    return {};
  }

  TextNormalizer normalizer_;
  PreTokenizer pre_tokenizer_;
  AddedTokens added_;
  std::unique_ptr<TokenModel> model_;
  TokenFrame frame_;
  std::string bos_;
};

}  // namespace

Result<TextEncoder> TextEncoder::from_json(std::string_view text, const EncoderSettings& settings) {
  const auto tokenizer = read_tokenizer(text, "tokenizer.json");
  if (!tokenizer) return tokenizer.error();
  const Value& document = tokenizer->document;
  auto normalizer = TextNormalizer::read(document.find("normalizer"));
  if (!normalizer) return normalizer.error();
  auto pre_tokenizer = PreTokenizer::read(document.find("pre_tokenizer"));
  if (!pre_tokenizer) return pre_tokenizer.error();
  auto added = AddedTokens::read(*tokenizer, *normalizer);
  if (!added) return added.error();
  auto model = make_token_model(*tokenizer);
  if (!model) return model.error();
  auto frame = read_token_frame(document.find("post_processor"));
  if (!frame) return frame.error();
  return TextEncoder(std::make_shared<const JsonEngine>(
      std::move(*normalizer), std::move(*pre_tokenizer), std::move(*added), std::move(*model),
      std::move(*frame), settings.bos));
}

}  // namespace inarch
