#include "runtime/cli/diff_report.h"

#include "compiler/core/json.h"
#include "tests/unit/cli/small_checkpoint.h"
#include "tests/unit/cli/special_numbers.h"

namespace inarch {
namespace {

std::vector<SmallTensor> layers(int count) {
  std::vector<SmallTensor> tensors;
  for (int k = 0; k < count; ++k)
    tensors.push_back({"l." + std::to_string(k) + ".w", DType::f32, {2}, {1, 2}});
  return tensors;
}

DiffReport diff(const std::vector<SmallTensor>& a, const std::vector<SmallTensor>& b,
                const DiffOptions& options = {}) {
  const SmallCheckpoint first(a), second(b);
  NoProgress progress;
  Diagnostics diagnostics;
  auto report = compare_checkpoints(*first, *second, options, progress, diagnostics);
  EXPECT_TRUE(report.has_value());
  DiffReport result = report ? std::move(*report) : DiffReport();
  result.a.location = "a";
  result.b.location = "b";
  return result;
}

TEST(DiffReport, EqualModelsAreIdentical) {
  const DiffReport report = diff(layers(3), layers(3));
  EXPECT_TRUE(report.identical());
  EXPECT_EQ(report.tensors(Difference::none), 3);
  EXPECT_EQ(diff_summary(report), "all 3 tensors are equal");
  EXPECT_EQ(diff_text(report, false, 100), "A  a  (3 tensors, 24 B)\nB  b  (3 tensors, 24 B)\n\n");
}

TEST(DiffReport, SortsOutEveryKindOfDifference) {
  auto a = layers(3), b = layers(3);
  a.push_back({"only.a", DType::f32, {1}, {1}});
  b.push_back({"only.b", DType::bf16, {1}, {1}});
  a.push_back({"shape", DType::f32, {2}, {1, 2}});
  b.push_back({"shape", DType::f32, {1, 2}, {1, 2}});
  a.push_back({"type", DType::f32, {2}, {1, 2}});
  b.push_back({"type", DType::f16, {2}, {1, 2}});
  b[1].values = {1, 3};
  const DiffReport report = diff(a, b);
  EXPECT_FALSE(report.identical());
  for (const Difference difference : {Difference::only_in_a, Difference::only_in_b,
                                      Difference::shape, Difference::dtype, Difference::values})
    EXPECT_EQ(report.tensors(difference), 1) << static_cast<int>(difference);
  EXPECT_EQ(report.tensors(Difference::none), 2);
  EXPECT_EQ(diff_summary(report),
            "1 only in A, 1 only in B, 1 of another shape, 1 of another type, 1 with other "
            "values; 2 equal");
  EXPECT_EQ(diff_text(report, false, 100), R"(A  a  (6 tensors, 44 B)
B  b  (6 tensors, 38 B)

only in A  type  shape  tensors  size
only.a     f32     [1]        1   4 B

only in B  type  shape  tensors  size
only.b     bf16    [1]        1   2 B

other shape  in A     in B        tensors
shape        f32 [2]  f32 [1, 2]        1

other type (f32, f16)  tensors  rel. L2  max diff    cosine  differ
type                         1        0         0  1.000000       0

other values  tensors  rel. L2  max diff    cosine  differ
l.1.w               1    0.447         1  0.989949  50.0 %

)");
}

TEST(DiffReport, JoinsFamiliesWorstFirstAndNamesTheWorstMember) {
  auto a = layers(4), b = layers(4);
  a.push_back({"n.0", DType::f32, {1}, {1}});
  b.push_back({"n.0", DType::f32, {1}, {3}});
  for (auto& tensor : b) {
    if (tensor.name[0] == 'l') tensor.values[1] += 0.1;
  }
  b[2].values[1] += 1;
  const DiffReport report = diff(a, b);
  ASSERT_EQ(report.lines.size(), 2u);
  EXPECT_EQ(report.lines[0].group.text(), "n.0");
  EXPECT_EQ(report.lines[1].group.text(), "l.{0..3}.w");
  EXPECT_EQ(report.lines[1].worst, "l.2.w");
  EXPECT_EQ(report.lines[1].distance->count, 8);
  EXPECT_EQ(report.lines[1].distance->differing, 4);
}

TEST(DiffReport, HeadersOnlyReadsNoValues) {
  auto a = layers(2), b = layers(2);
  b[0].values = {5, 5};
  DiffOptions options;
  options.headers_only = true;
  const DiffReport report = diff(a, b, options);
  EXPECT_TRUE(report.identical());
  EXPECT_EQ(diff_summary(report), "all 2 tensors are alike in type and shape");
}

TEST(DiffReport, APatternRestrictsBothSides) {
  auto a = layers(2), b = layers(2);
  a.push_back({"only.a", DType::f32, {1}, {1}});
  b[0].values = {5, 5};
  DiffOptions options;
  options.pattern = "l.1.{x}";
  const DiffReport report = diff(a, b, options);
  EXPECT_TRUE(report.identical());
  EXPECT_EQ(diff_summary(report), "the only tensor is equal");
  EXPECT_EQ(report.a.tensors, 1);
}

TEST(DiffReport, SinglesHaveALineEach) {
  DiffOptions options;
  options.single = true;
  const DiffReport report = diff(layers(3), layers(3), options);
  EXPECT_EQ(report.lines.size(), 3u);
  EXPECT_NE(diff_text(report, true, 100).find("l.2.w"), std::string::npos);
}

TEST(DiffReport, CountsPairsThatHaveNoDistance) {
  const DiffReport report =
      diff({{"x", DType::f32, {2}, {1, 2}}}, {{"x", DType::f32, {2}, {1, nan}}});
  EXPECT_NE(diff_text(report, false, 100).find("1 differing pairs"), std::string::npos);
}

TEST(DiffReport, EscapesHostileNames) {
  const DiffReport report = diff({{"x\x1b[31m", DType::f32, {1}, {1}}}, layers(1));
  const std::string text = diff_text(report, false, 100);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("x\\x1b[31m"), std::string::npos);
}

TEST(DiffJson, HasWhatItPromises) {
  auto a = layers(2), b = layers(2);
  b[0].values = {0, 0};
  a.push_back({"only", DType::f32, {}, {1}});
  const DiffReport report = diff(a, b);
  const auto json = parse_json(diff_json(report, true), "out");
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(*json->find("schema"), Value("inarch/diff/1"));
  EXPECT_EQ(*json->find("identical"), Value(false));
  EXPECT_EQ(*json->find("compared"), Value("values"));
  EXPECT_EQ(*json->find_path("a.tensors"), Value(3));
  EXPECT_EQ(*json->find_path("values.groups.0.name"), Value("l.0.w"));
  EXPECT_EQ(*json->find_path("values.groups.0.distance.relative_l2"), Value(1.0));
  EXPECT_EQ(*json->find_path("values.groups.0.distance.worst.name"), Value("l.0.w"));
  EXPECT_EQ(*json->find_path("only_in_a.groups.0.a.dtype"), Value("f32"));
  EXPECT_TRUE(json->find_path("only_in_a.groups.0.b")->is_null());
  EXPECT_TRUE(json->find_path("only_in_a.groups.0.distance")->is_null());
  EXPECT_EQ(*json->find_path("equal.tensors"), Value(1));
  EXPECT_EQ(*json->find_path("equal.groups.0.name"), Value("l.1.w"));
  const auto brief = parse_json(diff_json(report, false), "out");
  EXPECT_EQ(brief->find_path("equal.groups"), nullptr);
}

}  // namespace
}  // namespace inarch
