#include <map>

#include <fmt/format.h>

#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

namespace {

std::string number(double value) { return fmt::format("{:a};", value); }
std::string list(const std::vector<std::int64_t>& values) {
  std::string out;
  for (const std::int64_t value : values) out += fmt::format("{};", value);
  return out;
}

/// Everything that decides a node's values, as text.
struct Key {
  std::string operator()(const SourceTensor& s) const {
    return fmt::format("S{},{}", s.source, s.tensor);
  }
  std::string operator()(const FinishedOutput& o) const { return fmt::format("O{}", o.output); }
  std::string operator()(const FillOp& f) const { return "F" + number(f.value); }
  std::string operator()(const RandomOp& r) const {
    return fmt::format("R{}{}{}{},{}", static_cast<int>(r.distribution), number(r.a), number(r.b),
                       r.seed, r.key);
  }
  std::string operator()(const IdentityOp& i) const {
    return fmt::format("I{},{}", i.rows, i.columns);
  }
  std::string operator()(const ViewOp& v) const {
    std::string out = fmt::format("V{}", v.offset);
    for (const ViewDim& d : v.dims) out += fmt::format(";{}:{}", d.size, d.stride);
    return out;
  }
  std::string operator()(const ConcatOp& c) const {
    return fmt::format("C{};{}", c.outer, list(c.blocks));
  }
  std::string operator()(const TakeOp& t) const {
    return fmt::format("T{},{},{};{}", t.outer, t.axis, t.inner, list(t.indices));
  }
  std::string operator()(const LinearOp& l) const {
    std::string out = "L" + number(l.bias);
    for (const double weight : l.weights) out += number(weight);
    return out;
  }
  std::string operator()(const ProductOp&) const { return "P"; }
  std::string operator()(const ClampOp& c) const { return "K" + number(c.low) + number(c.high); }
  std::string operator()(const RoundOp& r) const {
    return fmt::format("D{}", static_cast<int>(r.dtype));
  }
  std::string operator()(const QuotientOp&) const { return "Q"; }
  std::string operator()(const MapOp& m) const {
    return fmt::format("A{}", static_cast<int>(m.function));
  }
  std::string operator()(const ReduceOp& r) const {
    return fmt::format("M{},{},{},{}", static_cast<int>(r.reduction), r.outer, r.axis, r.inner);
  }
  std::string operator()(const LargestOp& l) const {
    return fmt::format("G{},{},{},{}", l.groups, l.size, l.keep, l.as_mask);
  }
  std::string operator()(const MatmulOp& m) const {
    return fmt::format("X{},{},{}", m.m, m.k, m.n);
  }
};

}  // namespace

void deduplicate(Module& module) {
  std::map<std::string, NodeId> known;
  rewrite(module.graph, [&](Graph& graph, Node node) {
    std::string key = std::visit(Key{}, node.data);
    key += fmt::format("|{}|{}|", static_cast<int>(node.type.dtype), node.count());
    for (const NodeId input : node.inputs) key += fmt::format("{},", input);
    const auto [entry, fresh] = known.emplace(std::move(key), 0);
    if (fresh) entry->second = graph.add(std::move(node));
    return entry->second;
  });
}

}  // namespace inarch
