#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/recipe/expression_spans.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

struct Token {
  enum class Kind { end, literal, word, symbol };
  Kind kind = Kind::end;
  std::string_view raw;   // as written
  std::size_t begin = 0;  // offset in the expression
  Value value;            // literal

  std::size_t end() const { return begin + raw.size(); }
  bool is(std::string_view text) const {
    return (kind == Kind::symbol || kind == Kind::word) && raw == text;
  }
};

/// Cuts an expression into tokens, the last of which is `end`. The tokens view `text`. The first
/// fault (E140, E141, E142, E149) is added and gives nothing.
std::optional<std::vector<Token>> read_tokens(std::string_view text, const SpanMap& spans,
                                              Diagnostics& diagnostics);

/// Words that cannot be names: and, or, not, in, if, else, for, true, false, null.
const std::vector<std::string_view>& reserved_words();
bool is_reserved(std::string_view word);

}  // namespace inarch
