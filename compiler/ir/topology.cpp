#include "compiler/ir/topology.h"

#include <algorithm>
#include <queue>

#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/depth_first_search.hpp>

namespace inarch {

namespace {

using Digraph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;

/// Keeps the path of a depth-first search and stops at the first edge back into it.
struct CycleFinder : boost::default_dfs_visitor {
  explicit CycleFinder(std::vector<std::size_t>& out) : cycle(&out) {}

  void discover_vertex(std::size_t v, const Digraph&) { path.push_back(v); }
  void finish_vertex(std::size_t, const Digraph&) { path.pop_back(); }
  template <typename Edge>
  void back_edge(Edge e, const Digraph& g) {
    if (!cycle->empty()) return;
    const auto first = std::find(path.begin(), path.end(), target(e, g));
    cycle->assign(first, path.end());
  }

  std::vector<std::size_t>* cycle;
  std::vector<std::size_t> path;
};

}  // namespace

std::optional<std::vector<std::size_t>> topological_order(
    std::size_t count, const std::vector<std::pair<std::size_t, std::size_t>>& edges,
    std::vector<std::size_t>& cycle) {
  Digraph graph(edges.begin(), edges.end(), count);
  std::vector<std::size_t> waiting_for(count, 0);
  for (const auto& [before, after] : edges) ++waiting_for[after];
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
  for (std::size_t v = 0; v < count; ++v) {
    if (waiting_for[v] == 0) ready.push(v);
  }
  std::vector<std::size_t> order;
  while (!ready.empty()) {
    const std::size_t v = ready.top();
    ready.pop();
    order.push_back(v);
    for (auto [next, end] = adjacent_vertices(v, graph); next != end; ++next) {
      if (--waiting_for[*next] == 0) ready.push(*next);
    }
  }
  if (order.size() == count) return order;
  CycleFinder finder(cycle);
  depth_first_search(graph, boost::visitor(finder));
  return std::nullopt;
}

}  // namespace inarch
