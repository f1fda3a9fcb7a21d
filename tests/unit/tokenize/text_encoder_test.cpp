#include "compiler/tokenize/text_encoder.h"

#include <gtest/gtest.h>

#include "compiler/core/json.h"

namespace inarch {

namespace {

/// A byte-fallback BPE over "a b ab abb ▁", with <s> and <x> as added tokens.
std::string document(const std::string& normalizer = "null",
                     const std::string& pre_tokenizer = "null",
                     const std::string& post_processor = "null",
                     const std::string& more_of_model = "") {
  return R"({"added_tokens": [
      {"id": 1, "content": "<s>", "special": true, "normalized": false},
      {"id": 9, "content": "<x>", "lstrip": true, "rstrip": true, "normalized": false}],
    "normalizer": )" +
         normalizer + R"(, "pre_tokenizer": )" + pre_tokenizer + R"(, "post_processor": )" +
         post_processor + R"(, "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": true,
    "vocab": {"<unk>": 0, "<s>": 1, "a": 2, "b": 3, "ab": 4, "abb": 5, "▁": 6, "bb": 7, "<0x21>": 8},
    "merges": ["a b", ["ab", "b"], "b b"])" +
         more_of_model + "}}";
}

using Ids = std::vector<std::int64_t>;

Ids encoded(const std::string& tokenizer, std::string_view text,
            SpecialTokens special = SpecialTokens::as_model, const std::string& bos = "") {
  EncoderSettings settings;
  settings.bos = bos;
  const auto encoder = TextEncoder::from_json(tokenizer, settings);
  EXPECT_TRUE(encoder) << encoder.error().message;
  if (!encoder) return {};
  const auto ids = encoder->encode(text, special);
  EXPECT_TRUE(ids) << ids.error().message;
  return ids ? *ids : Ids();
}

std::string code_of(const std::string& tokenizer) {
  const auto encoder = TextEncoder::from_json(tokenizer);
  return encoder ? "" : encoder.error().code;
}

}  // namespace

TEST(text_encoder, merges_the_least_rank_first_and_the_leftmost_of_equals) {
  EXPECT_EQ(encoded(document(), "abb"), (Ids{5}));
  EXPECT_EQ(encoded(document(), "bbb"), (Ids{7, 3}));
  EXPECT_EQ(encoded(document(), "abbb"), (Ids{5, 3}));
  EXPECT_EQ(encoded(document(), ""), Ids());
}

TEST(text_encoder, unknown_characters_are_bytes_or_unknown) {
  EXPECT_EQ(encoded(document(), "a!b"), (Ids{2, 8, 3}));
  EXPECT_EQ(encoded(document(), "a?,b"), (Ids{2, 0, 0, 3}));
  EXPECT_EQ(encoded(document("null", "null", "null", R"(, "fuse_unk": true)"), "a?,b"),
            (Ids{2, 0, 3}));
}

TEST(text_encoder, ignored_merges_take_a_whole_piece) {
  const std::string plain = document("null", "null", "null", R"(, "ignore_merges": true)");
  EXPECT_EQ(encoded(plain, "bb"), (Ids{7}));
  EXPECT_EQ(encoded(plain, "<unk>"), (Ids{0}));
}

TEST(text_encoder, added_tokens_take_the_spaces_they_ask_for) {
  EXPECT_EQ(encoded(document(), "a  <x>  b"), (Ids{2, 9, 3}));
  EXPECT_EQ(encoded(document(), "<x> <x>"), (Ids{9, 9}));
}

TEST(text_encoder, words_at_the_start_alone_get_a_mark) {
  const std::string first =
      document("null", R"({"type": "Metaspace", "prepend_scheme": "first", "split": false})");
  EXPECT_EQ(encoded(first, "a<x>a"), (Ids{6, 2, 9, 2}));
  EXPECT_EQ(encoded(first, "a a"), (Ids{6, 2, 6, 2}));
  EXPECT_EQ(encoded(first, "a", SpecialTokens::bos, "<s>"), (Ids{1, 2}));
}

TEST(text_encoder, special_tokens_are_those_of_the_post_processor_or_one_bos) {
  const std::string framed = document("null", "null", R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}],
      "special_tokens": {"<s>": {"ids": [1]}}})");
  EXPECT_EQ(encoded(framed, "a"), (Ids{1, 2}));
  EXPECT_EQ(encoded(framed, "a", SpecialTokens::none), (Ids{2}));
  EXPECT_EQ(encoded(framed, "a", SpecialTokens::bos, "<s>"), (Ids{1, 2}));
  EXPECT_EQ(encoded(framed, "a", SpecialTokens::bos), (Ids{2}));
}

TEST(text_encoder, unigram_takes_the_greatest_sum_of_scores) {
  const std::string unigram = R"({"model": {"type": "Unigram", "unk_id": 0, "vocab":
      [["<unk>", 0], ["a", -1], ["b", -1], ["ab", -1.5], ["aba", -2.6]]}})";
  EXPECT_EQ(encoded(unigram, "aba"), (Ids{3, 1}));
  EXPECT_EQ(encoded(unigram, "a??b"), (Ids{1, 0, 2}));
}

TEST(text_encoder, a_long_word_takes_no_time) {
  std::string word;
  for (int k = 0; k < 300'000; ++k) word += "ab";
  EXPECT_EQ(encoded(document(), word).size(), 300'000U);
}

TEST(text_encoder, what_is_not_known_is_named) {
  EXPECT_EQ(code_of(document("null", "null", "null", R"(, "dropout": 0.1)")), "E591");
  EXPECT_EQ(code_of(document(R"({"type": "Precompiled"})")), "E591");
  EXPECT_EQ(code_of(document("null", R"({"type": "Split"})")), "E591");
  EXPECT_EQ(code_of(document("null", R"({"type": "Split", "behavior": "Removed",
      "pattern": {"Regex": "\\G"}})")),
            "E592");
  EXPECT_EQ(code_of(document("null", "null", R"({"type": "Sequence"})")), "E591");
  EXPECT_EQ(code_of("{}"), "E542");
}

TEST(text_encoder, a_text_that_is_no_utf_8_has_no_ids) {
  const auto encoder = TextEncoder::from_json(document());
  ASSERT_TRUE(encoder);
  const auto ids = encoder->encode("a\xff", SpecialTokens::none);
  ASSERT_FALSE(ids);
  EXPECT_EQ(ids.error().code, "E593");
}

TEST(text_encoder, settings_are_those_of_tokenizer_config) {
  const auto config =
      parse_json(R"({"bos_token": {"content": "<b>"}, "add_bos_token": false})", "c");
  const EncoderSettings settings = read_encoder_settings(*config);
  EXPECT_EQ(settings.bos, "<b>");
  EXPECT_FALSE(settings.add_bos);
  EXPECT_FALSE(settings.add_eos);
}

TEST(text_encoder, no_model_of_sentencepiece) {
  const auto encoder = TextEncoder::from_sentencepiece("none");
  ASSERT_FALSE(encoder);
  EXPECT_EQ(encoder.error().code, "E591");
}

}  // namespace inarch
