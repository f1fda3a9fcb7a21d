#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/recipe/expression.h"
#include "compiler/support/result.h"
#include "compiler/tokenize/text_encoder.h"

namespace inarch {

/// A value that is either held or lent by a scope: configs are too large to copy at each member.
class Held {
 public:
  Held(Value value) : owned_(std::move(value)) {}  // NOLINT: implicit by design
  static Held lent(const Value* value) { return {value, Lent()}; }
  const Value& get() const { return lent_ ? *lent_ : owned_; }
  Value take() && { return lent_ ? *lent_ : std::move(owned_); }
  /// A part of this value, which is lent on when this one is lent.
  Held part(const Value* inside) const { return lent_ ? lent(inside) : Held(*inside); }

 private:
  struct Lent {};
  Held(const Value* value, Lent) : lent_(value) {}

  const Value* lent_ = nullptr;
  Value owned_;
};

/// One evaluation: walks the tree, and reports the first fault it meets.
class ExpressionEvaluator {
 public:
  explicit ExpressionEvaluator(Diagnostics& diagnostics, DecisionTrace* trace = nullptr)
      : diagnostics_(diagnostics), trace_(trace) {}

  /// The answer may be lent by this evaluator.
  std::optional<Held> evaluate(const Expr& expression, const Scope& scope);
  /// Says which part of a path was not there. `use` is "'+' takes numbers", "a name cannot hold
  /// null".
  void report_null(const Expr& expression, const Scope& scope, std::string_view use);

 private:
  using Answer = std::optional<Held>;

  Answer dispatch(const Expr& e, const Scope& scope);
  Answer name(const Expr& e, const Scope& scope);
  Answer unknown_name(const Expr& e, const Scope& scope);
  Answer circle(const Expr& e, std::size_t begin);
  Answer definition(const Expr& e, const Expr& definition, const Scope& scope);
  Answer member(const Expr& e, const Scope& scope);
  Answer index(const Expr& e, const Scope& scope);
  std::optional<Checkpoints> checkpoints_of(const Expr& e, const Scope& scope);
  Answer no_key_of_source(const Expr& e, const Scope& scope);
  Answer shape(const Expr& e, const Checkpoint& checkpoint, const Scope& scope);
  Answer token_ids(const Expr& e, const Scope& scope);
  Answer encoded(const Expr& e, const Checkpoint& checkpoint, const std::string& text,
                 SpecialTokens special, TextEncoders& encoders);
  Answer index_list(const Expr& e, const Held& list, const Value& key);
  Answer gather(const Expr& e, const Value::List& items, const Value::List& places);
  Answer call(const Expr& e, const Scope& scope);
  Answer unary(const Expr& e, const Scope& scope);
  Answer binary(const Expr& e, const Scope& scope);
  Answer logical(const Expr& e, const Scope& scope);
  Answer membership(const Expr& e, const Scope& scope);
  Answer conditional(const Expr& e, const Scope& scope);
  Answer list(const Expr& e, const Scope& scope);
  std::optional<bool> among_words(const Expr& e, const Value& item, const Scope& scope);
  Answer comprehension(const Expr& e, const Scope& scope);
  Answer range_check(const Expr& range, const Value& item, const Scope& scope);

  std::optional<bool> truth(const Expr& e, const Scope& scope, std::string_view user);
  std::optional<Held> not_null(const Expr& e, const Scope& scope, std::string_view user);
  bool spend(const Expr& e, std::int64_t steps = 1);
  bool append(Value::List& items, const Held& item, const Expr& e);
  std::string path(const Expr& e, const Scope& scope);

  Answer fail(const Expr& e, std::string code, std::string message, std::string help = {});
  Answer lift(const Expr& e, Result<Value> result);

  Diagnostics& diagnostics_;
  DecisionTrace* trace_;
  std::vector<std::pair<std::string_view, const Expr*>> definitions_;  // that are being followed
  // What definitions stand for in the outermost scope, where each is evaluated once.
  const Scope* outermost_ = nullptr;
  std::deque<std::pair<const Expr*, Held>> known_;
  int depth_ = 0;
  std::int64_t steps_ = 0;
};

}  // namespace inarch
