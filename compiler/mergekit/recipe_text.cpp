#include "compiler/mergekit/recipe_text.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/recipe/yaml_tree.h"

namespace inarch {

void RecipeText::add(std::string_view lines, Span origin) {
  while (true) {
    const std::size_t end = lines.find('\n');
    lines_.push_back({text_.size(), origin});
    text_ += lines.substr(0, end);
    text_ += '\n';
    if (end == std::string_view::npos) return;
    lines.remove_prefix(end + 1);
  }
}

void RecipeText::append(const RecipeText& other) {
  for (Line line : other.lines_) {
    line.begin += text_.size();
    lines_.push_back(line);
  }
  text_ += other.text_;
}

std::string_view RecipeText::line(std::size_t k) const {
  const std::size_t end = k + 1 < lines_.size() ? lines_[k + 1].begin : text_.size();
  return std::string_view(text_).substr(lines_[k].begin, end - lines_[k].begin - 1);
}

const RecipeText::Line* RecipeText::line_at(Span span, FileId file) const {
  if (span.file != file || lines_.empty()) return nullptr;
  const auto after =
      std::upper_bound(lines_.begin(), lines_.end(), span.begin,
                       [](std::uint32_t at, const Line& line) { return at < line.begin; });
  return &*(after - 1);
}

Diagnostic RecipeText::point_back(Diagnostic diagnostic, FileId file) const {
  const Line* line = line_at(diagnostic.primary.span, file);
  if (line) {
    const std::string_view text = std::string_view(text_).substr(line->begin);
    std::string_view shown = text.substr(0, text.find('\n'));
    shown.remove_prefix(std::min(shown.find_first_not_of(' '), shown.size()));
    diagnostic.notes.push_back(fmt::format("in the recipe that this stands for: {}", shown));
    diagnostic.primary.span = line->origin;
  }
  std::vector<Label> secondary;
  for (Label& label : diagnostic.secondary) {
    if (const Line* other = line_at(label.span, file)) label.span = other->origin;
    if (label.span.known()) secondary.push_back(std::move(label));
  }
  diagnostic.secondary = std::move(secondary);
  return diagnostic;
}

namespace {

/// Words that stand for nothing where they are plain.
bool is_null_word(std::string_view text) {
  return text == "null" || text == "Null" || text == "NULL" || text == "~";
}

}  // namespace

std::string yaml_text(std::string_view text, bool in_flow) {
  YamlNode scalar;
  scalar.kind = YamlNode::Kind::scalar;
  scalar.text = text;
  const auto is_plain = [&](char c) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (word || std::string_view("_./-+~").find(c) != std::string_view::npos) return true;
    return !in_flow && std::string_view("{} ").find(c) != std::string_view::npos;
  };
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), is_plain) &&
                     std::string_view("-{ ~").find(text.front()) == std::string_view::npos &&
                     text.back() != ' ' && scalar_value(scalar).if_text() != nullptr &&
                     !looks_like_number(text) && !is_null_word(text);
  return plain ? std::string(text) : json_quote(text);
}

std::string expression_text(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string number_text(double number) {
  if (std::floor(number) == number && std::abs(number) < 1e15)
    return fmt::format("{}", static_cast<std::int64_t>(number));
  return fmt::format("{}", number);
}

std::string leading_comments(std::string_view text) {
  std::string comments;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!line.empty() && line.front() != '#' && line != "---") break;
    if (!line.empty() && line.front() == '#') comments += std::string(line) + "\n";
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  while (!comments.empty() && comments.back() == '\n') comments.pop_back();
  return comments;
}

}  // namespace inarch
