#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "compiler/core/logits_claim.h"
#include "compiler/core/ops.h"
#include "compiler/ir/tensor_type.h"
#include "compiler/recipe/records.h"
#include "compiler/support/span.h"

namespace inarch {

using NodeId = std::uint32_t;

/// A tensor of a source, or one of the parts that an encoded one consists of, as stored.
struct SourceTensor {
  static constexpr std::int32_t whole = -1;
  std::uint32_t source = 0;
  std::uint32_t tensor = 0;
  std::int32_t part = whole;  // index into EncodedTensor::parts
};
/// A finished output, read back: only in checks.
struct FinishedOutput {
  std::uint32_t output = 0;
};

using NodeData =
    std::variant<SourceTensor, FinishedOutput, FillOp, RandomOp, IdentityOp, ViewOp, ConcatOp,
                 TakeOp, LinearOp, ProductOp, QuotientOp, HoldOp, MapOp, ClampOp, RoundOp, ReduceOp,
                 LargestOp, MatmulOp, DecodeOp, EncodeOp, Boxed<LowRankOp>, Boxed<MergeOp>>;

/// A tensor-valued operation. Its elements are a flat row-major sequence; what they mean is known
/// to those who read it (`Typed`) and no longer matters here.
struct Node {
  NodeData data;
  std::vector<NodeId> inputs;  // all smaller than the node's own id
  DType dtype = DType::f32;
  Shape shape;
  Span origin;

  std::int64_t count() const { return numel(shape); }
};

/// How an output is stored that is encoded: what becomes of it when its parts are spelled out.
struct Storage {
  struct Part {
    std::string ending;  // of its name, after the stem
    DType dtype = DType::f32;
    Shape shape;
    NodeId node = 0;
  };
  std::shared_ptr<const Encoding> encoding;
  std::string ending;  // of the tensor's own name, after the stem
  bool transposed = false;
  std::int32_t source = -1;  // that has it as it is; -1: it is encoded here
  /// Of FP8 that is encoded here as compressed-tensors stores it; else nothing.
  std::optional<ScaleStrategy> strategy;
  std::vector<Part> parts;
};

/// One tensor of an output.
struct Output {
  std::uint32_t checkpoint = 0;  // which output it belongs to: index into BoundRecipe::outputs
  std::string name;
  NodeId node = 0;
  DType dtype = DType::f32;
  Shape shape;
  Span origin;
  bool is_buffer = false;
  std::int32_t storage = -1;     // index into Graph::storages; -1: its elements are its values
  std::int64_t parameters = -1;  // that it stands for; -1: as many as it has elements
};

/// A numeric claim: compared when the tensors are finished. `right` is absent for `finite`.
struct NumericCheck {
  std::string description;
  Span origin;
  NodeId left = 0;
  NodeId right = 0;
  bool has_right = false;
  double tolerance = 0;
  bool at_most = false;  // left ≤ right everywhere, in place of left = right
  bool warns = false;    // and is published where it does not hold
};

/// Tested when the outputs are finished.
struct LogitsCheck {
  LogitsClaim claim;  // of indices into BoundRecipe::sources and outputs
  Span origin;
};

/// A tensor of `define`, for those who read it.
struct Definition {
  NodeId node = 0;
  TensorType type;
};

/// All outputs and checks of a recipe as one directed acyclic graph. Nodes are stored in
/// topological order, so passes are loops.
struct Graph {
  std::vector<Node> nodes;
  std::vector<Output> outputs;
  std::vector<NumericCheck> checks;
  std::vector<LogitsCheck> logits_checks;
  std::map<std::string, Definition> definitions;  // empty once remove_unused has run
  std::vector<Storage> storages;                  // empty once spell_out_encoded has run
  /// Nodes that are the values of an encoded tensor as its source has it, ascending.
  std::vector<std::pair<NodeId, SourceTensor>> encoded_values;

  Records records;  // of rules, for the configs of outputs

  NodeId add(Node node);
  /// The source's tensor whose values the node is, when it is encoded.
  const SourceTensor* encoded_value(NodeId node) const;
  Node& operator[](NodeId id) { return nodes[id]; }
  const Node& operator[](NodeId id) const { return nodes[id]; }
};

/// True for ops that compute with values; the others move elements or make them.
bool is_arithmetic(const NodeData& data);
/// True for ops whose element i needs element i of each input and nothing else.
bool is_pointwise(const NodeData& data);

/// One node a line, for --dump-after and for tests.
std::string print(const Graph& graph);

/// Drops nodes that nothing needs and renumbers the rest.
void remove_unused(Graph& graph);

/// An internal fault in the graph, or "" when it is sound: inputs precede nodes, counts agree.
std::string find_fault(const Graph& graph);

}  // namespace inarch
