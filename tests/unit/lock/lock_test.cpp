#include "runtime/lock/lock.h"

#include <string>

#include <gtest/gtest.h>

#include "compiler/support/sha256.h"
#include "runtime/lock/base64.h"
#include "runtime/lock/rebuild.h"

namespace inarch {
namespace {

Lock small_lock() {
  LockedSource source;
  source.name = "text";
  source.place = LockedPlace{true, "org/model", "", std::string(40, 'a')};
  const std::string config = "{\n  \"hidden_size\": 8\n}\n", blob("\0\xFE\x01", 3);
  source.files = {
      {"config.json", static_cast<std::int64_t>(config.size()), sha256_hex(config), config},
      {"spiece.model", 3, sha256_hex(blob), blob},
      {"tokenizer.json", 5'000'000, sha256_hex(""), std::nullopt}};
  source.others = {"README.md"};
  TensorInfo tensor;
  tensor.name = "a.weight";
  tensor.dtype = DType::u8;
  tensor.shape = {2};
  tensor.offset = 100;
  tensor.bytes = 2;
  source.tensors = {tensor};
  source.values[0] = "xy";
  source.shards = {
      {"model.safetensors", 102, 100, sha256_hex("h"), sha256_hex("s"), sha256_hex("w")}};
  return {{source}, {{"groups.json", 7, sha256_hex("groups"), std::nullopt}}};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string fault_of(const std::string& text) {
  const auto lock = read_lock(text, "recipe.lock");
  return lock ? "" : lock.error().code + " " + lock.error().message;
}

TEST(Lock, ReadsWhatItWrites) {
  const std::string text = write_lock(small_lock());
  const auto lock = read_lock(text, "recipe.lock");
  ASSERT_TRUE(lock.ok()) << lock.error().message;
  EXPECT_EQ(write_lock(*lock), text);
  const LockedSource* source = lock->find("text");
  ASSERT_NE(source, nullptr);
  EXPECT_EQ(source->place->commit, std::string(40, 'a'));
  EXPECT_EQ(source->find_file("config.json")->content, "{\n  \"hidden_size\": 8\n}\n");
  EXPECT_EQ(source->find_file("spiece.model")->content, std::string("\0\xFE\x01", 3));
  EXPECT_FALSE(source->find_file("tokenizer.json")->content.has_value());
  EXPECT_EQ(source->values.at(0), "xy");
  EXPECT_EQ(source->tensors[0].offset, 100);
}

TEST(Lock, BecomesACheckpoint) {
  const auto checkpoint = rebuild_checkpoint(small_lock().sources[0], "models/x/");
  ASSERT_TRUE(checkpoint.ok());
  EXPECT_EQ(checkpoint->location, "models/x");
  EXPECT_EQ(checkpoint->files[0].path, "models/x/model.safetensors");
  EXPECT_EQ(*checkpoint->config.find("hidden_size")->if_int(), 8);
  EXPECT_EQ(checkpoint->side_files, (std::vector<std::string>{"README.md", "config.json",
                                                              "spiece.model", "tokenizer.json"}));
  ASSERT_NE(checkpoint->find("a.weight"), nullptr);
}

TEST(Lock, OfAnAdapterIsAFileInItsDirectory) {
  LockedSource source = small_lock().sources[0];
  source.is_adapter = source.is_single_file = true;
  source.shards[0].name = "adapter_model.safetensors";
  EXPECT_EQ(rebuild_checkpoint(source, "lora")->location, "lora/adapter_model.safetensors");
  const std::string file = "lora/adapter_model.safetensors";
  EXPECT_EQ(rebuild_checkpoint(source, file)->files[0].path, file);
  EXPECT_EQ(directory_of_locked(source, file), "lora");
}

TEST(Lock, PathOfARecipe) {
  EXPECT_EQ(lock_path_of("a/recipe.yaml"), "a/recipe.lock");
  EXPECT_EQ(lock_path_of("merge.yml"), "merge.lock");
  EXPECT_EQ(lock_path_of("recipe"), "recipe.lock");
}

TEST(Lock, Faults) {
  const std::string text = write_lock(small_lock());
  EXPECT_EQ(
      fault_of("{\n\"schema\": 1,\n\n"),
      "E440 line 4: not valid JSON: syntax error while parsing object key - unexpected end of "
      "input; expected string literal");
  EXPECT_EQ(fault_of("[]"), "E440 expected an object, not a list");
  EXPECT_EQ(fault_of(replaced(text, "inarch/lock/1", "inarch/lock/2")),
            "E440 the schema is 'inarch/lock/2', expected inarch/lock/1");
  EXPECT_EQ(fault_of(replaced(text, "\"size\": 102", "\"size\": 103")),
            "E440 sources.text.shards[0]: its tensors end at byte 102 and it has 103");
  EXPECT_EQ(fault_of(replaced(text, "\"size\": 102", "\"size\": 101")),
            "E440 sources.text.shards[0]: tensor 'a.weight' ends behind the end of its file");
  EXPECT_EQ(fault_of(replaced(text, "\"size\": 102", "\"size\": -1")),
            "E440 sources.text.shards[0]: 'size' is no size");
  EXPECT_EQ(fault_of(replaced(text, "\"model.safetensors\"", "\"../model.safetensors\"")),
            "E440 sources.text.shards[0]: 'name' leads out of the directory");
  EXPECT_EQ(fault_of(replaced(text, "hidden_size", "hidden_tall")),
            "E440 sources.text.files[0]: 'config.json' has another content than its digest says");
  EXPECT_EQ(fault_of(replaced(text, "\"others\"", "\"other\"")),
            "E440 sources.text: 'others' is missing");
  EXPECT_EQ(fault_of(replaced(text, "org/model", "org")),
            "E440 sources.text: 'org' is no model of a hub, expected org/name");
  EXPECT_EQ(fault_of(replaced(text, "\"header_bytes\"", "\"new\": 1,\n\"header_bytes\"")),
            "E440 sources.text.shards[0]: it has keys that this version does not know");
  for (std::size_t length = 0; length + 2 < text.size(); length += 7)
    EXPECT_NE(fault_of(text.substr(0, length)), "") << length;
}

TEST(Base64, RoundTrip) {
  for (const std::string& bytes : {std::string(), std::string("f"), std::string("fo"),
                                   std::string("foo"), std::string("\xFF\0\xFE\x80", 4)})
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes);
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  for (const char* bad : {"Zg", "Zg=", "Zh==", "Z===", "Zg==Zg==", "Zm9v\n", "Z_9v"})
    EXPECT_FALSE(from_base64(bad).has_value()) << bad;
}

}  // namespace
}  // namespace inarch
