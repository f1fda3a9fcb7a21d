#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// A part of a text, of which a model makes tokens by itself.
struct TextPiece {
  std::string text;
  bool at_start = false;  // of all the text that is encoded
};

/// `pre_tokenizer` of a tokenizer.json: how a text is split.
class PreTokenizer {
 public:
  /// Null, which leaves a text whole, or a step. E591 for a kind that is not known, E592 for a
  /// pattern.
  static Result<PreTokenizer> read(const Value* step);

  /// The pieces, none of which is empty. E592 when a pattern takes too long.
  Result<std::vector<TextPiece>> apply(TextPiece whole) const;

 private:
  using Step = std::function<Status(TextPiece&&, std::vector<TextPiece>&)>;
  Status add(const Value& step, int depth);
  Result<Step> simple_step(const Value& step);

  std::vector<Step> steps_;
};

}  // namespace inarch
