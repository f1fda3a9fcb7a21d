#pragma once

#include <string>

#include "compiler/core/transforms.h"

namespace inarch {

/// What one transform takes and does, as Markdown made from its row of the table.
std::string transform_page(const TransformSpec& transform);
/// docs/transforms.md: all of them, by family.
std::string transform_reference();
/// One line each.
std::string transform_list();

}  // namespace inarch
