#include "compiler/vocabulary/tokenizer.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

void expect_fault(std::string_view text, std::string_view part) {
  const auto result = read_tokenizer(text, "tokenizer.json");
  ASSERT_FALSE(result) << text;
  EXPECT_EQ(result.error().code, "E542");
  EXPECT_EQ(result.error().subject, "tokenizer.json");
  EXPECT_NE(result.error().message.find(part), std::string::npos) << result.error().message;
}

TEST(ReadTokenizer, KnowsOrdinaryAndAddedTokens) {
  const auto read = read_tokenizer(
      R"({"added_tokens": [{"id": 0, "content": "<s>"}, {"id": 3, "content": "<x>"}],
          "model": {"type": "BPE", "vocab": {"<s>": 0, "b": 2, "a": 1}, "merges": []}})",
      "t");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->kind, TokenizerKind::bpe);
  EXPECT_EQ(read->size(), 4);
  ASSERT_EQ(read->tokens.size(), 4U);
  EXPECT_EQ(read->tokens[1].text, "a");
  EXPECT_TRUE(read->find("<s>")->is_added && read->find("<s>")->is_ordinary);
  EXPECT_TRUE(read->find("<x>")->is_added && !read->find("<x>")->is_ordinary);
  EXPECT_EQ(read->find(std::int64_t{2})->text, "b");
  EXPECT_EQ(read->find("c"), nullptr);
  EXPECT_EQ(read->added_entry(3)->find("content")->if_text()[0], "<x>");
}

TEST(ReadTokenizer, StaysWholeWhenItIsMoved) {
  auto read = read_tokenizer(R"({"model": {"type": "WordLevel", "vocab": {"a": 0, "b": 1}}})", "t");
  ASSERT_TRUE(read);
  const Tokenizer moved = std::move(*read);
  EXPECT_EQ(moved.find("b")->id, 1);
}

TEST(ReadTokenizer, IdsOfAUnigramArePlaces) {
  const auto read =
      read_tokenizer(R"({"model": {"type": "Unigram", "vocab": [["a", -1.5], ["b", 0]]}})", "t");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find("b")->id, 1);
}

TEST(ReadTokenizer, RefusesWhatContradictsItself) {
  expect_fault("{", "JSON");
  expect_fault("{}", "no 'model'");
  expect_fault(R"({"model": {"type": "Morse"}})", "Morse");
  expect_fault(R"({"model": {"type": "WordLevel", "vocab": [1]}})", "no mapping");
  expect_fault(R"({"model": {"type": "WordLevel", "vocab": {"a": "b"}}})", "no id");
  expect_fault(R"({"model": {"type": "WordLevel", "vocab": {"a": -1}}})", "-1");
  expect_fault(R"({"model": {"type": "WordLevel", "vocab": {"a": 16777216}}})", "16777216");
  expect_fault(R"({"model": {"type": "WordLevel", "vocab": {"a": 1, "b": 1}}})", "have the id 1");
  expect_fault(R"({"model": {"type": "Unigram", "vocab": [["a", 1], ["a", 2]]}})", "0 and 1");
  expect_fault(R"({"model": {"type": "Unigram", "vocab": [["a"]]}})", "no token with a score");
  expect_fault(R"({"model": {"type": "BPE", "vocab": {"a": 0}}})", "'merges' is no list");
  expect_fault(R"({"model": {"type": "BPE", "vocab": {"a": 0, "aa": 1}, "merges": ["a  a"]}})",
               "no pair");
  expect_fault(R"({"model": {"type": "BPE", "vocab": {"a": 0}, "merges": ["a a"]}})", "'aa'");
  expect_fault(R"({"added_tokens": [{"id": 0}], "model": {"type": "WordLevel", "vocab": {}}})",
               "lacks");
}

TEST(ReadTokenizer, RefusesAddedTokensThatLoadersNumberAnew) {
  expect_fault(R"({"added_tokens": [{"id": 2, "content": "<x>"}],
                   "model": {"type": "WordLevel", "vocab": {"a": 0}}})",
               "loaded as 1");
}

TEST(Merges, AreTextsOrPairs) {
  EXPECT_EQ(sides_of_merge(Value("a b"))->second, "b");
  EXPECT_EQ(sides_of_merge(Value(Value::List{Value("a "), Value("b")}))->first, "a ");
  EXPECT_FALSE(sides_of_merge(Value("ab")));
  EXPECT_FALSE(sides_of_merge(Value(1)));
  EXPECT_EQ(merged_text("a", "##b", "##"), "ab");
}

TEST(ByteLevel, IsFoundInSequences) {
  const auto read = [](std::string_view text) { return read_tokenizer(text, "t")->document; };
  EXPECT_TRUE(is_byte_level(read(
      R"({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split"}, {"type": "ByteLevel"}]},
          "model": {"type": "WordLevel", "vocab": {}}})")));
  EXPECT_FALSE(is_byte_level(
      read(R"({"decoder": {"type": "Metaspace"}, "model": {"type": "WordLevel", "vocab": {}}})")));
}

}  // namespace
}  // namespace inarch
