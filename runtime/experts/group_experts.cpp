#include "runtime/experts/group_experts.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
#include <tuple>

namespace inarch {

namespace {

constexpr double lowest = -std::numeric_limits<double>::infinity();

std::size_t at(std::int64_t k) { return static_cast<std::size_t>(k); }

/// How many members each group has room for: `larger` of them one more than the rest.
struct Room {
  std::int64_t size = 0;
  std::int64_t larger = 0;

  Room(std::int64_t count, std::int64_t groups) : size(count / groups), larger(count % groups) {}
  std::int64_t most() const { return size + (larger > 0 ? 1 : 0); }
};

/// True when one more fits into a group of `members`, of which `full` are as large as may be.
bool has_room(const Room& room, std::size_t members, std::int64_t full) {
  const auto n = static_cast<std::int64_t>(members);
  return n < room.size || (n == room.size && full < room.larger);
}

std::int64_t full_ones(const Room& room, const Groups& groups) {
  return std::count_if(groups.begin(), groups.end(), [&](const auto& group) {
    return static_cast<std::int64_t>(group.size()) > room.size;
  });
}

double mean_similarity(const Similarity& s, const std::vector<std::int64_t>& a,
                       const std::vector<std::int64_t>& b) {
  double sum = 0;
  for (const std::int64_t x : a) {
    for (const std::int64_t y : b) sum += s.of(x, y);
  }
  return sum / static_cast<double>(a.size() * b.size());
}

/// The pair of clusters to join, or nothing where none fits.
std::optional<std::pair<std::size_t, std::size_t>> nearest_pair(const Similarity& s,
                                                                const Groups& clusters,
                                                                std::int64_t most) {
  std::optional<std::pair<std::size_t, std::size_t>> best;
  double greatest = lowest;
  for (std::size_t a = 0; a < clusters.size(); ++a) {
    for (std::size_t b = a + 1; b < clusters.size(); ++b) {
      if (static_cast<std::int64_t>(clusters[a].size() + clusters[b].size()) > most) continue;
      const double mean = mean_similarity(s, clusters[a], clusters[b]);
      if (mean <= greatest && best) continue;
      greatest = mean;
      best = {a, b};
    }
  }
  return best;
}

/// Its members, one by one, to the cluster with room that they are most like.
void dissolve(const Similarity& s, const Room& room, std::size_t which, Groups& clusters) {
  const std::vector<std::int64_t> members = std::move(clusters[which]);
  clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(which));
  for (const std::int64_t member : members) {
    std::size_t home = clusters.size();
    double greatest = lowest;
    for (std::size_t c = 0; c < clusters.size(); ++c) {
      if (static_cast<std::int64_t>(clusters[c].size()) >= room.most()) continue;
      const double mean = mean_similarity(s, clusters[c], {member});
      if (mean <= greatest && home < clusters.size()) continue;
      greatest = mean;
      home = c;
    }
    if (home == clusters.size()) {
      clusters.push_back({member});
    } else {
      clusters[home].push_back(member);
    }
  }
}

/// Where sizes differ, no more groups than may be are the larger ones: a member goes on to one that
/// is too small.
void even_out(const Similarity& s, const Room& room, Groups& groups) {
  while (true) {
    const auto small = std::find_if(groups.begin(), groups.end(), [&](const auto& group) {
      return static_cast<std::int64_t>(group.size()) < room.size;
    });
    if (small == groups.end()) return;
    std::size_t from = groups.size(), member = 0;
    double greatest = lowest;
    for (std::size_t c = 0; c < groups.size(); ++c) {
      if (static_cast<std::int64_t>(groups[c].size()) <= room.size) continue;
      for (std::size_t k = 0; k < groups[c].size(); ++k) {
        const double gain = small->empty() ? 0 : mean_similarity(s, *small, {groups[c][k]});
        if (from < groups.size() && gain <= greatest) continue;
        std::tie(from, member, greatest) = std::tuple(c, k, gain);
      }
    }
    small->push_back(groups[from][member]);
    groups[from].erase(groups[from].begin() + static_cast<std::ptrdiff_t>(member));
  }
}

Groups agglomerate(const Similarity& s, std::int64_t count, const Room& room) {
  Groups clusters;
  for (std::int64_t k = 0; k < s.count; ++k) clusters.push_back({k});
  while (static_cast<std::int64_t>(clusters.size()) > count) {
    if (const auto pair = nearest_pair(s, clusters, room.most())) {
      auto& [a, b] = *pair;
      clusters[a].insert(clusters[a].end(), clusters[b].begin(), clusters[b].end());
      clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(b));
      continue;
    }
    const auto smallest =
        std::min_element(clusters.begin(), clusters.end(),
                         [](const auto& a, const auto& b) { return a.size() < b.size(); });
    dissolve(s, room, static_cast<std::size_t>(smallest - clusters.begin()), clusters);
  }
  even_out(s, room, clusters);
  return clusters;
}

/// Seeds far from one another: each is least like any before it.
Groups seeds(const Similarity& s, std::int64_t count) {
  Groups groups = {{0}};
  while (static_cast<std::int64_t>(groups.size()) < count) {
    std::int64_t next = -1;
    double least = std::numeric_limits<double>::infinity();
    for (std::int64_t k = 0; k < s.count; ++k) {
      double most_like = lowest;
      bool taken = false;
      for (const auto& group : groups) {
        taken = taken || group.front() == k;
        most_like = std::max(most_like, s.of(k, group.front()));
      }
      if (taken || (next >= 0 && most_like >= least)) continue;
      next = k;
      least = most_like;
    }
    groups.push_back({next});
  }
  return groups;
}

/// ‖x − mean‖² in the space where similarities are inner products, less what all groups share.
double distance(const Similarity& s, std::int64_t x, const std::vector<std::int64_t>& group) {
  return mean_similarity(s, group, group) - 2 * mean_similarity(s, group, {x});
}

Groups assign(const Similarity& s, const Room& room, const Groups& centers) {
  std::vector<std::tuple<double, std::int64_t, std::size_t>> wishes;
  for (std::size_t c = 0; c < centers.size(); ++c) {
    for (std::int64_t k = 0; k < s.count; ++k)
      wishes.emplace_back(distance(s, k, centers[c]), k, c);
  }
  std::sort(wishes.begin(), wishes.end());
  Groups groups(centers.size());
  std::vector<bool> placed(at(s.count));
  std::int64_t full = 0;
  for (const auto& [d, k, c] : wishes) {
    if (placed[at(k)] || !has_room(room, groups[c].size(), full)) continue;
    groups[c].push_back(k);
    placed[at(k)] = true;
    full += static_cast<std::int64_t>(groups[c].size()) > room.size ? 1 : 0;
  }
  for (auto& group : groups) std::sort(group.begin(), group.end());
  return groups;
}

Groups lloyd(const Similarity& s, std::int64_t count, const Room& room) {
  constexpr int most_rounds = 100;
  Groups groups = assign(s, room, seeds(s, count));
  for (int round = 0; round < most_rounds; ++round) {
    Groups next = assign(s, room, groups);
    if (next == groups) break;
    groups = std::move(next);
  }
  return groups;
}

Groups in_order(Groups groups) {
  for (auto& group : groups) std::sort(group.begin(), group.end());
  std::sort(groups.begin(), groups.end());
  return groups;
}

}  // namespace

Groups group_alike(const Similarity& similarity, std::int64_t groups, Grouping grouping) {
  const Room room(similarity.count, groups);
  return in_order(grouping == Grouping::agglomerative ? agglomerate(similarity, groups, room)
                                                      : lloyd(similarity, groups, room));
}

Groups group_by_use(const std::vector<double>& use, std::int64_t groups) {
  std::vector<std::int64_t> order(use.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return use[at(a)] > use[at(b)]; });
  const Room room(static_cast<std::int64_t>(use.size()), groups);
  Groups dealt(at(groups));
  std::vector<double> busy(at(groups));
  for (const std::int64_t expert : order) {
    const std::int64_t full = full_ones(room, dealt);
    std::size_t chosen = dealt.size();
    for (std::size_t c = 0; c < dealt.size(); ++c) {
      if (!has_room(room, dealt[c].size(), full)) continue;
      const bool better = chosen == dealt.size() || busy[c] < busy[chosen] ||
                          (busy[c] == busy[chosen] && dealt[c].size() < dealt[chosen].size());
      if (better) chosen = c;
    }
    dealt[chosen].push_back(expert);
    busy[chosen] += use[at(expert)];
  }
  return in_order(std::move(dealt));
}

}  // namespace inarch
