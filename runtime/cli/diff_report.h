#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/core/catalog.h"
#include "compiler/support/diagnostic.h"
#include "runtime/cli/name_groups.h"
#include "runtime/cli/value_distance.h"
#include "runtime/executor/progress.h"

namespace inarch {

enum class Difference { only_in_a, only_in_b, shape, dtype, values, none };

/// A type and shape that tensors have.
struct TensorKind {
  DType dtype = DType::f32;
  Shape shape;
};

/// Tensors of one family of names that differ in the same way.
struct DiffLine {
  Difference difference = Difference::none;
  NameGroup group;
  TensorKind a, b;                        // of the side, or sides, that has them
  std::int64_t bytes = 0;                 // in A; in B when they are only there
  std::optional<ValueDistance> distance;  // of all of them together
  std::string worst;                      // the member with the largest relative distance
  ValueDistance worst_distance;
};

struct DiffSide {
  std::string location;
  std::int64_t tensors = 0;
  std::int64_t bytes = 0;
};

/// What `inarch diff` found.
struct DiffReport {
  DiffSide a, b;
  bool headers_only = false;
  bool single = false;          // a line for each tensor
  std::vector<DiffLine> lines;  // by kind of difference; inside one, the worst first
  std::int64_t tensors(Difference difference) const;
  std::int64_t bytes(Difference difference) const;
  bool identical() const;
};

struct DiffOptions {
  std::optional<std::string> pattern;
  bool headers_only = false;
  bool single = false;  // a line for each tensor
  int jobs = 1;
};

/// Compares two checkpoints, or the tensors of both whose names fit the pattern. Nothing on a
/// fault, which is added.
std::optional<DiffReport> compare_checkpoints(const Checkpoint& a, const Checkpoint& b,
                                              const DiffOptions& options, Progress& progress,
                                              Diagnostics& diagnostics);

/// For people, fitted to `width` columns; equal tensors are listed when `all`.
std::string diff_text(const DiffReport& report, bool all, std::size_t width);

/// "26 only in A, 3 with other values; 311 equal"
std::string diff_summary(const DiffReport& report);

/// One JSON object on one line:
///
///   schema      "inarch/diff/1"
///   a, b        {location, tensors, bytes} of what was compared
///   compared    "values", or "headers" when no weight was read
///   identical   true or false
///   only_in_a, only_in_b, shape, dtype, values, equal
///               {tensors, bytes, groups: […]} for each kind of difference; the groups of equal
///               tensors are left out unless `all`
///
/// A group is {name, tensors, bytes, a: {dtype, shape}, b: {dtype, shape}, distance}; `a` or `b` is
/// null where the tensors are on one side only, and `distance` where values were not compared, or
/// have no numbers. A distance is {elements, differing, not_finite, max_abs, relative_l2, cosine,
/// worst: {name, relative_l2, max_abs}}; a number that is infinite is null.
std::string diff_json(const DiffReport& report, bool all);

/// A page that needs nothing else (compiler/picture/pages/diff.html). The report must have a line
/// for each tensor.
std::string diff_page(const DiffReport& report);

}  // namespace inarch
