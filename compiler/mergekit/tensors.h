#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compiler/mergekit/slices.h"

namespace inarch {

/// Which tensors a merge takes of its models, and whether they fit one another. `donor` is the
/// model whose config the result has. A model is told of once for each kind of fault.
class MergeTensors {
 public:
  MergeTensors(const MergekitView& donor, Diagnostics& diagnostics)
      : donor_(donor), diagnostics_(diagnostics) {}

  /// Whether a tensor of a model is left out: what is stored twice, or is no weight.
  bool is_dropped(const MergekitView& view, const std::string& tensor) const;
  /// The layers of a model by their prefix, or null.
  const LayerStack* find_stack(const MergekitView& view, std::string_view prefix) const;
  /// Whether the checkpoint has layers that its config does not count.
  bool layers_are_cut(const MergekitView& view) const;
  /// Whether the result has a head that its first model has not.
  bool lacks_head(const PlannedModule& module, const MergekitView& first) const;

  /// The name under which a model has what the result calls `tensor`: a head that is tied is its
  /// embedding. E566 when it has neither.
  std::optional<std::string> name_in(const SliceInput& input, const std::string& tensor);
  /// E567 or E568 unless the tensors of a merge, one for each input, have one shape; the number of
  /// their rows is not looked at without `rows`.
  bool same_shapes(const PlannedSlice& slice, const std::vector<std::string>& names, bool rows);
  /// E568 where a model's embedding or head, which the result has as it is, has another number of
  /// rows than the donor's, and so than its config says.
  bool check_rows(const SliceInput& input, const std::string& tensor);
  /// E577 for models of another family than the donor.
  void check_families(const std::vector<PlannedModule>& modules);
  /// E570 unless the module's name is one.
  bool check_name(const PlannedModule& module);
  /// E570 unless every weight of the donor is in one of the modules.
  void check_covered(const std::vector<PlannedModule>& modules);

 private:
  void check_family(const SliceInput& input);
  void report_shapes(const PlannedSlice& slice, const std::vector<std::string>& names,
                     std::size_t which);

  const MergekitView& donor_;
  Diagnostics& diagnostics_;
  mutable std::map<const MergekitView*, std::vector<LayerStack>> stacks_;
  std::set<const MergekitView*> missing_;
  std::set<const MergekitView*> mismatched_;
  std::set<const MergekitView*> foreign_;
};

}  // namespace inarch
