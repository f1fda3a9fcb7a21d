#pragma once

#include <functional>
#include <string>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/result.h"

namespace inarch {

/// `normalizer` of a tokenizer.json: what is done to a text before it is split.
class TextNormalizer {
 public:
  /// Null, which does nothing, or a step. E591 for a kind that is not known, E592 for a pattern.
  static Result<TextNormalizer> read(const Value* step);

  /// `text` is UTF-8. E592 when a pattern takes too long.
  Result<std::string> apply(std::string text) const;

 private:
  using Step = std::function<Status(std::string&)>;
  Status add(const Value& step, int depth);
  Result<Step> simple_step(const Value& step);

  std::vector<Step> steps_;
};

}  // namespace inarch
