#include "compiler/core/name_index.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace inarch {
namespace {

struct Names {
  auto name_of() const {
    return [this](std::size_t i) -> std::string_view { return names[i]; };
  }
  explicit Names(std::vector<std::string> list)
      : names(std::move(list)), index(names.size(), name_of()) {}

  std::optional<std::uint32_t> find(std::string_view name) const {
    return index.find(name, name_of());
  }

  std::vector<std::string> names;
  NameIndex index;
};

TEST(NameIndex, FindsTheFirstOfAName) {
  const Names names({"b", "a", "b", "", "a"});
  EXPECT_EQ(names.find("a"), 1u);
  EXPECT_EQ(names.find("b"), 0u);
  EXPECT_EQ(names.find(""), 3u);
  EXPECT_EQ(names.find("c"), std::nullopt);
  EXPECT_EQ(names.index.repeated(names.name_of()), (std::vector<std::uint32_t>{2, 4}));
}

TEST(NameIndex, MayBeEmpty) {
  const Names names({});
  EXPECT_EQ(names.find("a"), std::nullopt);
  EXPECT_EQ(NameIndex().find("a", names.name_of()), std::nullopt);
  EXPECT_TRUE(names.index.repeated(names.name_of()).empty());
}

TEST(NameIndex, TellsManyApart) {
  std::vector<std::string> list;
  for (int i = 0; i < 20000; ++i) list.push_back("layers." + std::to_string(i % 15000) + ".w");
  const Names names(std::move(list));
  for (std::uint32_t i = 0; i < 15000; ++i) EXPECT_EQ(names.find(names.names[i]), i);
  EXPECT_EQ(names.find("layers.15000.w"), std::nullopt);
  const auto repeated = names.index.repeated(names.name_of());
  ASSERT_EQ(repeated.size(), 5000u);
  EXPECT_EQ(repeated.front(), 15000u);
  EXPECT_EQ(repeated.back(), 19999u);
}

}  // namespace
}  // namespace inarch
