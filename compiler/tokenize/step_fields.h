#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "compiler/core/value.h"
#include "compiler/tokenize/text_pattern.h"

namespace inarch {

/// `type` of a normalizer, pre-tokenizer or post-processor, or "".
std::string step_type(const Value& step);
/// A boolean of a step, or `otherwise` where it has none.
bool step_flag(const Value& step, std::string_view key, bool otherwise);
/// A text of a step, or nothing.
std::optional<std::string> step_text(const Value& step, std::string_view key);
/// `pattern`: { "String": … } or { "Regex": … }. E591 for another, E592 for one that cannot be
/// used.
Result<TextPattern> step_pattern(const Value& step);
/// E591: a tokenizer asks for what is not known here.
Diagnostic unknown_step(std::string_view role, std::string_view what);

}  // namespace inarch
