#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// The tokenizers of sources, each read once.
class TokenizerStore {
 public:
  TokenizerStore(const BindOptions& options, const BoundRecipe& bound, Diagnostics& diagnostics)
      : options_(options), bound_(bound), diagnostics_(diagnostics) {}

  /// The source's tokenizer.json. Null on a fault, which is added at `span`: E541 where there is
  /// none, E542 where it cannot be read.
  std::shared_ptr<const Tokenizer> open(std::uint32_t source, Span span);

 private:
  void report_missing(const BoundSource& from, Span span) const;

  const BindOptions& options_;
  const BoundRecipe& bound_;
  Diagnostics& diagnostics_;
  std::map<std::uint32_t, std::shared_ptr<const Tokenizer>> read_;
};

}  // namespace inarch
