#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/core/value.h"
#include "compiler/support/diagnostic.h"

namespace inarch {

/// The scalar expression language of recipes and architecture files: pure, total, over finite sets.
///
///   or, and, not;  == != < <= > >= in, not in;  a ?? b (b when a is null);  a .. b (b left out)
///   + - * / // % **, unary -;  x if c else y;  f(x, …);  a[i], a[i .. j], a.key;  [x, y],
///   [f(i) for i in a .. b if c], [x + y for x, y in pairs];  numbers, 'text', "text", true, false,
///   null
///
/// Integers stay integers under + - * // % (floor division and modulus, as in Python); `/` gives a
/// real. A name that is not bound is an error, but inside the list after `in` a bare word that is
/// not bound is text: `p in [q, k]`. A missing key of a map (config) is null; `'key' in config` is
/// true when it is there, if only with a null. Functions: see expression_functions.h;
/// docs/grammar.md has the grammar.
struct Expr;
using ExprPtr = std::shared_ptr<const Expr>;

struct Expr {
  enum class Kind {
    literal,
    name,
    member,
    index,
    call,
    unary,
    binary,
    conditional,
    list,
    comprehension
  };
  Kind kind = Kind::literal;
  Span span;
  Value literal;
  std::string name;                    // name, member key, function, operator
  std::vector<std::string> variables;  // of a comprehension: several take a list apart
  std::vector<ExprPtr> items;          // operands in order of reading
  int depth = 1;                       // of this tree; bounded by the parser
};

class TextEncoders;
struct Checkpoint;
/// The checkpoint of a source, or those of a list of sources.
using Checkpoints = std::span<const Checkpoint* const>;

/// Values of captures and `for` variables, in order of binding.
using Bindings = std::vector<std::pair<std::string, Value>>;

/// "i = 3 and p = gate", unescaped; "" when there are none.
std::string described(const Bindings& bindings);
/// Notes "here i = 3 and p = gate", when there are any.
void note_bindings(Diagnostic& diagnostic, const Bindings& bindings);

/// Names and what they stand for, innermost scope first. A name may stand for another expression
/// (`let`), which is evaluated where it is used.
class Scope {
 public:
  explicit Scope(const Scope* parent = nullptr) : parent_(parent) {}
  /// Sees `bindings` and then `parent`. Both must outlive it: a rule has a scope for each instance.
  Scope(const Scope* parent, const Bindings* bindings) : parent_(parent), bindings_(bindings) {}

  void set(std::string name, Value value);
  /// `value` must outlive the scope: for configs, which are large.
  void set_reference(std::string name, const Value* value);
  /// A source, a list of them, or the output: its `config`, and the shapes of the tensors of its
  /// checkpoints, which must outlive the scope; those of the output are not known.
  void set_source(std::string name, const Value* value, Checkpoints checkpoints = {});
  void set_lazy(std::string name, ExprPtr expression);
  /// What makes token ids of texts, for this scope and those within it.
  void set_encoders(std::shared_ptr<TextEncoders> encoders) { encoders_ = std::move(encoders); }

  /// What a name stands for: a value, or an expression.
  struct Entry {
    const Value* value = nullptr;
    const Expr* lazy = nullptr;
    bool is_source = false;
    Checkpoints checkpoints = {};
  };
  std::optional<Entry> find(std::string_view name) const;
  /// Those of the nearest scope that has some, or null.
  TextEncoders* encoders() const;
  /// All visible names, sorted: for did-you-mean.
  std::vector<std::string> names() const;

 private:
  struct Stored {
    Value value;
    const Value* reference = nullptr;
    ExprPtr lazy;
    bool is_source = false;
    Checkpoints checkpoints = {};
  };

  const Scope* parent_;
  const Bindings* bindings_ = nullptr;
  std::map<std::string, Stored, std::less<>> entries_;
  std::shared_ptr<TextEncoders> encoders_;
};

/// Parses `text`, which stands at `span` (same length) in its file. Faults are E140–E149.
ExprPtr parse_expression(std::string_view text, Span span, Diagnostics& diagnostics);

/// How decisions within expressions fell: a condition (after `if`, a side of `and` and `or`, under
/// `not`) was true or false; the left side of `??` was there (true) or null (false).
class DecisionTrace {
 public:
  void note(const Expr& decision, bool outcome) { seen_[&decision][outcome ? 1 : 0] = true; }
  bool has(const Expr& decision, bool outcome) const {
    const auto entry = seen_.find(&decision);
    return entry != seen_.end() && entry->second[outcome ? 1 : 0];
  }

 private:
  std::map<const Expr*, std::array<bool, 2>> seen_;
};

/// Evaluates; faults (unknown name E150, wrong type E151, division by zero E152, overflow E153,
/// lists above a million E154, a name defined by itself E155) are added once and give nothing.
/// Decisions on the way are noted in `trace`.
std::optional<Value> evaluate(const Expr& expression, const Scope& scope, Diagnostics& diagnostics,
                              DecisionTrace* trace = nullptr);

/// For an expression that evaluated to null where null is of no use: adds the E151 that says which
/// part of its path is not there. `use` is "'+' does not take null".
void report_null(const Expr& expression, const Scope& scope, std::string_view use,
                 Diagnostics& diagnostics);

/// Adds what `variables` stand for when they take `value`: one the whole of it, several the items
/// of a list. The reason why they cannot, or nothing.
std::optional<std::string> take_apart(const std::vector<std::string>& variables, const Value& value,
                                      std::vector<std::pair<std::string, const Value*>>& taken);

/// The names an expression needs from outside, `let` names followed into their definitions.
std::set<std::string> free_names(const Expr& expression, const Scope& scope);

/// Text with `${…}` parts. `$${` is a literal `${`.
struct Template {
  struct Part {
    std::string text;  // literal, when there is no expression
    ExprPtr expression;
    Span span;
  };
  std::vector<Part> parts;
  Span span;
  bool is_plain() const { return parts.empty() || (parts.size() == 1 && !parts[0].expression); }
};

std::optional<Template> parse_template(std::string_view text, Span span, Diagnostics& diagnostics);
/// A template that is one `${…}` and nothing else keeps its value's type; any other gives text.
std::optional<Value> evaluate(const Template& text, const Scope& scope, Diagnostics& diagnostics);

}  // namespace inarch
