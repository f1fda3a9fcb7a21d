#pragma once

#include <cstdint>
#include <string_view>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// Lists and texts that an expression makes may not be longer than this.
inline constexpr std::int64_t max_list = 1'000'000;

/// `+ - * / // % **` on two numbers; `+` also joins two texts or two lists. Faults (E151–E154) have
/// no span yet.
Result<Value> arithmetic(std::string_view op, const Value& a, const Value& b);
/// `-a`
Result<Value> negate(const Value& a);
/// `< <= > >=` on two numbers or two texts.
Result<Value> compare(std::string_view op, const Value& a, const Value& b);
/// The integers from `first` up to and without `last`.
Result<Value> integer_range(const Value& first, const Value& last, std::int64_t step = 1);

}  // namespace inarch
