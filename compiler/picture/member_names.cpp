#include "compiler/picture/member_names.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "compiler/picture/page.h"

namespace inarch {

namespace {

/// A name as pieces of text and, between them, the numbers that are segments of it.
struct NumberedName {
  std::vector<std::string> pieces;
  std::vector<std::int64_t> numbers;
};

bool is_index(std::string_view segment) {
  return !segment.empty() && segment.size() <= 9 && (segment.size() == 1 || segment[0] != '0') &&
         segment.find_first_not_of("0123456789") == segment.npos;
}

NumberedName take_apart(std::string_view name) {
  NumberedName taken;
  std::string piece;
  while (true) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    const std::string_view segment = name.substr(0, dot);
    if (is_index(segment)) {
      std::int64_t number = 0;
      std::from_chars(segment.data(), segment.data() + segment.size(), number);
      taken.pieces.push_back(std::move(piece));
      taken.numbers.push_back(number);
      piece.clear();
    } else {
      piece += segment;
    }
    if (dot == name.size()) break;
    piece += '.';
    name.remove_prefix(dot + 1);
  }
  taken.pieces.push_back(std::move(piece));
  return taken;
}

/// The numbers at one place of the names, by member, in terms of the repeats.
class Hole {
 public:
  Hole(std::vector<std::int64_t> numbers, const RepeatNumbers& repeats)
      : numbers_(std::move(numbers)), repeats_(repeats) {}

  Value describe() const {
    for (std::size_t axis = 0; axis < repeats_.size(); ++axis) {
      if (const auto add = offset_from(axis))
        return Value::List{static_cast<std::int64_t>(axis), *add};
    }
    return Value::Map{{"each", run_lengths(numbers_)}};
  }

 private:
  std::int64_t repeat_number(std::size_t axis, std::size_t member) const {
    std::size_t inner = 1;
    for (std::size_t k = axis + 1; k < repeats_.size(); ++k) inner *= repeats_[k]->size();
    return (*repeats_[axis])[member / inner % repeats_[axis]->size()];
  }
  std::optional<std::int64_t> offset_from(std::size_t axis) const {
    const std::int64_t add = numbers_[0] - repeat_number(axis, 0);
    for (std::size_t member = 1; member < numbers_.size(); ++member) {
      if (numbers_[member] - repeat_number(axis, member) != add) return std::nullopt;
    }
    return add;
  }

  std::vector<std::int64_t> numbers_;
  const RepeatNumbers& repeats_;
};

bool all_equal(const std::vector<const std::string*>& names) {
  return std::all_of(names.begin(), names.end(),
                     [&](const std::string* name) { return *name == *names.front(); });
}

Value one_by_one(const std::vector<const std::string*>& names) {
  Value::List list;
  for (const std::string* name : names) list.push_back(page_text(*name));
  return Value::Map{{"names", std::move(list)}};
}

}  // namespace

Value run_lengths(const std::vector<std::int64_t>& numbers) {
  Value::List runs;
  for (std::size_t begin = 0; begin < numbers.size();) {
    std::size_t end = begin + 1;
    while (end < numbers.size() && numbers[end] == numbers[begin]) ++end;
    runs.emplace_back(numbers[begin]);
    runs.emplace_back(static_cast<std::int64_t>(end - begin));
    begin = end;
  }
  if (runs.size() == 2) return std::move(runs.front());
  return runs;
}

Value member_names(const std::vector<const std::string*>& names, const RepeatNumbers& repeats) {
  if (all_equal(names)) return page_text(*names.front());
  std::vector<NumberedName> taken;
  for (const std::string* name : names) {
    taken.push_back(take_apart(*name));
    if (taken.back().pieces != taken.front().pieces) return one_by_one(names);
  }
  Value::List pieces = {page_text(taken.front().pieces.front())}, holes;
  for (std::size_t place = 0; place < taken.front().numbers.size(); ++place) {
    std::vector<std::int64_t> numbers;
    for (const NumberedName& name : taken) numbers.push_back(name.numbers[place]);
    holes.push_back(Hole(std::move(numbers), repeats).describe());
    pieces.push_back(page_text(taken.front().pieces[place + 1]));
  }
  return Value::List{std::move(pieces), std::move(holes)};
}

}  // namespace inarch
