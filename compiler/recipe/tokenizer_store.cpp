#include "compiler/recipe/tokenizer_store.h"

#include <fmt/format.h>

#include "compiler/recipe/bind_files.h"
#include "compiler/support/text.h"

namespace inarch {

std::shared_ptr<const Tokenizer> TokenizerStore::open(std::uint32_t source, Span span) {
  const auto known = read_.find(source);
  if (known != read_.end()) return known->second;
  const BoundSource& from = bound_.sources[source];
  const auto path = side_file_path(*from.checkpoint, "tokenizer.json");
  if (!path) {
    report_missing(from, span);
    return nullptr;
  }
  auto text = options_.read_text(*path);
  if (!text) {
    diagnostics_.add(error("E541", fmt::format("the tokenizer of '{}' cannot be read: {}",
                                               from.name, text.error().message))
                         .at(span));
    return nullptr;
  }
  auto tokenizer = read_tokenizer(*text, *path);
  if (!tokenizer) {
    Diagnostic fault = std::move(tokenizer.error());
    fault.primary = {span, fmt::format("the tokenizer of '{}'", from.name)};
    fault.notes.push_back(fmt::format("in {}", escape_for_terminal(*path)));
    fault.subject.clear();
    diagnostics_.add(std::move(fault));
    return nullptr;
  }
  auto held = std::make_shared<const Tokenizer>(std::move(*tokenizer));
  read_.emplace(source, held);
  return held;
}

void TokenizerStore::report_missing(const BoundSource& from, Span span) const {
  const bool slow = side_file_path(*from.checkpoint, "tokenizer.model").has_value();
  const bool words = side_file_path(*from.checkpoint, "vocab.json").has_value();
  Diagnostic d =
      error("E541", fmt::format("source '{}' has no tokenizer.json", from.name)).at(span);
  if (slow || words) {
    d.notes.push_back(
        fmt::format("it has {}, from which transformers makes a tokenizer.json: "
                    "AutoTokenizer.from_pretrained(…).save_pretrained(…)",
                    slow ? "tokenizer.model" : "vocab.json"));
  }
  d.help = fmt::format(
      "sources: [ …, {{ source: {}, tokenizer: OTHER }} ] if another source's "
      "numbers its tokens alike",
      from.name);
  diagnostics_.add(std::move(d));
}

}  // namespace inarch
