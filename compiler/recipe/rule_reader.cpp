#include "compiler/recipe/rule_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/recipe/destination_reader.h"
#include "compiler/recipe/fields.h"
#include "compiler/recipe/transform_hint.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

TensorExprPtr named(const NamedOperand& operand) {
  auto e = std::make_shared<TensorExpr>();
  e->kind = TensorExpr::Kind::name;
  e->name = operand.name;
  e->span = operand.span;
  e->is_repeated = operand.is_repeated();
  return e;
}

/// How many entries the list has over which a `m[*]:…` in the expression runs; nothing when there
/// is none, or no such list, which binding reports.
std::optional<std::size_t> entries_of_list(const TensorExpr& e,
                                           const std::vector<SourceDecl>& sources) {
  if (e.kind == TensorExpr::Kind::reference && e.index && e.index->text == "*") {
    for (const SourceDecl& source : sources) {
      if (source.name == e.source && source.is_list) return source.locations.size();
    }
  }
  for (const TensorExprPtr& input : e.inputs) {
    if (const auto count = entries_of_list(*input, sources)) return count;
  }
  return std::nullopt;
}

/// The expression with the list's entry k in the place of every `*`.
TensorExprPtr with_entry(const TensorExprPtr& e, std::size_t k) {
  auto copy = std::make_shared<TensorExpr>(*e);
  if (copy->index && copy->index->text == "*") {
    Diagnostics none;  // a number is a pattern
    copy->index = parse_name_pattern(std::to_string(k), copy->index->span, none);
  }
  for (TensorExprPtr& input : copy->inputs) input = with_entry(input, k);
  return copy;
}

ParamKind kind_of_axis_entry(AxisEntries entries) {
  return entries == AxisEntries::parts ? ParamKind::numbers : ParamKind::integer;
}

/// Adds `key: value` of a transform's mapping: a further operand, a parameter or an axis.
void read_entry(const TransformSpec& t, const YamlNode& key, const YamlNode& value,
                std::vector<TensorExprPtr>& inputs, std::vector<Argument>& arguments,
                Diagnostics& diagnostics) {
  const auto operand = std::find(t.inputs.begin(), t.inputs.end(), key.text);
  const auto position = static_cast<std::size_t>(operand - t.inputs.begin());
  if (operand != t.inputs.end() && !t.find(key.text) && !t.variadic && position >= inputs.size()) {
    TensorExprPtr tensor =
        value.is_scalar() ? parse_tensor_expression(value.text, value.span, diagnostics) : nullptr;
    if (tensor) inputs.push_back(tensor);
    if (!value.is_scalar())
      wrong_kind(value, fmt::format("'{}'", key.text), "a tensor", diagnostics);
    return;
  }
  const Parameter* p = t.find(key.text);
  if (!p && value.is_mapping() && find_transform(key.text)) {
    diagnostics.add(
        error("E123", fmt::format("'{}' has no parameter '{}'", t.name, key.text))
            .at(key.span, "a transform of its own")
            .hint(fmt::format("one item each: [ {{ {}: … }}, {{ {}: … }} ]", t.name, key.text)));
    return;
  }
  const ParamKind kind = p ? p->kind : kind_of_axis_entry(t.axes);
  auto read = read_argument_value(value, kind, p, diagnostics);
  if (read) arguments.push_back({key.text, key.span, false, std::move(*read)});
}

TensorExprPtr read_pipeline(const YamlNode& apply, TensorExprPtr value, Diagnostics& diagnostics) {
  if (!apply.is_sequence()) return read_transform(apply, {value}, diagnostics);
  for (const YamlNode& step : apply.items) {
    const std::size_t before = diagnostics.errors();
    TensorExprPtr next = read_transform(step, {value}, diagnostics);
    if (next) value = next;
    if (!next && diagnostics.errors() == before) return nullptr;
  }
  return value;
}

/// The span that stands for a rule in messages.
Span rule_span(const YamlNode& node) {
  for (const char* key : {"from", "to"}) {
    const YamlNode* entry = node.find(key);
    if (entry) return entry->span;
  }
  return node.span;
}

/// The key that names a step's transform, or null.
const YamlNode* transform_key(const YamlNode& step) {
  if (step.is_scalar()) return &step;
  return step.is_mapping() && !step.entries.empty() ? &step.entries.front().key : nullptr;
}

/// False, and E133, when a transform is named that wants operands.
bool is_initial(const YamlNode& init, Diagnostics& diagnostics) {
  const YamlNode* key = transform_key(init);
  const TransformSpec* t = key ? find_transform(key->text) : nullptr;
  if (!t || t->family == Family::initial) return true;
  diagnostics.add(
      error("E133", fmt::format("'{}' does not make a tensor", t->name))
          .at(key->span)
          .note("initial transforms: zeros, ones, constant, normal, uniform and identity"));
  return false;
}

/// `combine: a + 0.3 * (b - a)`; a word alone is a transform.
bool is_expression(const YamlNode& combine) {
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return combine.is_scalar() && !std::all_of(combine.text.begin(), combine.text.end(), is_word);
}

TensorExprPtr read_value(const Fields& fields, const Rule& rule, const YamlNode& node,
                         Diagnostics& diagnostics) {
  std::vector<TensorExprPtr> inputs;
  for (const NamedOperand& operand : rule.operands) inputs.push_back(named(operand));
  const YamlNode* combine = fields.get("combine");
  const YamlNode* init = fields.get("init");
  const YamlNode* apply = fields.get("apply");
  if (init && !inputs.empty()) {
    diagnostics.add(error("E133", "a rule has 'from' or 'init', not both")
                        .at(fields.key_span("init"))
                        .also(fields.key_span("from"), "also given"));
    return nullptr;
  }
  if (init && combine) {
    diagnostics.add(error("E133", "a rule has 'combine' or 'init', not both")
                        .at(fields.key_span("init"))
                        .also(fields.key_span("combine"), "also given"));
    return nullptr;
  }
  TensorExprPtr value;
  if (init) {
    if (!is_initial(*init, diagnostics)) return nullptr;
    value = read_transform(*init, {}, diagnostics);
  } else if (combine) {
    value = is_expression(*combine)
                ? parse_tensor_expression(combine->text, combine->span, diagnostics)
                : read_transform(*combine, inputs, diagnostics);
  } else if (!inputs.empty()) {
    const YamlNode* from = fields.get("from");
    const bool uses_names = from && from->is_mapping() && !from->find("tensor");
    if ((inputs.size() > 1 && !uses_names) || inputs.front()->is_repeated) {
      diagnostics.add(error("E133", inputs.size() > 1
                                        ? fmt::format("{} operands and no 'combine'", inputs.size())
                                        : "an operand with 'for', and no 'combine'")
                          .at(rule.span)
                          .hint("combine: { linear: [0.5, 0.5] }"));
      return nullptr;
    }
    value = inputs.front();
  } else if (!fields.get("from") && !fields.misspelt({"from", "init"})) {
    diagnostics.add(error("E133", "a rule needs 'from' or 'init'")
                        .at(node.span)
                        .hint("from: SOURCE:NAME, or init: zeros"));
  }
  if (value && apply) value = read_pipeline(*apply, value, diagnostics);
  return value;
}

std::vector<ExceptDecl> read_except(const YamlNode& except, Diagnostics& diagnostics) {
  std::vector<ExceptDecl> patterns;
  for (const YamlNode& item : except.items) {
    if (!item.is_scalar()) {
      wrong_kind(item, "an entry of 'except'", "a tensor's name", diagnostics);
      continue;
    }
    auto pattern = parse_name_pattern(without_mark(item.text), item.span, diagnostics);
    if (pattern) patterns.push_back({std::move(*pattern), is_marked(item.text)});
  }
  return patterns;
}

/// What rules and definitions have in common: where the tensor comes from.
void read_body(const Fields& fields, const YamlNode& node, const std::vector<SourceDecl>& sources,
               Rule& rule, Diagnostics& diagnostics) {
  rule.span = rule_span(node);
  const std::size_t before = diagnostics.errors();
  if (const YamlNode* from = fields.get("from")) {
    rule.operands = read_operands(*from, sources, diagnostics);
    if (from->is_scalar()) rule.span = from->span;
    if (from->is_sequence() && !from->items.empty()) rule.span = from->items.front().span;
  }
  rule.ranges = read_ranges(fields.get("for"), diagnostics);
  rule.where = fields.expression("where");
  if (fields.get("where")) rule.where_span = fields.get("where")->span;
  if (const YamlNode* except = fields.sequence("except"))
    rule.except = read_except(*except, diagnostics);
  if (diagnostics.errors() == before) rule.value = read_value(fields, rule, node, diagnostics);
}

/// "i", or "new, old".
std::optional<std::vector<std::string>> read_variables(const YamlNode& key,
                                                       Diagnostics& diagnostics) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= key.text.size();) {
    const std::size_t comma = std::min(key.text.find(',', at), key.text.size());
    const std::size_t begin = std::min(key.text.find_first_not_of(' ', at), comma);
    std::string name = key.text.substr(begin, comma - begin);
    name.erase(name.find_last_not_of(' ') + 1);
    names.push_back(std::move(name));
    at = comma + 1;
  }
  for (std::size_t k = 0; k < names.size(); ++k) {
    const bool again = std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(k),
                                 names[k]) != names.begin() + static_cast<std::ptrdiff_t>(k);
    if (is_name(names[k]) && !again) continue;
    diagnostics.add(
        error("E136",
              again ? fmt::format("'{}' is named twice", escape_for_terminal(names[k]))
                    : fmt::format("'{}' cannot name a variable", escape_for_terminal(names[k])))
            .at(key.span, again ? "" : "letters, digits and _ only, a letter first")
            .hint(names.size() > 1 ? "for: { \"new, old\": enumerate(layers) }" : ""));
    return std::nullopt;
  }
  return names;
}

std::vector<RecordDecl> read_records(const YamlNode& node, Diagnostics& diagnostics) {
  std::vector<RecordDecl> records;
  for (const auto& [path, entries] : node.entries) {
    if (!entries.is_mapping()) {
      wrong_kind(entries, fmt::format("'{}'", path.text), "a mapping from a name to a value",
                 diagnostics);
      continue;
    }
    for (const auto& [key, value] : entries.entries) {
      auto pattern = parse_name_pattern(key.text, key.span, diagnostics);
      if (pattern) records.push_back({path.text, std::move(*pattern), value});
    }
  }
  return records;
}

/// A definition of several results is one of each: `NAME.left` and `NAME.right`.
void name_results(const YamlNode& name, Rule& rule, Diagnostics& diagnostics) {
  if (rule.value->kind != TensorExpr::Kind::call || rule.to.empty()) return;
  const std::vector<std::string_view>& results = spec(rule.value->transform).results;
  if (!results.empty()) rule.to.clear();
  for (const std::string_view result : results) {
    auto pattern =
        parse_name_pattern(fmt::format("{}.{}", name.text, result), name.span, diagnostics);
    if (pattern) rule.to.push_back({{}, {}, {}, std::move(*pattern), {}, {}});
  }
}

/// The results of some transforms have names, and `to` may give them in any order.
void order_results(Transform transform, std::vector<Destination>& to, Diagnostics& diagnostics) {
  const std::vector<std::string_view>& results = spec(transform).results;
  const bool named =
      std::any_of(to.begin(), to.end(), [](const Destination& d) { return !d.result.empty(); });
  if (results.empty() || !named) return;
  std::vector<Destination> ordered;
  for (const std::string_view result : results) {
    const auto found = std::find_if(to.begin(), to.end(),
                                    [&](const Destination& d) { return d.result == result; });
    if (found != to.end()) ordered.push_back(std::move(*found));
  }
  if (ordered.size() == to.size()) {
    to = std::move(ordered);
    return;
  }
  const auto wrong = std::find_if(to.begin(), to.end(), [&](const Destination& d) {
    return !d.result.empty() &&
           std::find(results.begin(), results.end(), d.result) == results.end();
  });
  const Destination& at = wrong == to.end() ? to.front() : *wrong;
  diagnostics.add(
      error("E312", fmt::format("'{}' gives no '{}'", spec(transform).name, at.result))
          .at(at.result_span)
          .hint(fmt::format("to: {{ {}: NAME, {}: NAME }}", results.front(), results.back())));
}

}  // namespace

std::vector<ForRange> read_ranges(const YamlNode* node, Diagnostics& diagnostics) {
  std::vector<ForRange> ranges;
  if (!node) return ranges;
  if (!node->is_mapping()) {
    wrong_kind(*node, "'for'", "a mapping from a name to a range", diagnostics);
    return ranges;
  }
  for (const auto& [key, value] : node->entries) {
    // A plain word in a list is that word: `p: [q, k]`.
    const ParamKind kind = value.is_sequence() ? ParamKind::text : ParamKind::integer;
    auto values = read_argument_value(value, kind, nullptr, diagnostics);
    auto variables = read_variables(key, diagnostics);
    if (values && variables)
      ranges.push_back({std::move(*variables), key.span, std::move(*values)});
  }
  return ranges;
}

std::optional<ArgumentValue> read_argument_value(const YamlNode& node, ParamKind kind,
                                                 const Parameter* parameter,
                                                 Diagnostics& diagnostics) {
  if (node.is_scalar()) {
    const bool number_in_list = kind == ParamKind::text && !node.quoted &&
                                (scalar_value(node).is_number() || scalar_value(node).if_bool());
    return parse_argument(node.text, node.quoted, number_in_list ? ParamKind::number : kind,
                          parameter, node.span, diagnostics);
  }
  if (!node.is_sequence()) {
    wrong_kind(node, "this value", "a scalar or a list", diagnostics);
    return std::nullopt;
  }
  ArgumentValue value;
  value.is_list = true;
  value.span = node.span;
  const bool element_wise = kind == ParamKind::numbers || kind == ParamKind::number_or_numbers ||
                            kind == ParamKind::shape;
  for (const YamlNode& item : node.items) {
    auto read =
        read_argument_value(item, element_wise ? ParamKind::number : kind, parameter, diagnostics);
    if (!read) return std::nullopt;
    value.list.push_back(std::move(*read));
  }
  return value;
}

TensorExprPtr read_transform(const YamlNode& node, std::vector<TensorExprPtr> inputs,
                             Diagnostics& diagnostics) {
  const YamlNode* key = transform_key(node);
  if (!key) {
    wrong_kind(node, "a step", "a transform", diagnostics);
    return nullptr;
  }
  const TransformSpec* t = find_transform(key->text);
  if (!t) {
    diagnostics.add(
        error("E122", fmt::format("there is no transform '{}'", escape_for_terminal(key->text)))
            .at(key->span)
            .note("inarch explain transforms lists them")
            .hint(transform_hint(key->text)));
    return nullptr;
  }
  std::vector<Argument> arguments;
  const std::size_t before = diagnostics.errors();
  for (std::size_t i = 0; node.is_mapping() && i < node.entries.size(); ++i) {
    const auto& [name, value] = node.entries[i];
    if (i > 0) {
      read_entry(*t, name, value, inputs, arguments, diagnostics);
    } else if (value.is_mapping()) {
      for (const auto& [inner, inner_value] : value.entries)
        read_entry(*t, inner, inner_value, inputs, arguments, diagnostics);
    } else if (!value.is_null()) {
      if (t->main.empty()) {
        diagnostics.add(error("E123", fmt::format("'{}' takes no single value", t->name))
                            .at(value.span)
                            .hint(fmt::format("write it like this: {}", t->example)));
        return nullptr;
      }
      const Parameter* p = t->find(t->main);
      auto read = read_argument_value(value, p->kind, p, diagnostics);
      if (read) arguments.push_back({std::string(t->main), name.span, false, std::move(*read)});
    }
  }
  if (diagnostics.errors() > before) return nullptr;
  return make_call(t->transform, key->span, std::move(inputs), std::move(arguments), node.span,
                   diagnostics);
}

std::vector<NamedOperand> read_operands(const YamlNode& node,
                                        const std::vector<SourceDecl>& sources,
                                        Diagnostics& diagnostics) {
  std::vector<NamedOperand> operands;
  const auto add = [&](std::string name, const YamlNode& item) {
    TensorExprPtr tensor;
    std::vector<ForRange> ranges;
    if (item.is_scalar()) {
      tensor = parse_tensor_expression(item.text, item.span, diagnostics);
    } else if (item.is_mapping()) {
      const Fields fields(item, "an operand", {"tensor", "for", "apply"}, diagnostics);
      ranges = read_ranges(fields.get("for"), diagnostics);
      const YamlNode* text = fields.require("tensor");
      if (text && text->is_scalar())
        tensor = parse_tensor_expression(text->text, text->span, diagnostics);
      if (tensor && fields.get("apply"))
        tensor = read_pipeline(*fields.get("apply"), tensor, diagnostics);
    } else {
      wrong_kind(item, "an operand", "text", diagnostics);
    }
    if (!tensor) return;
    const auto count = entries_of_list(*tensor, sources);
    if (!count)
      operands.push_back({std::move(name), item.span, std::move(tensor), std::move(ranges)});
    for (std::size_t k = 0; count && k < *count; ++k)
      operands.push_back(
          {fmt::format("{}[{}]", name, k), item.span, with_entry(tensor, k), ranges});
  };
  if (node.is_sequence()) {
    for (std::size_t i = 0; i < node.items.size(); ++i) add(std::to_string(i), node.items[i]);
  } else if (node.is_mapping() && !node.find("tensor")) {
    for (const auto& [key, value] : node.entries) add(key.text, value);
  } else {
    add("0", node);
  }
  return operands;
}

std::optional<Rule> read_rule(const YamlNode& node, const std::vector<SourceDecl>& sources,
                              Diagnostics& diagnostics) {
  const Fields fields(node, "a rule",
                      {"from", "to", "for", "where", "except", "apply", "combine", "init", "dtype",
                       "encode", "record", "rest", "name"},
                      diagnostics);
  if (!node.is_mapping()) return std::nullopt;
  const std::size_t before = diagnostics.errors();
  Rule rule;
  rule.rest = fields.boolean("rest", false);
  rule.dtype = fields.text("dtype");
  if (fields.get("dtype")) rule.dtype_span = fields.get("dtype")->span;
  if (const YamlNode* encode = fields.get("encode")) rule.encode = *encode;
  if (const YamlNode* to = fields.require("to", "to: NAME"))
    rule.to = read_destinations(*to, diagnostics);
  if (const YamlNode* record = fields.mapping("record"))
    rule.records = read_records(*record, diagnostics);
  read_body(fields, node, sources, rule, diagnostics);
  if (rule.value && rule.value->kind == TensorExpr::Kind::call)
    order_results(rule.value->transform, rule.to, diagnostics);
  if (!rule.value || diagnostics.errors() != before) return std::nullopt;
  return rule;
}

std::optional<Rule> read_definition(const YamlNode& name, const YamlNode& body,
                                    const std::vector<SourceDecl>& sources,
                                    Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  Rule rule;
  rule.is_definition = true;
  if (auto pattern = parse_name_pattern(name.text, name.span, diagnostics))
    rule.to.push_back({{}, {}, {}, std::move(*pattern), {}, {}});
  if (body.is_scalar()) {
    rule.span = body.span;
    rule.operands = read_operands(body, sources, diagnostics);
    if (!rule.operands.empty()) rule.value = named(rule.operands.front());
  } else {
    const Fields fields(body, "a definition",
                        {"from", "for", "where", "except", "apply", "combine", "init"},
                        diagnostics);
    if (!body.is_mapping()) return std::nullopt;
    read_body(fields, body, sources, rule, diagnostics);
  }
  if (!rule.value || diagnostics.errors() != before) return std::nullopt;
  name_results(name, rule, diagnostics);
  return rule;
}

}  // namespace inarch
