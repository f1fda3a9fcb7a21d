#include "compiler/core/transforms.h"

#include "compiler/core/transform_table.h"

namespace inarch {

namespace {

std::vector<TransformSpec> make_table() {
  std::vector<TransformSpec> table;
  for (auto part :
       {transform_table::movement(), transform_table::pointwise(), transform_table::reduction(),
        transform_table::initial(), transform_table::several(), transform_table::merging(),
        transform_table::mixture()}) {
    table.insert(table.end(), part.begin(), part.end());
  }
  return table;
}

}  // namespace

const Parameter* TransformSpec::find(std::string_view parameter) const {
  for (const Parameter& p : parameters) {
    if (p.name == parameter) return &p;
  }
  return nullptr;
}

const std::vector<TransformSpec>& transforms() {
  static const std::vector<TransformSpec> table = make_table();
  return table;
}

const TransformSpec& spec(Transform transform) {
  return transforms()[static_cast<std::size_t>(transform)];
}

const TransformSpec* find_transform(std::string_view name) {
  for (const TransformSpec& t : transforms()) {
    if (t.name == name) return &t;
  }
  return nullptr;
}

std::vector<std::string> transform_names() {
  std::vector<std::string> names;
  for (const TransformSpec& t : transforms()) names.emplace_back(t.name);
  return names;
}

std::string_view family_name(Family family) {
  switch (family) {
    case Family::movement:
      return "movement";
    case Family::pointwise:
      return "pointwise";
    case Family::reduction:
      return "reduction";
    case Family::initial:
      return "initial";
    case Family::linear_algebra:
      return "linear algebra";
    case Family::merging:
      return "merging";
    case Family::mixture:
      return "mixture of experts";
  }
  return "";
}

}  // namespace inarch
