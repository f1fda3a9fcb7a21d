#include "compiler/ir/graph.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace inarch {

namespace {

template <typename... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <typename... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

std::string describe_op(const NodeData& data) {
  return std::visit(
      Overloaded{
          [](const SourceTensor& s) {
            return s.part == SourceTensor::whole
                       ? fmt::format("source {} {}", s.source, s.tensor)
                       : fmt::format("source {} {} part {}", s.source, s.tensor, s.part);
          },
          [](const FinishedOutput& o) { return fmt::format("output {}", o.output); },
          [](const FillOp& f) { return fmt::format("fill {}", f.value); },
          [](const RandomOp& r) {
            return fmt::format("{} {} {} seed {} key {}",
                               r.distribution == Distribution::normal ? "normal" : "uniform", r.a,
                               r.b, r.seed, r.key);
          },
          [](const IdentityOp& i) { return fmt::format("identity {} {}", i.rows, i.columns); },
          [](const ViewOp& v) {
            std::string dims;
            for (const ViewDim& d : v.dims) dims += fmt::format(" {}:{}", d.size, d.stride);
            return fmt::format("view +{}{}", v.offset, dims);
          },
          [](const ConcatOp& c) {
            return fmt::format("concat {} x {}", c.outer, fmt::join(c.blocks, " "));
          },
          [](const TakeOp& t) {
            return fmt::format("take {} of {} x {}", t.indices.size(), t.axis, t.inner);
          },
          [](const LinearOp& l) {
            return fmt::format("linear {} + {}", fmt::join(l.weights, " "), l.bias);
          },
          [](const ProductOp&) { return std::string("product"); },
          [](const ClampOp& c) { return fmt::format("clamp {} {}", c.low, c.high); },
          [](const RoundOp& r) { return fmt::format("round {}", name(r.dtype)); },
          [](const QuotientOp&) { return std::string("quotient"); },
          [](const HoldOp&) { return std::string("hold"); },
          [](const MapOp& m) { return std::string(name(m.function)); },
          [](const ReduceOp& r) {
            return fmt::format("{} {} {} {}", name(r.reduction), r.outer, r.axis, r.inner);
          },
          [](const LargestOp& l) {
            return fmt::format("{} {} x {} of {}", l.as_mask ? "largest_mask" : "largest", l.groups,
                               l.keep, l.size);
          },
          [](const MatmulOp& m) { return fmt::format("matmul {} {} {}", m.m, m.k, m.n); },
          [](const DecodeOp& d) { return fmt::format("decode {}", describe(*d.encoding)); },
          [](const EncodeOp& e) {
            return fmt::format("encode {} {}", describe(*e.encoding), name(e.part));
          },
          [](const Boxed<LowRankOp>& l) {
            return fmt::format("low_rank {} {} {}", l->rows, l->columns, l->rank);
          },
          [](const Boxed<MergeOp>& m) {
            return fmt::format("{} {} x {}", name(m->merge), m->groups, m->size);
          },
      },
      data);
}

std::int64_t expected_count(const Node& node) {
  return std::visit(Overloaded{
                        [&](const ViewOp& v) {
                          std::int64_t count = 1;
                          for (const ViewDim& d : v.dims) count *= d.size;
                          return count;
                        },
                        [&](const ConcatOp& c) {
                          std::int64_t row = 0;
                          for (const std::int64_t block : c.blocks) row += block;
                          return c.outer * row;
                        },
                        [&](const TakeOp& t) {
                          return t.outer * static_cast<std::int64_t>(t.indices.size()) * t.inner;
                        },
                        [&](const ReduceOp& r) { return r.outer * r.inner; },
                        [&](const LargestOp& l) { return l.groups * l.size; },
                        [&](const MatmulOp& m) { return m.m * m.n; },
                        [&](const DecodeOp& d) { return d.encoding->count(); },
                        [&](const Boxed<LowRankOp>& l) { return l->rank * (l->rows + l->columns); },
                        [&](const Boxed<MergeOp>& m) { return m->count(); },
                        [&](const IdentityOp& i) { return i.rows * i.columns; },
                        [&](const auto&) { return node.count(); },
                    },
                    node.data);
}

}  // namespace

NodeId Graph::add(Node node) {
  nodes.push_back(std::move(node));
  return static_cast<NodeId>(nodes.size() - 1);
}

const SourceTensor* Graph::encoded_value(NodeId node) const {
  const auto entry =
      std::lower_bound(encoded_values.begin(), encoded_values.end(), node,
                       [](const auto& known, NodeId wanted) { return known.first < wanted; });
  return entry != encoded_values.end() && entry->first == node ? &entry->second : nullptr;
}

bool is_arithmetic(const NodeData& data) {
  return is_pointwise(data) || std::holds_alternative<ReduceOp>(data) ||
         std::holds_alternative<HoldOp>(data) || std::holds_alternative<LargestOp>(data) ||
         std::holds_alternative<MatmulOp>(data) || std::holds_alternative<DecodeOp>(data) ||
         std::holds_alternative<EncodeOp>(data) || std::holds_alternative<Boxed<LowRankOp>>(data) ||
         std::holds_alternative<Boxed<MergeOp>>(data);
}

bool is_pointwise(const NodeData& data) {
  return std::holds_alternative<LinearOp>(data) || std::holds_alternative<ProductOp>(data) ||
         std::holds_alternative<QuotientOp>(data) || std::holds_alternative<MapOp>(data) ||
         std::holds_alternative<ClampOp>(data) || std::holds_alternative<RoundOp>(data);
}

std::string print(const Graph& graph) {
  std::string out;
  for (NodeId id = 0; id < graph.nodes.size(); ++id) {
    const Node& node = graph[id];
    out += fmt::format("%{} = {} {}", id, name(node.dtype), format_shape(node.shape));
    out += fmt::format(" {}", describe_op(node.data));
    if (!node.inputs.empty()) out += fmt::format(" (%{})", fmt::join(node.inputs, ", %"));
    out += '\n';
  }
  for (const Output& output : graph.outputs) {
    out += fmt::format("{} : {} {} = %{}\n", output.name, name(output.dtype),
                       format_shape(output.shape), output.node);
  }
  for (const NumericCheck& check : graph.checks) {
    out += fmt::format("check {} : %{}{}\n", check.description, check.left,
                       check.has_right ? fmt::format(" = %{}", check.right) : "");
  }
  return out;
}

void remove_unused(Graph& graph) {
  std::vector<bool> used(graph.nodes.size(), false);
  for (const Output& output : graph.outputs) used[output.node] = true;
  for (const NumericCheck& check : graph.checks) {
    used[check.left] = true;
    if (check.has_right) used[check.right] = true;
  }
  for (std::size_t k = graph.nodes.size(); k-- > 0;) {
    if (!used[k]) continue;
    for (const NodeId input : graph.nodes[k].inputs) used[input] = true;
  }
  graph.definitions.clear();
  if (std::find(used.begin(), used.end(), false) == used.end()) return;
  std::vector<NodeId> renumbered(graph.nodes.size(), 0);
  std::vector<Node> kept;
  kept.reserve(static_cast<std::size_t>(std::count(used.begin(), used.end(), true)));
  for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
    if (!used[k]) continue;
    renumbered[k] = static_cast<NodeId>(kept.size());
    for (NodeId& input : graph.nodes[k].inputs) input = renumbered[input];
    kept.push_back(std::move(graph.nodes[k]));
  }
  graph.nodes = std::move(kept);
  for (Output& output : graph.outputs) output.node = renumbered[output.node];
  for (NumericCheck& check : graph.checks) {
    check.left = renumbered[check.left];
    if (check.has_right) check.right = renumbered[check.right];
  }
}

std::string find_fault(const Graph& graph) {
  for (NodeId id = 0; id < graph.nodes.size(); ++id) {
    const Node& node = graph[id];
    for (const NodeId input : node.inputs) {
      if (input >= id) return fmt::format("%{} comes before its input %{}", id, input);
      if (is_pointwise(node.data) && graph[input].count() != node.count()) {
        return fmt::format("%{} is pointwise over {} elements but %{} has {}", id, node.count(),
                           input, graph[input].count());
      }
    }
    if (expected_count(node) != node.count()) {
      return fmt::format("%{} yields {} elements, its type says {}", id, expected_count(node),
                         node.count());
    }
    if (const auto* view = std::get_if<ViewOp>(&node.data)) {
      std::int64_t low = view->offset, high = view->offset;
      for (const ViewDim& d : view->dims) (d.stride < 0 ? low : high) += d.stride * (d.size - 1);
      const bool inside = low >= 0 && high < graph[node.inputs[0]].count();
      if (node.count() > 0 && !inside)
        return fmt::format("%{} reads outside %{}", id, node.inputs[0]);
    }
  }
  for (const Output& output : graph.outputs) {
    if (numel(output.shape) != graph[output.node].count())
      return fmt::format("'{}' does not fit its node", output.name);
  }
  return {};
}

}  // namespace inarch
