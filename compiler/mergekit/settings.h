#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/mergekit/config.h"
#include "compiler/mergekit/methods.h"

namespace inarch {

/// Tensors that one rule makes, as its parameters see them.
struct SettingScope {
  std::vector<std::string> names;    // full names, by which filters go
  std::vector<std::string> rests;    // what the rule's `{name...}` is in each
  std::vector<std::int64_t> places;  // of the layer within its slice; empty for no layers
  std::int64_t count = 0;            // layers of the slice
  std::string place_text;            // an expression for the place: "i - 8"
  std::string name_text;             // an expression for the full name
  std::string rest_text = "name";    // for what `rests` has

  std::size_t size() const { return names.size(); }
};

/// Tensors of a scope that have one value of a parameter.
struct SettingPiece {
  std::string condition;  // on the rule's words; "" for all that are left
  std::string value;
};

/// A parameter over the tensors of a scope.
struct Setting {
  std::string text;                  // an expression
  std::vector<double> values;        // by tensor
  std::vector<SettingPiece> pieces;  // the first that fits holds
  Span span;                         // of what gives it; unknown for a default
  bool constant = true;              // the same for all
};

/// The pieces as one expression; the last one stands for all that are left.
std::string pieces_text(const std::vector<SettingPiece>& pieces);

/// Levels of `parameters`, the most specific first.
using SettingLevels = std::vector<const MergekitParameters*>;

/// Looks parameters up, and remembers which filters have met a tensor.
class SettingResolver {
 public:
  explicit SettingResolver(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  /// The parameter `info` for the tensors of a scope: by the first entry whose filter fits a name,
  /// from the first level that has one, and `info.otherwise` where none fits. E557 at `asked` when
  /// there is nothing; `whose` names the model in it.
  std::optional<Setting> resolve(const MergekitParameterInfo& info, const SettingLevels& levels,
                                 const SettingScope& scope, Span asked, const std::string& whose);

  /// E563 for every filter that has met no tensor.
  void report_unmatched();

 private:
  void report_missing(const MergekitParameterInfo& info,
                      const std::vector<const MergekitCase*>& cases, const std::string& tensor,
                      Span asked, const std::string& whose);
  void note_filters(const std::vector<const MergekitCase*>& cases, const SettingScope& scope);

  Diagnostics& diagnostics_;
  std::set<const MergekitCase*> matched_;
  std::vector<const MergekitCase*> filters_;  // in the order of their first use
};

}  // namespace inarch
