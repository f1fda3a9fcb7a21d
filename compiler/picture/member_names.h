#pragma once

#include <string>
#include <vector>

#include "compiler/core/value.h"

namespace inarch {

/// The numbers of the repeats above a leaf, the outermost first. Member k of the leaf has a number
/// of each, the innermost varying fastest.
using RepeatNumbers = std::vector<const std::vector<std::int64_t>*>;

/// The names of one operand over all members of a leaf, as short as they can be said, for pages:
///
///   "model.norm.weight"                        the same for all
///   [["model.layers.", ".w"], [HOLE]]          pieces with numbers in between, where a HOLE is
///                                              [axis, add]: the number of that repeat, and `add`
///                                              more; or {"each": [...]}: one for each member
///   {"names": ["…", …]}                        whatever they are, one for each member
Value member_names(const std::vector<const std::string*>& names, const RepeatNumbers& repeats);

/// A number for each member, as [value, how often, value, how often, …], or that number if it is
/// one.
Value run_lengths(const std::vector<std::int64_t>& numbers);

}  // namespace inarch
