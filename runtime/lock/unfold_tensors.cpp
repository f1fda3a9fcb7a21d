#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/saturating.h"
#include "compiler/support/text.h"
#include "runtime/io/safetensors_header.h"
#include "runtime/lock/base64.h"
#include "runtime/lock/tensor_rows.h"

namespace inarch {

namespace {

constexpr std::size_t deepest_loop = 8;
constexpr std::int64_t largest_number = 1'000'000'000'000'000;

Diagnostic fault(std::string message) { return error("", std::move(message)); }

/// Reads digits from `at` on, and moves it behind them.
std::optional<std::int64_t> read_number(std::string_view text, std::size_t& at) {
  std::int64_t number = 0;
  const auto [end, failure] = std::from_chars(text.data() + at, text.data() + text.size(), number);
  if (failure != std::errc() || text[at] == '-' || number > largest_number) return std::nullopt;
  at = static_cast<std::size_t>(end - text.data());
  return number;
}

using Range = std::pair<std::int64_t, std::int64_t>;  // first and last

std::optional<std::vector<Range>> read_ranges(std::string_view text) {
  std::vector<Range> ranges;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto first = read_number(text, at);
    auto last = first;
    if (first && at < text.size() && text[at] == '-') last = read_number(text, ++at);
    if (!first || !last || *last < *first) return std::nullopt;
    if (at < text.size() ? text[at] != ',' || at + 1 == text.size() : false) return std::nullopt;
    ranges.emplace_back(*first, *last);
  }
  if (ranges.empty()) return std::nullopt;
  return ranges;
}

/// A piece of a name: text, and then the number of a loop unless there is none.
struct Piece {
  std::string text;
  std::optional<std::size_t> loop;
  std::int64_t plus = 0;
};

/// A name with its loops' numbers left out. Nothing when the braces are wrong.
std::optional<std::vector<Piece>> read_pieces(std::string_view name, std::size_t loops) {
  std::vector<Piece> pieces(1);
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char c = name[at];
    if (c != '{' && c != '}') {
      pieces.back().text += c;
    } else if (at + 1 < name.size() && name[at + 1] == c) {
      pieces.back().text += c;
      ++at;
    } else {
      const auto loop = c == '{' ? read_number(name, ++at) : std::nullopt;
      std::optional<std::int64_t> plus = 0;
      if (loop && at < name.size() && name[at] == '+') plus = read_number(name, ++at);
      if (!loop || !plus || at >= name.size() || name[at] != '}') return std::nullopt;
      if (*loop >= static_cast<std::int64_t>(loops)) return std::nullopt;
      pieces.back().loop = static_cast<std::size_t>(*loop);
      pieces.back().plus = *plus;
      pieces.emplace_back();
    }
  }
  return pieces;
}

/// What was read of a row or a loop, once, however often it is gone through.
struct RowNode {
  std::vector<Piece> pieces;
  TensorInfo tensor;  // without a name
  std::optional<std::string> bytes;
  std::vector<Range> over;  // of a loop
  std::vector<RowNode> body;
};

class Unfolder {
 public:
  Unfolder(RowBudget& budget, std::vector<TensorInfo>& tensors, TensorBytes& bytes)
      : budget_(budget), tensors_(tensors), bytes_(bytes) {}

  Status unfold(const Value& rows) {
    auto nodes = read_rows(rows, 0, "tensors");
    if (!nodes) return nodes.error();
    if (count(*nodes) > budget_.tensors) return too_many();
    return go_through(*nodes);
  }

 private:
  static Result<std::vector<RowNode>> read_rows(const Value& rows, std::size_t loops,
                                                const std::string& where) {
    const Value::List* list = rows.if_list();
    if (!list) return fault(fmt::format("{} is {}, expected a list", where, rows.kind()));
    std::vector<RowNode> nodes;
    nodes.reserve(list->size());
    for (std::size_t k = 0; k < list->size(); ++k) {
      const std::string here = fmt::format("{}[{}]", where, k);
      auto node = (*list)[k].if_map() ? read_loop((*list)[k], loops, here)
                                      : read_row((*list)[k], loops, here);
      if (!node) return std::move(node.error());
      nodes.push_back(std::move(*node));
    }
    return nodes;
  }

  static Result<RowNode> read_loop(const Value& loop, std::size_t loops, const std::string& where) {
    const Value *over = loop.find("for"), *rows = loop.find("tensors");
    const bool whole = over && rows && over->if_text() && loop.if_map()->size() == 2;
    if (!whole) return fault(fmt::format("{} is no loop {{ \"for\": …, \"tensors\": … }}", where));
    if (loops == deepest_loop) return fault(fmt::format("{} is a loop too deep", where));
    auto ranges = read_ranges(*over->if_text());
    if (!ranges) {
      return fault(fmt::format("{} is for '{}', expected numbers such as 0-3,8", where,
                               escape_for_terminal(*over->if_text(), 60)));
    }
    auto body = read_rows(*rows, loops + 1, where + ".tensors");
    if (!body) return std::move(body.error());
    if (body->empty()) return fault(fmt::format("{} is a loop of nothing", where));
    RowNode node;
    node.over = std::move(*ranges);
    node.body = std::move(*body);
    return node;
  }

  static Result<RowNode> read_row(const Value& row, std::size_t loops, const std::string& where) {
    const Value::List* list = row.if_list();
    const bool whole = list && (list->size() == 3 || list->size() == 4) && (*list)[0].if_text() &&
                       (*list)[1].if_text() && (*list)[2].if_list();
    if (!whole) return fault(fmt::format("{} is no row [name, dtype, shape]", where));
    RowNode node;
    const std::string& name = *(*list)[0].if_text();
    auto pieces = read_pieces(name, loops);
    if (!pieces) {
      return fault(fmt::format("{}: '{}' has braces that stand for no loop", where,
                               escape_for_terminal(name)));
    }
    node.pieces = std::move(*pieces);
    if (Status read = read_type(*list, node, where); !read) return std::move(read.error());
    return node;
  }

  static Status read_type(const Value::List& row, RowNode& node, const std::string& where) {
    TensorInfo& tensor = node.tensor;
    const std::string& dtype = *row[1].if_text();
    const auto known = dtype_of(dtype);
    if (!known)
      return fault(fmt::format("{}: there is no dtype '{}'", where, escape_for_terminal(dtype)));
    tensor.dtype = *known;
    for (const Value& size : *row[2].if_list()) {
      if (!size.if_int() || *size.if_int() < 0)
        return fault(fmt::format("{}: a shape is of sizes, not {}", where, to_text(size)));
      tensor.shape.push_back(*size.if_int());
    }
    const auto elements = checked_numel(tensor.shape);
    const std::int64_t width = bits(tensor.dtype);
    const bool fits = elements && tensor.shape.size() <= max_tensor_rank &&
                      *elements <= max_elements && *elements * width % 8 == 0;
    if (!fits) {
      return fault(fmt::format("{}: no tensor has the shape {} as {}", where,
                               format_shape(tensor.shape), dtype));
    }
    tensor.bytes = *elements * width / 8;
    if (row.size() == 3) return {};
    if (row[3].if_text()) node.bytes = from_base64(*row[3].if_text());
    if (node.bytes && static_cast<std::int64_t>(node.bytes->size()) == tensor.bytes) return {};
    return fault(fmt::format("{}: the bytes are not {} in base64", where, tensor.bytes));
  }

  static std::optional<DType> dtype_of(std::string_view text) {
    for (int k = 0; k < dtype_count; ++k) {
      if (name(static_cast<DType>(k)) == text) return static_cast<DType>(k);
    }
    return std::nullopt;
  }

  static Diagnostic too_many() { return fault("there are more tensors than there is room for"); }

  /// How many tensors rows stand for, before one is made.
  static std::int64_t count(const std::vector<RowNode>& nodes) {
    std::int64_t sum = 0;
    for (const RowNode& node : nodes) {
      std::int64_t rounds = node.over.empty() ? 1 : 0;
      for (const auto& [first, last] : node.over) rounds = saturating_add(rounds, last - first + 1);
      const std::int64_t each = node.over.empty() ? 1 : count(node.body);
      sum = saturating_add(sum, saturating_multiply(rounds, each));
    }
    return sum;
  }

  Status go_through(const std::vector<RowNode>& nodes) {
    for (const RowNode& node : nodes) {
      Status done = node.over.empty() ? add(node) : go_round(node);
      if (!done) return done;
    }
    return {};
  }

  Status go_round(const RowNode& loop) {
    numbers_.push_back(0);
    for (const auto& [first, last] : loop.over) {
      for (std::int64_t number = first; number <= last; ++number) {
        numbers_.back() = number;
        if (Status done = go_through(loop.body); !done) return done;
      }
    }
    numbers_.pop_back();
    return {};
  }

  Status add(const RowNode& row) {
    TensorInfo tensor = row.tensor;
    for (const Piece& piece : row.pieces) {
      tensor.name += piece.text;
      if (!piece.loop) continue;
      std::array<char, 24> digits;
      const std::int64_t number = numbers_[*piece.loop] + piece.plus;
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
      tensor.name.append(digits.data(), end);
    }
    budget_.bytes -= static_cast<std::int64_t>(tensor.name.size() + 8 * tensor.shape.size() +
                                               (row.bytes ? row.bytes->size() : 0));
    if (--budget_.tensors < 0 || budget_.bytes < 0) return too_many();
    if (tensor.name.size() > max_tensor_name_bytes)
      return fault(fmt::format("the name '{}' is too long", escape_for_terminal(tensor.name, 60)));
    if (row.bytes) bytes_.emplace(static_cast<std::uint32_t>(tensors_.size()), *row.bytes);
    tensors_.push_back(std::move(tensor));
    return {};
  }

  RowBudget& budget_;
  std::vector<TensorInfo>& tensors_;
  TensorBytes& bytes_;
  std::vector<std::int64_t> numbers_;  // of the loops that this is in
};

}  // namespace

Status unfold_tensors(const Value& rows, RowBudget& budget, std::vector<TensorInfo>& tensors,
                      TensorBytes& bytes) {
  return Unfolder(budget, tensors, bytes).unfold(rows);
}

}  // namespace inarch
