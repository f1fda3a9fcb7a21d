#include "compiler/mergekit/settings.h"

#include <gtest/gtest.h>

namespace inarch {
namespace {

/// Layers 0 to 3 of a slice, each with two matrices.
SettingScope four_layers() {
  SettingScope scope;
  for (std::int64_t k = 0; k < 4; ++k) {
    for (const char* rest : {"attn.q.weight", "mlp.up.weight"}) {
      scope.names.push_back("layers." + std::to_string(k) + "." + rest);
      scope.rests.emplace_back(rest);
      scope.places.push_back(k);
    }
  }
  scope.count = 4;
  scope.place_text = "i";
  scope.name_text = "'layers.' + text(i) + '.' + name";
  return scope;
}

MergekitCase entry(std::optional<std::string> filter, std::vector<double> values) {
  return {std::move(filter), std::move(values), {1, 1, 2}, {1, 0, 1}};
}

struct Resolved {
  Diagnostics diagnostics;
  std::optional<Setting> setting;

  Resolved(const std::vector<MergekitParameters>& levels, std::optional<double> otherwise,
           const SettingScope& scope = four_layers()) {
    SettingLevels pointers;
    for (const MergekitParameters& level : levels) pointers.push_back(&level);
    SettingResolver resolver(diagnostics);
    setting = resolver.resolve({"weight", true, otherwise, false}, pointers, scope, {}, "a");
    resolver.report_unmatched();
  }
  std::string text() const { return setting ? setting->text : diagnostics.list().front().code; }
};

TEST(MergekitSettings, ASingleValueIsANumber) {
  EXPECT_EQ(Resolved({{{"weight", {}, {entry({}, {0.5})}}}}, {}).text(), "0.5");
  EXPECT_EQ(Resolved({{{"weight", {}, {entry({}, {2, 2})}}}}, {}).text(), "2");
  EXPECT_EQ(Resolved({}, 0.25).text(), "0.25");
  EXPECT_EQ(Resolved({}, {}).text(), "E557");
}

TEST(MergekitSettings, GradientsRunOverTheLayers) {
  const Resolved found({{{"weight", {}, {entry({}, {0, 3})}}}}, {});
  EXPECT_EQ(found.text(), "gradient([0, 3], i, 4)");
  EXPECT_EQ(found.setting->values, (std::vector<double>{0, 0, 1, 1, 2, 2, 3, 3}));
  EXPECT_FALSE(found.setting->constant);
}

TEST(MergekitSettings, WhatIsNoLayerHasTheFirstValueAndASingleLayerTheLast) {
  SettingScope embedding;
  embedding.names = embedding.rests = {"embed.weight"};
  EXPECT_EQ(Resolved({{{"weight", {}, {entry({}, {0, 3})}}}}, {}, embedding).text(), "0");
  SettingScope single = four_layers();
  single.names.resize(2);
  single.rests.resize(2);
  single.places.resize(2);
  single.count = 1;
  EXPECT_EQ(Resolved({{{"weight", {}, {entry({}, {0, 3})}}}}, {}, single).text(), "3");
}

TEST(MergekitSettings, FiltersBecomeConditionsOnTheRestOfTheName) {
  const Resolved found({{{"weight", {}, {entry("mlp", {1}), entry({}, {2})}}}}, {});
  EXPECT_EQ(found.text(), "1 if contains(name, 'mlp') else 2");
  const Resolved layer({{{"weight", {}, {entry("s.2.", {1}), entry({}, {2})}}}}, {});
  EXPECT_EQ(layer.text(), "1 if contains('layers.' + text(i) + '.' + name, 's.2.') else 2");
}

TEST(MergekitSettings, FiltersThatLeaveNothingOverNeedNoLastCondition) {
  EXPECT_EQ(Resolved({{{"weight", {}, {entry("mlp", {1}), entry("attn", {2})}}}}, {}).text(),
            "1 if contains(name, 'mlp') else 2");
  EXPECT_EQ(Resolved({{{"weight", {}, {entry("weight", {1})}}}}, {}).text(), "1");
}

TEST(MergekitSettings, EntriesWithOneValueAreJoined) {
  SettingScope scope = four_layers();
  scope.rests[1] = "norm.weight";
  scope.names[1] = "layers.0.norm.weight";
  const Resolved found({{{"weight", {}, {entry("mlp", {0}), entry("norm", {0}), entry({}, {2})}}}},
                       {}, scope);
  EXPECT_EQ(found.text(), "0 if contains(name, 'mlp') or contains(name, 'norm') else 2");
}

TEST(MergekitSettings, WhatNoFilterFitsFallsToTheNextLevel) {
  const Resolved found(
      {{{"weight", {}, {entry("mlp", {1})}}}, {}, {{"weight", {}, {entry({}, {3})}}}}, {});
  EXPECT_EQ(found.text(), "1 if contains(name, 'mlp') else 3");
  EXPECT_EQ(Resolved({{{"weight", {}, {entry("mlp", {1})}}}}, {}).text(), "E557");
  EXPECT_EQ(Resolved({{{"weight", {}, {entry("mlp", {1})}}}}, 7.0).text(),
            "1 if contains(name, 'mlp') else 7");
}

TEST(MergekitSettings, FiltersThatFitNothingAreToldOf) {
  const Resolved found({{{"weight", {}, {entry("mpl", {1}), entry({}, {2})}}}}, {});
  ASSERT_EQ(found.diagnostics.errors(), 1u);
  EXPECT_EQ(found.diagnostics.list().front().code, "E563");
}

}  // namespace
}  // namespace inarch
