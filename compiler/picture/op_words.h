#pragma once

#include <string>

#include "compiler/plan/plan.h"

namespace inarch {

/// What an op of a program does, in a word or two: "slice", "0.5 · x + 0.5 · y", "rank 64". Nothing
/// that differs from layer to layer of a model, such as keys of random numbers, is in it; for a
/// read it is "read".
std::string op_words(const Op& op, const Program& program);

}  // namespace inarch
