#include <bit>
#include <limits>
#include <string_view>

#include "compiler/passes/pipeline.h"
#include "compiler/passes/rewrite.h"

namespace inarch {

namespace {

using Words = std::vector<std::uint64_t>;

/// Everything that decides a node's values, as words. Reals go by their bits, so that -0 is not 0.
class KeyWriter {
 public:
  explicit KeyWriter(Words& words) : words_(words) {}

  void write(const Node& node) {
    put(node.data.index());
    std::visit(*this, node.data);
    put(node.dtype);
    put(node.count());
    for (const NodeId input : node.inputs) put(input);
  }

  void operator()(const SourceTensor& s) { put(s.source, s.tensor, s.part); }
  void operator()(const FinishedOutput& o) { put(o.output); }
  void operator()(const FillOp& f) { put(f.value); }
  void operator()(const RandomOp& r) {
    put(r.distribution, r.a, r.b, r.seed);
    list(r.key);
  }
  void operator()(const IdentityOp& i) { put(i.rows, i.columns); }
  void operator()(const ViewOp& v) {
    put(v.offset, v.dims.size());
    for (const ViewDim& d : v.dims) put(d.size, d.stride);
  }
  void operator()(const ConcatOp& c) {
    put(c.outer);
    list(c.blocks);
  }
  void operator()(const TakeOp& t) {
    put(t.outer, t.axis, t.inner);
    list(t.indices);
  }
  void operator()(const LinearOp& l) {
    put(l.bias);
    list(l.weights);
  }
  void operator()(const ProductOp&) {}
  void operator()(const ClampOp& c) { put(c.low, c.high); }
  void operator()(const RoundOp& r) { put(r.dtype); }
  void operator()(const QuotientOp&) {}
  void operator()(const HoldOp&) {}
  void operator()(const MapOp& m) { put(m.function); }
  void operator()(const ReduceOp& r) { put(r.reduction, r.outer, r.axis, r.inner); }
  void operator()(const LargestOp& l) { put(l.groups, l.size, l.keep, l.as_mask); }
  void operator()(const MatmulOp& m) { put(m.m, m.k, m.n); }
  void operator()(const DecodeOp& d) { put(reinterpret_cast<std::uintptr_t>(d.encoding.get())); }
  void operator()(const EncodeOp& e) {
    put(reinterpret_cast<std::uintptr_t>(e.encoding.get()), e.part);
  }
  void operator()(const MergeOp& m) {
    put(m.merge, m.groups, m.size, m.row, m.keep, m.skip, m.iterations, m.from_base, m.normalize,
        m.rescale, m.t, m.density, m.epsilon, m.tolerance, m.r, m.alpha, m.seed);
    list(m.weights);
    list(m.key);
  }
  void operator()(const LowRankOp& l) {
    put(l.rows, l.columns, l.rank, l.oversampling, l.power_iterations, l.exact, l.energy, l.error,
        l.split, l.seed);
    list(l.key);
  }

 private:
  template <typename... Ts>
  void put(Ts... values) {
    (words_.push_back(word(values)), ...);
  }
  template <typename List>
  void list(const List& values) {
    put(values.size());
    for (const auto value : values) put(value);
  }
  static std::uint64_t word(double value) { return std::bit_cast<std::uint64_t>(value); }
  template <typename T>
  static std::uint64_t word(T value) {
    return static_cast<std::uint64_t>(value);
  }

  Words& words_;
};

/// The nodes there are, by their keys, which lie one after another in one vector: an open hash
/// table that is never full.
class KnownNodes {
 public:
  explicit KnownNodes(std::size_t count) : slots_(std::bit_ceil(2 * count + 1), no_entry) {
    constexpr std::size_t usual_words = 8;
    words_.reserve(count * usual_words);
    entries_.reserve(count);
  }

  /// The node with the same key, or `fresh` itself, which is then known.
  NodeId find_or_add(const Node& node, NodeId fresh) {
    const std::size_t begin = words_.size();
    KeyWriter(words_).write(node);
    const std::string_view key = bytes(begin, words_.size());
    std::size_t slot = std::hash<std::string_view>{}(key) & (slots_.size() - 1);
    for (; slots_[slot] != no_entry; slot = (slot + 1) & (slots_.size() - 1)) {
      const Entry& entry = entries_[slots_[slot]];
      if (bytes(entry.begin, entry.end) != key) continue;
      words_.resize(begin);
      return entry.node;
    }
    slots_[slot] = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({begin, words_.size(), fresh});
    return fresh;
  }

 private:
  static constexpr std::uint32_t no_entry = std::numeric_limits<std::uint32_t>::max();
  struct Entry {
    std::size_t begin = 0;
    std::size_t end = 0;
    NodeId node = 0;
  };
  std::string_view bytes(std::size_t begin, std::size_t end) const {
    return {reinterpret_cast<const char*>(words_.data() + begin),
            (end - begin) * sizeof(std::uint64_t)};
  }

  Words words_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  // numbers of entries
};

}  // namespace

/// In place, since no node becomes more than one, and mostly nothing moves.
void deduplicate(Module& module) {
  Graph& graph = module.graph;
  KnownNodes known(graph.nodes.size());
  std::vector<NodeId> renumbered(graph.nodes.size());
  NodeId kept = 0;
  for (NodeId id = 0; id < graph.nodes.size(); ++id) {
    Node& node = graph[id];
    for (NodeId& input : node.inputs) input = renumbered[input];
    renumbered[id] = known.find_or_add(node, kept);
    if (renumbered[id] != kept) continue;
    if (kept != id) graph[kept] = std::move(node);
    ++kept;
  }
  graph.nodes.resize(kept);
  renumber_uses(graph, renumbered);
  remove_unused(graph);
}

}  // namespace inarch
