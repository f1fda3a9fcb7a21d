#include "runtime/cli/name_groups.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Numbers that are written as people count: "0", "17", but not "007", which is another name.
bool is_number(std::string_view segment) {
  if (segment.empty() || segment.size() > 9 || (segment.size() > 1 && segment[0] == '0'))
    return false;
  return std::all_of(segment.begin(), segment.end(), [](char c) { return c >= '0' && c <= '9'; });
}

NameGroup split(std::string_view name) {
  NameGroup group;
  group.literals.emplace_back();
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    const std::string_view segment = name.substr(begin, end - begin);
    const std::string_view dot = begin > 0 ? "." : "";
    group.literals.back() += dot;
    if (is_number(segment)) {
      std::int64_t number = 0;
      std::from_chars(segment.data(), segment.data() + segment.size(), number);
      group.numbers.push_back({number});
      group.literals.emplace_back();
    } else {
      group.literals.back() += segment;
    }
    begin = end + 1;
  }
  return group;
}

/// Joins groups that have the same numbers everywhere but at `hole`.
std::vector<NameGroup> join_at(std::size_t hole, std::vector<NameGroup> groups) {
  std::map<std::vector<std::vector<std::int64_t>>, std::size_t> places;
  std::vector<NameGroup> joined;
  for (NameGroup& group : groups) {
    auto others = group.numbers;
    others[hole].clear();
    const auto [place, is_new] = places.emplace(std::move(others), joined.size());
    if (is_new) {
      joined.push_back(std::move(group));
      continue;
    }
    NameGroup& into = joined[place->second];
    into.numbers[hole].insert(into.numbers[hole].end(), group.numbers[hole].begin(),
                              group.numbers[hole].end());
    into.members.insert(into.members.end(), group.members.begin(), group.members.end());
  }
  return joined;
}

std::string format_ranges(const std::vector<std::int64_t>& numbers, std::size_t most) {
  std::vector<std::string> ranges;
  for (std::size_t k = 0; k < numbers.size();) {
    std::size_t end = k + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
    if (end - k > 2) {
      ranges.push_back(fmt::format("{}..{}", numbers[k], numbers[end - 1]));
      k = end;
    } else {
      ranges.push_back(std::to_string(numbers[k++]));
    }
  }
  if (most > 1 && ranges.size() > most) {
    const std::string last = ranges.back();
    ranges.resize(most - 1);
    ranges.push_back("…");
    ranges.push_back(last);
  }
  std::string text;
  for (const std::string& range : ranges) text += (text.empty() ? "" : ",") + range;
  return text;
}

}  // namespace

std::string NameGroup::text(std::size_t most_ranges) const {
  std::string text = literals.front();
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    const std::string ranges = format_ranges(numbers[k], most_ranges);
    text += (numbers[k].size() > 1 ? "{" + ranges + "}" : ranges) + literals[k + 1];
  }
  return text;
}

std::string NameGroup::tell_apart(const std::string& name) const {
  const NameGroup single = split(name);
  std::string text;
  for (std::size_t k = 0; k < numbers.size(); ++k) {
    if (numbers[k].size() > 1)
      text += fmt::format("{}{}", text.empty() ? "" : ".", single.numbers[k].front());
  }
  return text;
}

std::vector<NameGroup> single_names(const std::vector<std::string>& names) {
  std::vector<std::size_t> order(names.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return natural_less(names[a], names[b]); });
  std::vector<NameGroup> singles;
  singles.reserve(names.size());
  for (const std::size_t position : order) {
    singles.push_back(split(names[position]));
    singles.back().members = {position};
  }
  return singles;
}

std::vector<NameGroup> group_names(const std::vector<std::string>& names,
                                   const std::vector<std::string>& kinds) {
  std::map<std::pair<std::vector<std::string>, std::string_view>, std::vector<NameGroup>> families;
  for (NameGroup& single : single_names(names)) {
    const std::size_t position = single.members.front();
    families[{single.literals, kinds[position]}].push_back(std::move(single));
  }
  std::vector<NameGroup> groups;
  for (auto& [key, members] : families) {
    std::vector<NameGroup> joined = std::move(members);
    for (std::size_t hole = key.first.size() - 1; hole-- > 0;)
      joined = join_at(hole, std::move(joined));
    std::move(joined.begin(), joined.end(), std::back_inserter(groups));
  }
  const auto first_name = [&](const NameGroup& group) -> const std::string& {
    return names[group.members.front()];
  };
  std::sort(groups.begin(), groups.end(), [&](const NameGroup& a, const NameGroup& b) {
    return natural_less(first_name(a), first_name(b));
  });
  return groups;
}

}  // namespace inarch
