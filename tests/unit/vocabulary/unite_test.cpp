#include "compiler/vocabulary/unite.h"

#include <gtest/gtest.h>

#include "compiler/core/json.h"
#include "compiler/vocabulary/trim.h"

namespace inarch {
namespace {

Tokenizer read(std::string_view text) {
  auto result = read_tokenizer(text, "tokenizer.json");
  if (!result) ADD_FAILURE() << text << ": " << result.error().message;
  return result ? std::move(*result) : Tokenizer();
}

std::string at(const Value& document, std::string_view path) {
  const Value* found = document.find_path(path);
  return found ? write_json(*found, JsonStyle::compact) : "nothing";
}

std::string united(const Tokenizer& base, const Tokenizer& other, std::string_view path) {
  const std::vector<NamedTokenizer> both = {{"base", &base}, {"a", &other}};
  const auto admitted = admit_tokens(both);
  if (!admitted) return admitted.error().message;
  const Value document = with_tokens(both, *admitted);
  // What was written is read again, and has every token of both.
  const Tokenizer again = read(write_json(document, JsonStyle::compact));
  for (const Tokenizer* one : {&base, &other}) {
    for (const VocabularyToken& token : one->tokens)
      EXPECT_NE(again.find(token.text), nullptr) << token.text;
  }
  for (const VocabularyToken& token : base.tokens) EXPECT_EQ(again.find(token.text)->id, token.id);
  return at(document, path);
}

const char* const base_bpe =
    R"({"added_tokens": [{"id": 4, "content": "<s>"}], "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3}, "merges": ["a b"]}})";

TEST(Unite, BpeBringsTheMergesOfNewTokens) {
  const Tokenizer base = read(base_bpe);
  const Tokenizer other = read(
      R"({"decoder": {"type": "ByteLevel"},
          "model": {"type": "BPE", "vocab": {"c": 0, "a": 1, "b": 2, "bc": 3, "abc": 4, "ab": 5},
                    "merges": [["b", "c"], ["a", "bc"], ["a", "b"]]}})");
  EXPECT_EQ(united(base, other, "model.merges"), R"(["a b", "b c", "a bc"])");
  EXPECT_EQ(united(base, other, "model.vocab"),
            R"({"a": 0, "b": 1, "c": 2, "ab": 3, "<s>": 4, "bc": 5, "abc": 6})");
  EXPECT_EQ(united(base, other, "added_tokens"), R"([{"id": 4, "content": "<s>"}])");
}

TEST(Unite, AddedTokensAloneLeaveTheModelAsItIs) {
  const Tokenizer base = read(base_bpe);
  const Tokenizer other = read(
      R"({"added_tokens": [{"id": 1, "content": "<x>", "special": true}, {"id": 2, "content": "b"}],
          "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}})");
  EXPECT_EQ(united(base, other, "model.vocab"), R"({"a": 0, "b": 1, "c": 2, "ab": 3})");
  EXPECT_EQ(united(base, other, "added_tokens"),
            R"([{"id": 1, "content": "b"}, {"id": 4, "content": "<s>"}, )"
            R"({"id": 5, "content": "<x>", "special": true}])");
}

TEST(Unite, UnigramHasAnEntryForEachId) {
  const Tokenizer base = read(
      R"({"added_tokens": [{"id": 1, "content": "<s>"}],
          "model": {"type": "Unigram", "vocab": [["a", -2.5]]}})");
  const Tokenizer other = read(
      R"({"added_tokens": [{"id": 2, "content": "<x>"}],
          "model": {"type": "Unigram", "vocab": [["b", -1.0], ["a", -2.0]]}})");
  EXPECT_EQ(united(base, other, "model.vocab"),
            R"([["a", -2.5], ["<s>", -2.5], ["b", -1.0], ["<x>", -2.5]])");
}

TEST(Unite, RefusesOtherKindsAndAlphabets) {
  const Tokenizer base = read(base_bpe);
  EXPECT_NE(united(base, read(R"({"model": {"type": "WordLevel", "vocab": {}}})"), "")
                .find("one is BPE and the other WordLevel"),
            std::string::npos);
  EXPECT_NE(united(base, read(R"({"model": {"type": "BPE", "vocab": {"x": 0}, "merges": []}})"), "")
                .find("spells bytes"),
            std::string::npos);
}

TEST(Unite, TheConfigNamesNewAddedTokens) {
  auto config = parse_json(R"({"added_tokens_decoder": {"0": {"content": "<s>"}}})", "c");
  add_to_config(*config, {{7, "<x>", false, true, new_added_entry(7, "<x>", true), 0}});
  EXPECT_EQ(at(*config, "added_tokens_decoder.7.content"), "\"<x>\"");
  EXPECT_EQ(at(*config, "added_tokens_decoder.7.id"), "nothing");
}

TEST(Trim, RenumbersWhateverNamesATokenById) {
  const Tokenizer all = read(
      R"({"added_tokens": [{"id": 4, "content": "<s>"}, {"id": 5, "content": "<x>"}],
          "padding": {"pad_id": 4, "pad_token": "<s>"},
          "post_processor": {"type": "Sequence", "processors": [
            {"type": "TemplateProcessing",
             "special_tokens": {"<s>": {"id": "<s>", "ids": [4], "tokens": ["<s>"]}}},
            {"type": "RobertaProcessing", "sep": ["<s>", 4], "cls": ["a", 0]}]},
          "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3},
                    "merges": ["a b"]}})");
  const auto left = trimmed(all, {4, 3, 1, 0});
  ASSERT_TRUE(left);
  EXPECT_EQ(at(*left, "model.vocab"), R"({"<s>": 0, "ab": 1, "b": 2, "a": 3})");
  EXPECT_EQ(at(*left, "model.merges"), R"(["a b"])");
  EXPECT_EQ(at(*left, "added_tokens"), R"([{"id": 0, "content": "<s>"}])");
  EXPECT_EQ(at(*left, "padding.pad_id"), "0");
  EXPECT_EQ(at(*left, "post_processor.processors.0.special_tokens.<s>.ids"), "[0]");
  EXPECT_EQ(at(*left, "post_processor.processors.1.sep"), R"(["<s>", 0])");
  EXPECT_EQ(at(*left, "post_processor.processors.1.cls"), R"(["a", 3])");
  EXPECT_EQ(at(*trimmed(all, {4, 0, 3}), "model.merges"), "[]");
  const auto missed = trimmed(all, {0, 1});
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error().code, "E548");
}

TEST(Trim, AnUnknownTokenThatIsNotThereIsNotMissed) {
  const Tokenizer all =
      read(R"({"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}, "unk_token": "?"}})");
  EXPECT_TRUE(trimmed(all, {1}));
}

TEST(Trim, RolesAreOfTokensThatAreLeft) {
  const Tokenizer all = read(base_bpe);
  const auto config = [](std::string_view text) { return *parse_json(text, "c"); };
  Value kept = config(
      R"({"added_tokens_decoder": {"4": {"content": "<s>"}, "0": {"content": "a"}},
          "bos_token": {"content": "<s>"}, "pad_token": "elsewhere", "add_bos_token": true,
          "additional_special_tokens": ["a", "<s>"]})");
  EXPECT_TRUE(trim_config(kept, all, {1, 4}));
  EXPECT_EQ(at(kept, "added_tokens_decoder"), R"({"1": {"content": "<s>"}})");
  EXPECT_EQ(at(kept, "additional_special_tokens"), R"(["<s>"])");
  Value role = config(R"({"bos_token": "<s>"})");
  const Status missed = trim_config(role, all, {0, 1});
  ASSERT_FALSE(missed);
  EXPECT_NE(missed.error().message.find("bos_token"), std::string::npos);
  Value named = config(R"({"extra_special_tokens": {"image_token": "<s>"}})");
  EXPECT_FALSE(trim_config(named, all, {0, 1}));
}

}  // namespace
}  // namespace inarch
