#include "compiler/recipe/compare_vocabularies.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "compiler/recipe/bind_files.h"
#include "compiler/recipe/tokenizer_store.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

using Pair = std::pair<std::uint32_t, std::uint32_t>;

class Comparison {
 public:
  Comparison(const BindOptions& options, BoundRecipe& bound)
      : options_(options), bound_(bound), store_(options, bound, ignored_) {}

  void compare() {
    std::set<Pair> pairs;
    for (const RuleInstance& instance : bound_.instances) collect(instance, pairs);
    for (const Pair& pair : pairs) {
      if (same_files(pair)) continue;
      const auto a = store_.open(pair.first, {});
      const auto b = store_.open(pair.second, {});
      if (a && b) compare(pair, *a, *b);
    }
  }

 private:
  /// What may be an embedding or a head; those who build the graph know names better.
  const TensorInfo* embedding(const Reference& reference) const {
    if (reference.is_of_recipe()) return nullptr;
    const TensorInfo& info = bound_.sources[reference.source].checkpoint->tensors[reference.tensor];
    const bool named = info.name.find("embed") != std::string::npos ||
                       info.name.find("head") != std::string::npos ||
                       info.name.find("wte") != std::string::npos;
    return named && info.shape.size() == 2 ? &info : nullptr;
  }

  void collect(const RuleInstance& instance, std::set<Pair>& pairs) const {
    const auto& references = instance.instance.references;
    for (std::size_t k = 1; k < references.size(); ++k) {
      for (std::size_t j = 0; j < k; ++j) {
        if (references[j].source == references[k].source) continue;
        const TensorInfo* a = embedding(references[j]);
        const TensorInfo* b = embedding(references[k]);
        if (a && b && a->shape == b->shape)
          pairs.insert(std::minmax(references[j].source, references[k].source));
      }
    }
  }

  std::optional<std::string> path_of(std::uint32_t source) const {
    return side_file_path(*bound_.sources[source].checkpoint, "tokenizer.json");
  }

  bool same_files(const Pair& pair) const {
    const auto a = path_of(pair.first), b = path_of(pair.second);
    if (!a || !b || *a == *b) return true;
    const auto print_a = options_.fingerprint(*a), print_b = options_.fingerprint(*b);
    return !print_a || !print_b || print_a->sha256 == print_b->sha256;
  }

  void compare(const Pair& pair, const Tokenizer& a, const Tokenizer& b) {
    for (const VocabularyToken& token : a.tokens) {
      const VocabularyToken* other = b.find(token.id);
      const bool ordinary =
          token.is_ordinary && !token.is_added && other && other->is_ordinary && !other->is_added;
      if (!ordinary || token.text == other->text) continue;
      bound_.vocabulary_differences.emplace(
          pair,
          fmt::format("'{}' and '{}' number their tokens differently: {} is '{}' and '{}'",
                      bound_.sources[pair.first].name, bound_.sources[pair.second].name, token.id,
                      escape_for_terminal(token.text, 60), escape_for_terminal(other->text, 60)));
      return;
    }
  }

  const BindOptions& options_;
  BoundRecipe& bound_;
  Diagnostics ignored_;  // of tokenizers that cannot be read
  TokenizerStore store_;
};

}  // namespace

void compare_vocabularies(const BindOptions& options, BoundRecipe& bound) {
  Comparison(options, bound).compare();
}

}  // namespace inarch
