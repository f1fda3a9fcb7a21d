#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "compiler/ir/call_arguments.h"
#include "compiler/ir/graph.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// A node and what its elements mean here: `view` and `reshape` change the meaning alone.
struct Typed {
  NodeId node = 0;
  TensorType type;
};

/// A tensor, or a number that an operator combines with one.
using Quantity = std::variant<Typed, double>;

/// What became of one part of an expression: noted where somebody asks how a tensor is made.
struct BuiltStep {
  const TensorExpr* expression = nullptr;
  const Reference* reference = nullptr;  // what a reference stood for
  std::vector<Typed> results;
};

/// Where finished tensors are in Graph::outputs: by output, then by name.
using OutputIndex = std::vector<std::map<std::string, std::size_t, std::less<>>>;

/// Turns tensor expressions of one rule or check instance into nodes. Each transform becomes a few
/// of the shared operations (core/ops.h); faults are E301–E319.
class TensorBuilder {
 public:
  struct Context {
    Graph* graph = nullptr;
    const BoundRecipe* bound = nullptr;
    const OutputIndex* outputs = nullptr;
    bool reads_finished = false;    // a check: `out:` is what was written
    const Shape* target = nullptr;  // shape that the target gives to this instance's output
    std::string key;                // of random numbers: the tensor's name, the same in any output
    std::vector<BuiltStep>* steps = nullptr;  // where to note what is built, in order
  };

  TensorBuilder(const Context& context, const Instance& instance,
                const std::vector<NamedOperand>& operands, const Scope& scope,
                Diagnostics& diagnostics)
      : context_(context),
        instance_(instance),
        operands_(operands),
        scope_(scope),
        diagnostics_(diagnostics) {}

  /// One result, or several for `split`. Empty on a fault, which has been added.
  std::vector<Typed> build(const TensorExpr& expression);
  /// Exactly one result.
  std::optional<Typed> build_one(const TensorExpr& expression);
  /// What a value and its limit come to, in one shape; one of them may be a number.
  std::optional<std::pair<Typed, Typed>> build_pair(const TensorExpr& value,
                                                    const TensorExpr& limit);

 private:
  void note(const TensorExpr& expression, const Reference* reference, std::vector<Typed> results);
  std::optional<Typed> reference(const TensorExpr& expression);
  std::optional<Typed> referred(const TensorExpr& expression, const Reference& found);
  /// A tensor of a source, with what its adapters make of it.
  Typed source_values(std::uint32_t source, std::uint32_t tensor, Span origin);
  /// The same as its file has it, decoded where it is encoded.
  Typed stored_values(std::uint32_t source, std::uint32_t tensor, Span origin);
  std::optional<Typed> definition(const TensorExpr& expression, const std::string& name);
  std::optional<Typed> operand(const TensorExpr& expression);
  std::optional<Typed> probe(const NamedOperand& named);
  /// What an operand of a transform stands for: several tensors, where it is repeated.
  std::vector<Typed> operands(const TensorExpr& expression);
  std::vector<Typed> repeated(const RepeatedOperand& operand);
  std::optional<Typed> one_of_repeated(const TensorExpr& expression, const NamedOperand& named);
  bool fits_arity(const TensorExpr& call, std::size_t inputs);
  std::vector<Typed> call(const TensorExpr& call);
  std::optional<Typed> single(const TensorExpr& call, const CallArguments& arguments,
                              std::vector<Typed>& inputs);

  // build_views.cpp: transforms that change what axes mean, or their order
  std::optional<Typed> view(const TensorExpr& call, const CallArguments& arguments, Typed x);
  std::optional<Typed> permute(const TensorExpr& call, const CallArguments& arguments,
                               const Typed& x);
  std::optional<Typed> reshape(const TensorExpr& call, const CallArguments& arguments, Typed x);

  // build_movement.cpp: transforms along axes
  std::optional<Typed> tile(const TensorExpr& call, const CallArguments& arguments, Typed x,
                            bool whole);
  std::optional<Typed> split_halves(const TensorExpr& call, const CallArguments& arguments,
                                    const Typed& x);
  std::optional<Typed> select(const TensorExpr& call, const CallArguments& arguments, Typed x);
  std::optional<Typed> resize(const TensorExpr& call, const CallArguments& arguments, Typed x);
  std::optional<Typed> reverse(const TensorExpr& call, const CallArguments& arguments,
                               const Typed& x);
  std::optional<Typed> mask(const TensorExpr& call, const CallArguments& arguments, Typed x);
  std::vector<Typed> split(const TensorExpr& call, const CallArguments& arguments, const Typed& x);

  // build_joins.cpp: transforms of several tensors
  std::optional<Typed> concat(const TensorExpr& call, const CallArguments& arguments,
                              const std::vector<Typed>& xs);
  std::optional<Typed> stack(const TensorExpr& call, const CallArguments& arguments,
                             const std::vector<Typed>& xs);
  std::optional<Typed> interleave(const TensorExpr& call, const CallArguments& arguments,
                                  const std::vector<Typed>& xs);
  std::optional<Typed> linear(const TensorExpr& call, const CallArguments& arguments,
                              const std::vector<Typed>& xs);
  /// The first operand's axes with the dtype of the first that has one; E306 when the others do not
  /// go with it.
  std::optional<TensorType> joint_type(const TensorExpr& call, const std::vector<Typed>& xs);

  // build_vocabulary.cpp: rows of embeddings in the recipe's vocabulary
  std::optional<Typed> to_vocabulary(const TensorExpr& call, const CallArguments& arguments,
                                     const std::vector<Typed>& xs);
  std::optional<std::size_t> vocabulary_source(const TensorExpr& call,
                                               const CallArguments& arguments,
                                               const std::vector<Typed>& xs);
  std::optional<std::vector<AxisPosition>> row_axes(const TensorExpr& call,
                                                    const std::vector<Typed>& xs);
  /// The rows of all origins but the mean, in their order.
  Typed token_rows(const TensorExpr& call, const std::vector<Typed>& xs,
                   const std::vector<AxisPosition>& axes, const std::vector<RowOrigin>& origins);
  Typed with_mean_rows(const TensorExpr& call, const Typed& rows, AxisPosition at,
                       const std::vector<RowOrigin>& origins);
  /// What to do where operands are embeddings or heads whose vocabularies differ in size; else "".
  std::string vocabulary_hint(const std::vector<Typed>& xs) const;
  /// False, with E550, where rows of operands that are summed as they are stand for other tokens.
  bool same_vocabularies(const TensorExpr& call, const std::vector<Typed>& xs);
  /// The source and the name of an operand that is a source's embedding or head as it is.
  const TensorInfo* vocabulary_weight(const Typed& x, std::uint32_t& source) const;
  bool report_rowless(const TensorExpr& call, const std::vector<RowlessToken>& rowless);

  // build_arithmetic.cpp: operators, and what fits what
  std::vector<Typed> arithmetic(const TensorExpr& expression);
  std::optional<Quantity> quantity(const TensorExpr& expression);
  std::optional<Typed> fitted(const TensorExpr& expression, const Quantity& x, const Typed& like);
  std::optional<Quantity> operation(const TensorExpr& expression);
  std::optional<Typed> combined(const TensorExpr& expression, const Typed& left,
                                const Typed& right);
  std::optional<Typed> with_number(const TensorExpr& expression, const Quantity& left,
                                   const Quantity& right);
  bool names_number(const TensorExpr& expression) const;
  std::optional<double> number_named(const TensorExpr& expression);
  /// x with the shape of `like`, or nothing where it does not fit.
  std::optional<Typed> broadcast(const Typed& x, const Typed& like, Span origin);
  std::optional<Typed> along(const TensorExpr& call, const Typed& x, const AxisPosition& at,
                             const Typed& like, Span axis_span);
  /// Both with one shape, one of them repeated where it must be; E305 when neither fits.
  bool align(const TensorExpr& call, Typed& x, Typed& y);
  std::optional<Typed> product(const TensorExpr& call, const CallArguments& arguments,
                               const std::vector<Typed>& xs);

  // build_reductions.cpp
  std::optional<Typed> reduction(const TensorExpr& call, const CallArguments& arguments,
                                 const std::vector<Typed>& xs);
  std::optional<Typed> reduce(Reduction reduction, const Typed& x,
                              const std::optional<AxisPosition>& at, bool keep, Span origin);
  std::optional<Typed> largest(const TensorExpr& call, const CallArguments& arguments,
                               const Typed& x);
  std::optional<std::int64_t> how_many(const TensorExpr& call, const CallArguments& arguments,
                                       std::int64_t size);

  // build_merges.cpp
  struct MergeInputs;
  std::optional<Typed> merge(const TensorExpr& call, const CallArguments& arguments,
                             const std::vector<Typed>& xs);
  std::optional<MergeInputs> merge_runs(const TensorExpr& call, const CallArguments& arguments,
                                        const std::vector<Typed>& xs);
  std::optional<Typed> blend(const TensorExpr& call, const CallArguments& arguments,
                             const MergeInputs& in);
  std::optional<Typed> task_vectors(const TensorExpr& call, const CallArguments& arguments,
                                    const MergeInputs& in);
  std::optional<Typed> thinned(const TensorExpr& call, const CallArguments& arguments,
                               const MergeInputs& in, std::size_t k, const Typed& difference);
  std::optional<Typed> select_merge(const TensorExpr& call, const CallArguments& arguments,
                                    const MergeInputs& in);
  Typed differences_merged(MergeOp op, const MergeInputs& in, Span origin);
  std::optional<std::vector<double>> weights_of(const TensorExpr& call,
                                                const CallArguments& arguments, std::size_t models);
  std::optional<double> of_model(const TensorExpr& call, const CallArguments& arguments,
                                 std::string_view name, double otherwise, std::size_t k,
                                 std::size_t models);

  // build_router.cpp: gates of mixtures of experts
  std::optional<Typed> router(const TensorExpr& call, const CallArguments& arguments,
                              const Typed& x);
  Typed side(const Typed& x, const std::vector<std::int64_t>& rows, bool direction, Span origin);
  /// Divided by its length; what is shorter than 1e-8 is not made longer than its 1e8-fold.
  Typed of_length_one(const Typed& row, Span origin);

  // build_rounded.cpp
  Typed rounded(const Typed& x, DType dtype, Span origin);
  Typed rounded_sum(const std::vector<Typed>& terms, DType dtype, Span origin);
  Typed rounded_mean(const std::vector<Typed>& xs, const std::vector<double>& weights,
                     bool normalize, DType dtype, Span origin);
  Typed rounded_task_arithmetic(const std::vector<Typed>& xs, const std::vector<double>& weights,
                                double lambda, bool normalize, DType dtype, Span origin);

  // build_products.cpp
  std::optional<Typed> matmul(const TensorExpr& call, const Typed& left, const Typed& right);
  std::optional<Typed> outer(const TensorExpr& call, const Typed& left, const Typed& right);
  Typed transpose(const Typed& x, Span origin);
  void close(LowRankOp& op) const;
  /// A and B.
  std::vector<Typed> low_rank(const TensorExpr& call, const CallArguments& arguments,
                              const std::vector<Typed>& xs);
  std::optional<Typed> orthogonalize(const TensorExpr& call, const CallArguments& arguments,
                                     const Typed& x, const Typed& direction);

  // build_adapters.cpp
  using Changed = std::pair<const std::uint32_t, std::vector<AdapterTerm>>;
  Typed adapted(const BoundSource& source, std::uint32_t number, const Changed& changed,
                Span origin);
  Typed term_result(const BoundSource& source, std::uint32_t number, std::uint32_t tensor,
                    const AdapterTerm& term, Span origin);
  /// B·A, or its transposed, with the type of what it is added to.
  Typed factor_product(const Typed& a, const Typed& b, bool transposed, const TensorType& like,
                       Span origin);
  /// magnitude · x / ‖x‖, with the norm over the inputs of each output.
  Typed with_magnitude(const Typed& x, const Typed& magnitude, bool transposed, Span origin);
  std::optional<Typed> merge_factors(const TensorExpr& call, const CallArguments& arguments,
                                     const std::vector<Typed>& xs);

  // build_values.cpp: pointwise and initial transforms
  std::optional<Typed> pointwise(const TensorExpr& call, const CallArguments& arguments,
                                 const Typed& x);
  std::optional<Typed> initial(const TensorExpr& call, const CallArguments& arguments);
  // build_table.cpp
  std::optional<Typed> table(const TensorExpr& call, const CallArguments& arguments);

  // shared
  Typed add(NodeData data, std::vector<NodeId> inputs, TensorType type, Span origin);
  Typed affine(const Typed& x, double factor, double bias, Span origin);
  Typed take(const Typed& x, const AxisPosition& at, const std::vector<std::int64_t>& indices,
             Span origin);
  Typed joined(const std::vector<Typed>& parts, const AxisPosition& at, Span origin);
  std::optional<AxisPosition> axis(const Typed& x, const std::string& name, Span span);
  bool computable(const Typed& x, const TensorExpr& call);
  bool can_fill(double value, const Typed& x, const TensorExpr& call,
                const CallArguments& arguments);
  bool whole_elements(const Typed& x, const TensorExpr& call);
  void fault(const TensorExpr& call, std::string code, std::string message, Span span,
             std::string hint = {});
  std::string random_key();

  Context context_;
  const Instance& instance_;
  const std::vector<NamedOperand>& operands_;
  const Scope& scope_;
  Diagnostics& diagnostics_;
  std::map<const TensorExpr*, Typed> built_;
  std::map<const RepeatedOperand*, std::vector<Typed>> built_items_;
  int random_ops_ = 0;
};

/// True when elements of `dtype` hold the value exactly, or round to it as floats do.
bool can_hold(DType dtype, double value);

/// True when the tensor is made of fills alone, however they were moved, whose values elements of
/// `dtype` can hold: nothing is computed, so that it may be integers.
bool can_be_stored_as(const Graph& graph, NodeId root, DType dtype);

/// True for the transforms whose results are the factors of a matrix, `left` and `right`.
bool is_factorisation(Transform transform);

/// The type with one axis given another size.
TensorType with_axis_size(TensorType type, const AxisPosition& at, std::int64_t size);

}  // namespace inarch
