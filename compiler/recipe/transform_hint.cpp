#include "compiler/recipe/transform_hint.h"

#include <array>

#include <fmt/format.h>

#include "compiler/core/transforms.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

struct Foreign {
  std::string_view theirs;
  std::string_view ours;
};

constexpr std::array<Foreign, 18> foreign_names = {{
    {"astype", "cast: bf16"},
    {"average", "linear: [0.5, 0.5]"},
    {"cat", "concat: rows"},
    {"chunk", "split: { rows: [4, 4] }"},
    {"eye", "identity"},
    {"flip", "reverse: rows"},
    {"full", "constant: 1"},
    {"index_select", "gather: { rows: [0, 2] }"},
    {"mul", "rescale: 2"},
    {"prune", "drop: { rows: [0] }"},
    {"rand", "uniform"},
    {"randn", "normal: { std: 0.02 }"},
    {"remove", "drop: { rows: [0] }"},
    {"repeat_interleave", "repeat: { rows: 2 }"},
    {"scale", "rescale: 2"},
    {"select", "keep: { rows: [0] }"},
    {"to", "cast: bf16"},
    {"truncate", "crop: { rows: 8 }"},
}};

}  // namespace

std::string transform_hint(std::string_view unknown) {
  for (const Foreign& name : foreign_names) {
    if (name.theirs == unknown) return std::string(name.ours);
  }
  const std::string near = nearest(unknown, transform_names());
  return near.empty() ? "" : fmt::format("did you mean '{}'?", near);
}

}  // namespace inarch
