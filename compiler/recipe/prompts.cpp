#include "compiler/recipe/prompts.h"

#include <fmt/format.h>

#include "compiler/recipe/expand.h"
#include "compiler/recipe/text_encoders.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::optional<TokenIds> ids_of(const Value& prompt) {
  const Value::List* list = prompt.if_list();
  if (list == nullptr || list->empty()) return std::nullopt;
  TokenIds ids;
  for (const Value& item : *list) {
    const std::int64_t* id = item.if_int();
    if (id == nullptr) return std::nullopt;
    ids.push_back(*id);
  }
  return ids;
}

Result<TokenIds> ids_of_text(const std::string& text, const Scope& scope, const Checkpoint* model) {
  if (model == nullptr) {
    return error("E221", "a text has no tokens where no source is compared")
        .hint("write token ids: [[1, 2, 3]], or token_ids(SOURCE, 'text')");
  }
  const auto encoder = scope.encoders()->open(*model);
  if (!encoder.ok()) return encoder.error();
  return (*encoder)->encode(text, SpecialTokens::bos);
}

}  // namespace

std::optional<std::vector<TokenIds>> read_prompts(const ArgumentValue& prompts, const Scope& scope,
                                                  const Checkpoint* model,
                                                  Diagnostics& diagnostics) {
  const auto value = evaluate_argument(prompts, scope, diagnostics);
  if (!value) return std::nullopt;
  std::vector<TokenIds> found;
  if (value->is_null()) return found;
  const Value::List* list = value->if_list();
  if (list == nullptr) {
    diagnostics.add(error("E221", fmt::format("prompts are a list, not {}", value->kind()))
                        .at(prompts.span)
                        .hint("prompts: [ a text, [1, 2, 3] ]"));
    return std::nullopt;
  }
  for (std::size_t k = 0; k < list->size(); ++k) {
    const Value& prompt = (*list)[k];
    if (const std::string* text = prompt.if_text()) {
      auto ids = ids_of_text(*text, scope, model);
      if (!ids.ok()) {
        diagnostics.add(Diagnostic(ids.error()).at(prompts.span, "of this text"));
        return std::nullopt;
      }
      found.push_back(std::move(*ids));
      continue;
    }
    auto ids = ids_of(prompt);
    if (!ids) {
      diagnostics.add(error("E221", fmt::format("prompt {} is no text and no list of token ids", k))
                          .at(prompts.span)
                          .note(escape_for_terminal(to_text(prompt))));
      return std::nullopt;
    }
    found.push_back(std::move(*ids));
  }
  return found;
}

}  // namespace inarch
