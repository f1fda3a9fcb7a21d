#include "compiler/support/sizes.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

TEST(ParseSize, KnowsDecimalAndBinaryUnits) {
  EXPECT_EQ(parse_size("512"), 512);
  EXPECT_EQ(parse_size("512B"), 512);
  EXPECT_EQ(parse_size("5GB"), 5'000'000'000);
  EXPECT_EQ(parse_size("5 GB"), 5'000'000'000);
  EXPECT_EQ(parse_size("2GiB"), 2'147'483'648);
  EXPECT_EQ(parse_size("1.5GB"), 1'500'000'000);
  EXPECT_EQ(parse_size("0"), 0);
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text : {"", "GB", "-1", "1.GB", ".5GB", "1.5", "1.5B", "5 apples", "5GBx", "1e3",
                           "99999999999999999999", "9300PB", "9300000000TB", "0x10", " 5"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(FormatSizes, KeepThreeDigits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1'920'000'000), "1.92 GB");
  EXPECT_EQ(format_bytes(19'200'000), "19.2 MB");
  EXPECT_EQ(format_bytes(192'000), "192 kB");
  EXPECT_EQ(format_bytes(5'000'000'000'000'000), "5000 TB");
}

TEST(FormatSizes, RoundingReachesTheNextUnit) {
  EXPECT_EQ(format_bytes(999'999), "1.00 MB");
  EXPECT_EQ(format_bytes(9'999'999), "10.0 MB");
  EXPECT_EQ(format_bytes(99'960'000), "100 MB");
  EXPECT_EQ(format_memory(2'147'483'648), "2.00 GiB");
  EXPECT_EQ(format_memory(1'073'741'823), "1.00 GiB");
}

TEST(FormatCount, GroupsThousands) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(960'477'824), "960,477,824");
  EXPECT_EQ(format_count(-1234), "-1,234");
}

}  // namespace
}  // namespace inarch
