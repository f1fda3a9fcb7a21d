#include "compiler/recipe/destination_reader.h"

#include <algorithm>
#include <cctype>

#include "compiler/recipe/expression_spans.h"
#include "compiler/recipe/fields.h"

namespace inarch {

namespace {

bool is_name_character(char c) {
  return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0;
}

/// How much of a text's beginning can be an output: `text`, `rank[{r}]`.
std::size_t output_length(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_name_character(text[at])) ++at;
  if (at == 0 || std::isdigit(static_cast<unsigned char>(text[0])) != 0) return 0;
  if (at == text.size() || text[at] != '[') return at;
  const std::size_t close = text.find(']', at);
  return close == std::string_view::npos ? at : close + 1;
}

/// Fills in the output that text[0, length) names; false on a fault.
bool read_prefix(std::string_view text, std::size_t length, const SpanMap& spans,
                 Destination& destination, Diagnostics& diagnostics) {
  const std::size_t open = std::min(text.substr(0, length).find('['), length);
  destination.output = text.substr(0, open);
  destination.output_span = spans.part(0, open);
  if (open == length) return true;
  destination.index = parse_name_pattern(text.substr(open + 1, length - open - 2),
                                         spans.part(open + 1, length - 1), diagnostics);
  return static_cast<bool>(destination.index);
}

std::optional<Destination> read_destination(const YamlNode& node, Diagnostics& diagnostics) {
  if (!node.is_scalar()) {
    wrong_kind(node, "a tensor's name", "text", diagnostics);
    return std::nullopt;
  }
  Destination destination;
  const std::string_view text = node.text;
  const SpanMap spans(text, node.span);
  const std::size_t length = output_length(text);
  const bool prefixed = length > 0 && length < text.size() && text[length] == ':';
  if (prefixed && !read_prefix(text, length, spans, destination, diagnostics)) return std::nullopt;
  const std::size_t begin = prefixed ? length + 1 : 0;
  auto name = parse_name_pattern(
      text.substr(begin), prefixed ? spans.part(begin, text.size()) : node.span, diagnostics);
  if (!name) return std::nullopt;
  destination.name = std::move(*name);
  return destination;
}

}  // namespace

std::vector<Destination> read_destinations(const YamlNode& to, Diagnostics& diagnostics) {
  std::vector<Destination> destinations;
  const auto add = [&](const YamlNode& node) {
    auto destination = read_destination(node, diagnostics);
    if (destination) destinations.push_back(std::move(*destination));
  };
  if (to.is_sequence()) {
    for (const YamlNode& item : to.items) add(item);
  } else if (to.is_mapping()) {
    for (const auto& [key, value] : to.entries) {
      const std::size_t before = destinations.size();
      add(value);
      if (destinations.size() == before) continue;
      destinations.back().result = key.text;
      destinations.back().result_span = key.span;
    }
  } else {
    add(to);
  }
  return destinations;
}

std::optional<Destination> read_output_name(const YamlNode& node, std::string_view what,
                                            std::string_view kind, Diagnostics& diagnostics) {
  Destination destination;
  const bool whole =
      node.is_scalar() && !node.text.empty() && output_length(node.text) == node.text.size();
  if (!whole) {
    wrong_kind(node, what, kind, diagnostics);
    return std::nullopt;
  }
  if (!read_prefix(node.text, node.text.size(), SpanMap(node.text, node.span), destination,
                   diagnostics))
    return std::nullopt;
  return destination;
}

}  // namespace inarch
