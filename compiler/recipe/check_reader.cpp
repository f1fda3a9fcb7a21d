#include "compiler/recipe/check_reader.h"

#include <fmt/format.h>

#include "compiler/recipe/destination_reader.h"
#include "compiler/recipe/fields.h"
#include "compiler/recipe/rule_reader.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

CheckDecl::Kind kind_of_check(const std::string& name) {
  using K = CheckDecl::Kind;
  if (name == "parameters") return K::parameters;
  if (name == "tensors") return K::tensors;
  if (name == "complete") return K::complete;
  if (name == "equal") return K::equal;
  if (name == "at_most") return K::at_most;
  if (name == "finite") return K::finite;
  if (name == "shape") return K::shape;
  if (name == "exists") return K::exists;
  if (name == "absent") return K::absent;
  if (name == "logits_close") return K::logits_close;
  return K::assertion;
}

void read_check_tensor(const YamlNode* node, std::string_view what, CheckDecl& check,
                       Diagnostics& diagnostics) {
  if (!node) return;
  if (!node->is_scalar()) return wrong_kind(*node, what, "a tensor", diagnostics);
  TensorExprPtr tensor = parse_tensor_expression(node->text, node->span, diagnostics);
  if (tensor) check.tensors.push_back(std::move(tensor));
}

/// `{ of: OUTPUT, is: … }`, a claim about one output: what it is to be. Otherwise the body itself.
const YamlNode* one_output(const YamlNode& body, CheckDecl& check, Diagnostics& diagnostics) {
  if (!body.is_mapping()) return &body;
  const Fields fields(body, "this check", {"of", "is"}, diagnostics);
  if (const YamlNode* of = fields.require("of", "of: OUTPUT"))
    check.of = read_output_name(*of, "'of'", "an output", diagnostics);
  const YamlNode* is = fields.require("is");
  if (is) check.span = is->span;
  return is;
}

/// `left: out`, `right: base`: outputs or sources, which are not told apart yet.
void read_model(const YamlNode* node, std::string_view what, CheckDecl& check,
                Diagnostics& diagnostics) {
  if (!node) return;
  auto model = read_output_name(*node, what, "an output or a source", diagnostics);
  if (model) check.models.push_back(std::move(*model));
}

void read_check_body(const YamlNode& body, CheckDecl& check, Diagnostics& diagnostics) {
  using K = CheckDecl::Kind;
  const auto number = [&](const YamlNode* node, ParamKind kind) {
    if (!node) return;
    auto value = read_argument_value(*node, kind, nullptr, diagnostics);
    if (value) check.expected = std::move(*value);
  };
  switch (check.kind) {
    case K::parameters:
    case K::tensors:
      return number(one_output(body, check, diagnostics), ParamKind::integer);
    case K::assertion:
      return number(&body, ParamKind::integer);
    case K::complete: {
      const YamlNode* name = one_output(body, check, diagnostics);
      if (!name) return;
      if (!name->is_scalar())
        return wrong_kind(*name, "'complete'", "an architecture", diagnostics);
      check.architecture = parse_template(name->text, name->span, diagnostics);
      return;
    }
    case K::finite:
    case K::exists:
    case K::absent:
      return read_check_tensor(&body, "a checked tensor", check, diagnostics);
    case K::equal: {
      const Fields fields(body, "'equal'", {"left", "right", "tolerance"}, diagnostics);
      read_check_tensor(fields.require("left"), "'left'", check, diagnostics);
      read_check_tensor(fields.require("right"), "'right'", check, diagnostics);
      return number(fields.get("tolerance"), ParamKind::number);
    }
    case K::at_most: {
      const Fields fields(body, "'at_most'", {"value", "limit"}, diagnostics);
      read_check_tensor(fields.require("value"), "'value'", check, diagnostics);
      return read_check_tensor(fields.require("limit"), "'limit'", check, diagnostics);
    }
    case K::logits_close: {
      const Fields fields(body, "'logits_close'", {"left", "right", "prompts", "tolerance"},
                          diagnostics);
      read_model(fields.require("left", "left: out"), "'left'", check, diagnostics);
      read_model(fields.require("right", "right: SOURCE"), "'right'", check, diagnostics);
      if (const YamlNode* prompts = fields.require("prompts", "prompts: [ a text, [1, 2, 3] ]")) {
        // In a list a word is text; alone it is the name of a table or param.
        const ParamKind kind = prompts->is_sequence() ? ParamKind::text : ParamKind::integer;
        auto value = read_argument_value(*prompts, kind, nullptr, diagnostics);
        if (value) check.prompts = std::move(*value);
      }
      return number(fields.get("tolerance"), ParamKind::number);
    }
    case K::shape: {
      const Fields fields(body, "'shape'", {"of", "is"}, diagnostics);
      read_check_tensor(fields.require("of"), "'of'", check, diagnostics);
      return number(fields.require("is"), ParamKind::shape);
    }
  }
}

}  // namespace

std::optional<CheckDecl> read_check(const YamlNode& node, const std::vector<SourceDecl>& sources,
                                    Diagnostics& diagnostics) {
  static const std::vector<std::string> kinds = {"parameters", "tensors", "complete",    "equal",
                                                 "at_most",    "finite",  "shape",       "exists",
                                                 "absent",     "assert",  "logits_close"};
  std::vector<std::string> known = {"name", "for", "where", "with", "warn"};
  known.insert(known.end(), kinds.begin(), kinds.end());
  const std::size_t before = diagnostics.errors();
  const Fields fields(node, "a check", known, diagnostics);
  if (!node.is_mapping()) return std::nullopt;
  CheckDecl check;
  std::vector<std::string> given;
  for (const std::string& kind : kinds) {
    if (fields.get(kind)) given.push_back(kind);
  }
  if (given.empty() && diagnostics.errors() != before) return std::nullopt;
  if (given.size() != 1) {
    diagnostics.add(error("E134", given.empty() ? std::string("a check says what must hold")
                                                : fmt::format("a check says one thing, here are {}",
                                                              join_names(given)))
                        .at(node.span)
                        .note(fmt::format("checks: {}", join_names(kinds, 20))));
    return std::nullopt;
  }
  check.kind = kind_of_check(given[0]);
  check.span = fields.get(given[0])->span;
  check.name = fields.plain_text("name").value_or("");
  check.ranges = read_ranges(fields.get("for"), diagnostics);
  check.where = fields.expression("where");
  if (const YamlNode* probes = fields.mapping("with"))
    check.probes = read_operands(*probes, sources, diagnostics);
  read_check_body(*fields.get(given[0]), check, diagnostics);
  check.warns = fields.boolean("warn", false);
  const bool computed =
      check.kind == CheckDecl::Kind::equal || check.kind == CheckDecl::Kind::at_most ||
      check.kind == CheckDecl::Kind::finite || check.kind == CheckDecl::Kind::logits_close;
  if (check.warns && !computed) {
    diagnostics.add(error("E134", fmt::format("'{}' is decided when the recipe is compiled, and "
                                              "does not warn",
                                              given[0]))
                        .at(fields.key_span("warn"))
                        .note("what is computed may: equal, at_most, finite, logits_close"));
  }
  if (diagnostics.errors() != before) return std::nullopt;
  return check;
}

}  // namespace inarch
