// Finds loops in a list of tensors. Neighbouring blocks of p rows become one block in a loop when
// they differ in numbers of their names alone, all of these by the same step from block to block
// and in the same places; the steps themselves may be anything, as in 0, 1, 10, 11, 2. The longest
// gain at a place is taken, its block is folded in turn, and passes over the whole go on while one
// finds something: experts become loops first, and then layers of such loops.
#include <algorithm>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "runtime/lock/base64.h"
#include "runtime/lock/numbered_name.h"
#include "runtime/lock/tensor_rows.h"

namespace inarch {

namespace {

constexpr std::size_t longest_block = 128;
constexpr std::size_t least_gain = 2;  // rows; a loop of two rows reads worse than the two
constexpr int no_loop = -1;

/// A number of a name: free, or bound to a loop as an offset from its value.
struct Slot {
  std::int64_t value = 0;
  int loop = no_loop;
};

/// A row or a loop over rows. Two with the same kind differ in their free numbers alone.
struct Node {
  std::uint32_t kind = 0;
  std::vector<std::int64_t> free;
  std::uint32_t row = 0;    // of a row: what it looks like, index into Folder::rows_
  std::vector<Slot> slots;  // likewise
  int loop = no_loop;
  std::vector<std::int64_t> over;
  std::vector<Node> body;
};

struct Row {
  std::vector<std::string> texts;
  Value::List rest;  // dtype, shape, bytes
};

struct Loop {
  std::size_t period = 0;
  std::vector<std::int64_t> steps;  // from the first block; 0 for itself

  std::size_t gain() const { return steps.empty() ? 0 : (steps.size() - 1) * period; }
};

void escape_braces(std::string_view text, std::string& out) {
  for (const char c : text) out.append(c == '{' || c == '}' ? 2 : 1, c);
}

class Folder {
 public:
  Node row(const TensorInfo& tensor, const std::string* bytes) {
    NumberedName name = split_numbers(tensor.name);
    Value::List shape;
    for (const std::int64_t size : tensor.shape) shape.emplace_back(size);
    Row row{std::move(name.texts), {Value(inarch::name(tensor.dtype)), Value(std::move(shape))}};
    if (bytes) row.rest.emplace_back(to_base64(*bytes));
    std::string key;
    for (const std::string& text : row.texts) key += fmt::format("{}:{}", text.size(), text);
    for (const Value& value : row.rest) key.append(1, ' ').append(to_text(value));
    Node node;
    const auto [known, is_new] = by_key_.emplace(std::move(key), rows_.size());
    if (is_new) rows_.push_back(std::move(row));
    node.row = static_cast<std::uint32_t>(known->second);
    for (const std::int64_t number : name.numbers) node.slots.push_back({number, no_loop});
    refresh(node);
    return node;
  }

  std::vector<Node> fold(std::vector<Node> nodes) {
    for (bool found = true; found;) {
      found = false;
      std::vector<Node> folded;
      for (std::size_t at = 0; at < nodes.size();) {
        const Loop loop = best_loop(nodes, at);
        if (loop.gain() < least_gain) {
          folded.push_back(std::move(nodes[at++]));
        } else {
          folded.push_back(make_loop(nodes, at, loop));
          at += loop.period * loop.steps.size();
          found = true;
        }
      }
      nodes = std::move(folded);
    }
    return nodes;
  }

  Value::List write(const std::vector<Node>& nodes) {
    Value::List list;
    for (const Node& node : nodes) {
      if (node.loop == no_loop) {
        list.push_back(write_row(node));
      } else {
        outer_.push_back(node.loop);
        list.emplace_back(
            Value::Map{{"for", write_ranges(node.over)}, {"tensors", write(node.body)}});
        outer_.pop_back();
      }
    }
    return list;
  }

 private:
  static Loop best_loop(const std::vector<Node>& nodes, std::size_t at) {
    Loop best;
    const std::size_t longest = std::min(longest_block, (nodes.size() - at) / 2);
    for (std::size_t period = 1; period <= longest; ++period) {
      if (nodes[at].kind != nodes[at + period].kind) continue;
      if (best.period != 0 && period % best.period == 0) continue;  // gains less
      Loop loop = loop_of(nodes, at, period);
      if (loop.gain() > best.gain()) best = std::move(loop);
    }
    return best;
  }

  static Loop loop_of(const std::vector<Node>& nodes, std::size_t at, std::size_t period) {
    Loop loop{period, {0}};
    for (std::size_t next = at + period; next + period <= nodes.size(); next += period) {
      const auto step = step_to(nodes, at, next, period);
      if (!step) break;
      loop.steps.push_back(*step);
    }
    return loop;
  }

  /// By how much the block at `next` is ahead of the one at `at`, where it has the same kinds and
  /// differs in the places in which the second block differs from the first.
  static std::optional<std::int64_t> step_to(const std::vector<Node>& nodes, std::size_t at,
                                             std::size_t next, std::size_t period) {
    std::optional<std::int64_t> step;
    for (std::size_t k = 0; k < period; ++k) {
      const Node &a = nodes[at + k], &b = nodes[at + period + k], &c = nodes[next + k];
      if (a.kind != c.kind) return std::nullopt;
      for (std::size_t n = 0; n < a.free.size(); ++n) {
        const std::int64_t ahead = c.free[n] - a.free[n];
        if (a.free[n] == b.free[n]) {
          if (ahead != 0) return std::nullopt;
        } else if (ahead != step.value_or(ahead)) {
          return std::nullopt;
        } else {
          step = ahead;
        }
      }
    }
    return step;
  }

  Node make_loop(const std::vector<Node>& nodes, std::size_t at, const Loop& found) {
    Node loop;
    loop.loop = loops_++;
    const auto begin = nodes.begin() + static_cast<std::ptrdiff_t>(at);
    loop.body.assign(begin, begin + static_cast<std::ptrdiff_t>(found.period));
    const auto differs = [&](std::size_t k, std::size_t n) {
      return nodes[at + k].free[n] != nodes[at + found.period + k].free[n];
    };
    std::optional<std::int64_t> least;
    for (std::size_t k = 0; k < found.period; ++k) {
      for (std::size_t n = 0; n < loop.body[k].free.size(); ++n) {
        if (differs(k, n))
          least = std::min(least.value_or(loop.body[k].free[n]), nodes[at + k].free[n]);
      }
    }
    for (const std::int64_t step : found.steps) loop.over.push_back(*least + step);
    for (std::size_t k = 0; k < found.period; ++k) {
      std::size_t n = 0;
      bind(loop.body[k], n, loop.loop, *least,
           [&](std::size_t place) { return differs(k, place); });
    }
    loop.body = fold(std::move(loop.body));
    refresh(loop);
    return loop;
  }

  /// Binds those free numbers of a node to a loop of which `chosen` says so; `n` counts them.
  template <typename Chosen>
  void bind(Node& node, std::size_t& n, int loop, std::int64_t base, const Chosen& chosen) {
    for (Slot& slot : node.slots) {
      if (slot.loop == no_loop && chosen(n++)) slot = {slot.value - base, loop};
    }
    for (Node& inner : node.body) bind(inner, n, loop, base, chosen);
    refresh(node);
  }

  void refresh(Node& node) {
    std::string key;
    node.free.clear();
    std::vector<int> inside;
    describe(node, inside, key, node.free);
    node.kind =
        static_cast<std::uint32_t>(kinds_.emplace(std::move(key), kinds_.size()).first->second);
  }

  /// All of a node but its free numbers. Loops in it are called by their depth, so that those of
  /// two nodes are alike, and loops around it by their number.
  static void describe(const Node& node, std::vector<int>& inside, std::string& key,
                       std::vector<std::int64_t>& free) {
    if (node.loop == no_loop) {
      key += fmt::format("r{}", node.row);
      for (const Slot& slot : node.slots) {
        if (slot.loop == no_loop) {
          key += '#';
          free.push_back(slot.value);
          continue;
        }
        const auto depth = std::find(inside.begin(), inside.end(), slot.loop);
        key += depth == inside.end() ? fmt::format("^{}+{}", slot.loop, slot.value)
                                     : fmt::format("@{}+{}", depth - inside.begin(), slot.value);
      }
      return;
    }
    key += "(" + write_ranges(node.over) + ":";
    inside.push_back(node.loop);
    for (const Node& inner : node.body) describe(inner, inside, key, free);
    inside.pop_back();
    key += ')';
  }

  Value write_row(const Node& node) const {
    const Row& row = rows_[node.row];
    std::string name;
    for (std::size_t k = 0; k < row.texts.size(); ++k) {
      escape_braces(row.texts[k], name);
      if (k == node.slots.size()) break;
      const Slot& slot = node.slots[k];
      if (slot.loop == no_loop) {
        name += fmt::format("{}", slot.value);
      } else {
        const auto depth = std::find(outer_.begin(), outer_.end(), slot.loop) - outer_.begin();
        name += slot.value == 0 ? fmt::format("{{{}}}", depth)
                                : fmt::format("{{{}+{}}}", depth, slot.value);
      }
    }
    Value::List list{Value(std::move(name))};
    list.insert(list.end(), row.rest.begin(), row.rest.end());
    return Value(std::move(list));
  }

  std::vector<Row> rows_;
  std::unordered_map<std::string, std::size_t> by_key_;
  std::unordered_map<std::string, std::size_t> kinds_;
  std::vector<int> outer_;
  int loops_ = 0;
};

}  // namespace

std::string write_ranges(std::span<const std::int64_t> numbers) {
  std::string out;
  for (std::size_t at = 0; at < numbers.size();) {
    std::size_t end = at + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    if (!out.empty()) out += ',';
    out += fmt::format("{}", numbers[at]);
    if (end - at > 1) out += fmt::format("-{}", numbers[end - 1]);
    at = end;
  }
  return out;
}

Value::List fold_tensors(std::span<const TensorInfo> tensors, const TensorBytes& bytes,
                         std::uint32_t first) {
  Folder folder;
  std::vector<Node> nodes;
  nodes.reserve(tensors.size());
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    const auto known = bytes.find(first + static_cast<std::uint32_t>(k));
    nodes.push_back(folder.row(tensors[k], known == bytes.end() ? nullptr : &known->second));
  }
  return folder.write(folder.fold(std::move(nodes)));
}

}  // namespace inarch
