// What an expression may say of a source beside its config: `a.shape['lm_head.weight'][0]`, and
// `token_ids(a, 'text')`. Shapes are looked up one by one, since a map of all of them would be as
// large as the header.

#include <fmt/format.h>

#include "compiler/core/catalog.h"
#include "compiler/recipe/expression_arithmetic.h"
#include "compiler/recipe/expression_evaluator.h"
#include "compiler/recipe/missing_tensor.h"
#include "compiler/recipe/text_encoders.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

std::optional<SpecialTokens> special_tokens(std::string_view name) {
  if (name == "as_model") return SpecialTokens::as_model;
  if (name == "none") return SpecialTokens::none;
  if (name == "bos") return SpecialTokens::bos;
  return std::nullopt;
}

}  // namespace

/// The checkpoints of `text`, `experts`, `experts[0]`, or a `let` that stands for one of them; none
/// for the output. Nothing when the expression is no source.
std::optional<Checkpoints> ExpressionEvaluator::checkpoints_of(const Expr& e, const Scope& scope) {
  if (e.kind == Expr::Kind::name) {
    auto entry = scope.find(e.name);
    for (int depth = 0; entry && entry->lazy && depth < 100; ++depth) {
      if (entry->lazy->kind != Expr::Kind::name) return checkpoints_of(*entry->lazy, scope);
      entry = scope.find(entry->lazy->name);
    }
    return entry && entry->is_source ? std::optional(entry->checkpoints) : std::nullopt;
  }
  if (e.kind != Expr::Kind::index) return std::nullopt;
  const auto list = checkpoints_of(*e.items[0], scope);
  if (!list) return std::nullopt;
  const Answer key = evaluate(*e.items[1], scope);
  const std::int64_t* at = key ? key->get().if_int() : nullptr;
  const bool inside = at && *at >= 0 && static_cast<std::size_t>(*at) < list->size();
  return inside ? std::optional(list->subspan(static_cast<std::size_t>(*at), 1)) : std::nullopt;
}

std::optional<Held> ExpressionEvaluator::no_key_of_source(const Expr& e, const Scope& scope) {
  const std::string source = path(*e.items[0], scope);
  if (e.name == "shape") {
    const bool known = !checkpoints_of(*e.items[0], scope)->empty();
    return fail(
        e, "E150",
        known ? "a shape is that of one tensor, whose name stands in brackets"
              : fmt::format("the shapes of '{}' are not known while a recipe is read", source),
        known ? fmt::format("{}.shape['NAME']", source) : "");
  }
  const std::string key = escape_for_terminal(e.name, 80);
  return fail(e, "E150",
              fmt::format("'{}' has no '{}': the values of a source are its config and its shapes",
                          source, key),
              fmt::format("{}.config.{} is a key of its config; a name with dots is text in quotes",
                          source, key));
}

// `e` is the whole of `a.shape[NAME]`.
std::optional<Held> ExpressionEvaluator::shape(const Expr& e, const Checkpoint& checkpoint,
                                               const Scope& scope) {
  const Expr& wanted = *e.items[1];
  const Answer key = not_null(wanted, scope, "shape[]");
  if (!key) return std::nullopt;
  const std::string* name = key->get().if_text();
  if (!name) {
    return fail(wanted, "E151", fmt::format("a tensor's name is text, found {}", key->get().kind()),
                "a.shape['model.norm.weight'][0]");
  }
  const TensorInfo* tensor = checkpoint.find(*name);
  if (!tensor) {
    const std::string near = nearest_tensor(checkpoint, *name);
    return fail(wanted, "E204",
                fmt::format("source '{}' has no tensor '{}'", path(*e.items[0]->items[0], scope),
                            escape_for_terminal(*name)),
                near.empty() ? "" : fmt::format("did you mean '{}'?", escape_for_terminal(near)));
  }
  Value::List sizes;
  for (const std::int64_t size : tensor->shape) sizes.emplace_back(size);
  return Held(Value(std::move(sizes)));
}

// `e` is the whole of `token_ids(a, TEXT)` or `token_ids(a, TEXT, 'bos')`.
std::optional<Held> ExpressionEvaluator::token_ids(const Expr& e, const Scope& scope) {
  const Expr& source = *e.items[0];
  const auto checkpoints = checkpoints_of(source, scope);
  TextEncoders* encoders = scope.encoders();
  if (!checkpoints || checkpoints->size() != 1 || !encoders) {
    return fail(source, "E595", "token_ids takes a source, whose tokenizer makes the ids",
                "token_ids(base, 'text')");
  }
  const Answer text = not_null(*e.items[1], scope, "token_ids");
  if (!text) return std::nullopt;
  if (!text->get().if_text()) {
    return fail(*e.items[1], "E595",
                fmt::format("token_ids makes ids of a text, found {}", text->get().kind()),
                text->get().if_list() ? "[token_ids(base, t) for t in texts]" : "");
  }
  SpecialTokens special = SpecialTokens::as_model;
  if (e.items.size() > 2) {
    const Answer name = not_null(*e.items[2], scope, "token_ids");
    if (!name) return std::nullopt;
    const std::string* word = name->get().if_text();
    const auto found = word ? special_tokens(*word) : std::nullopt;
    if (!found) return fail(*e.items[2], "E595", "token_ids takes 'as_model', 'none' or 'bos'");
    special = *found;
  }
  return encoded(e, **checkpoints->begin(), *text->get().if_text(), special, *encoders);
}

std::optional<Held> ExpressionEvaluator::encoded(const Expr& e, const Checkpoint& checkpoint,
                                                 const std::string& text, SpecialTokens special,
                                                 TextEncoders& encoders) {
  const auto encoder = encoders.open(checkpoint);
  const auto ids = encoder ? (*encoder)->encode(text, special)
                           : Result<std::vector<std::int64_t>>(encoder.error());
  if (!ids) return lift(e, ids.error());
  if (ids->size() > static_cast<std::size_t>(max_list)) {
    return fail(e, "E154",
                fmt::format("token_ids makes a list longer than {}", format_count(max_list)));
  }
  return lift(e, Value(Value::List(ids->begin(), ids->end())));
}

}  // namespace inarch
