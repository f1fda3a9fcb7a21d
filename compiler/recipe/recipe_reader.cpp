#include <algorithm>

#include <fmt/format.h>

#include "compiler/recipe/check_reader.h"
#include "compiler/recipe/data_reader.h"
#include "compiler/recipe/fields.h"
#include "compiler/recipe/output_reader.h"
#include "compiler/recipe/recipe.h"
#include "compiler/recipe/rule_reader.h"
#include "compiler/recipe/side_file_reader.h"
#include "compiler/recipe/source_reader.h"
#include "compiler/recipe/vocabulary_reader.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Names that expressions use for something else.
bool is_reserved(std::string_view name) {
  for (const std::string_view word : {"out", "output", "define", "and", "or", "not", "in", "if",
                                      "else", "for", "true", "false", "null"}) {
    if (name == word) return true;
  }
  return false;
}

class Reader {
 public:
  Reader(Recipe& recipe, Diagnostics& diagnostics) : recipe_(recipe), diagnostics_(diagnostics) {}

  void read(const YamlNode& root, const std::vector<IncludedPart>& parts) {
    std::vector<Fields> all;  // of the parts, in order, and of the recipe itself
    all.reserve(parts.size() + 1);
    for (const IncludedPart& part : parts) {
      recipe_.parts.push_back(part.file);
      all.emplace_back(part.root, "an included file", keys_in_part(), diagnostics_);
      read_version(all.back());
    }
    all.emplace_back(root, "a recipe", keys_in_recipe(), diagnostics_);
    if (!root.is_mapping()) return;
    const Fields& fields = all.back();
    require_version(fields);
    require_rules(all);
    recipe_.name = fields.plain_text("name").value_or("");
    recipe_.license = fields.plain_text("license").value_or("");
    if (const YamlNode* license = fields.get("license")) recipe_.license_span = license->span;
    for (const Fields& part : all) read_params(part.mapping("params"));
    for (const Fields& part : all) read_sources(part.mapping("sources"));
    for (const Fields& part : all) read_data(part.mapping("data"));
    read_all_outputs(fields);
    read_lets(all);
    if (const YamlNode* target = fields.get("target"))
      recipe_.target = read_target(*target, diagnostics_);
    if (const YamlNode* vocabulary = fields.get("vocabulary"))
      recipe_.vocabulary = read_vocabulary(*vocabulary, diagnostics_);
    for (const Fields& part : all) read_definitions(part.mapping("define"));
    for (const Fields& part : all) read_rules(part.sequence("tensors"));
    for (const Fields& part : all) read_checks(part.sequence("checks"));
    check_destinations();
  }

 private:
  void require_version(const Fields& fields) {
    if (fields.require("inarch", "inarch: 1")) read_version(fields);
  }

  void require_rules(const std::vector<Fields>& all) {
    const bool any =
        std::any_of(all.begin(), all.end(), [](const Fields& part) { return part.get("tensors"); });
    if (!any) all.back().require("tensors", "tensors: [ { from: SOURCE:NAME, to: NAME } ]");
  }

  void read_version(const Fields& fields) {
    const YamlNode* version = fields.get("inarch");
    if (!version || (version->is_scalar() && version->text == "1")) return;
    diagnostics_.add(error("E135", "this version of inarch reads recipes of version 1")
                         .at(version->span, "expected 1")
                         .hint("inarch: 1"));
  }

  /// Params, sources, outputs and lets share one space of names.
  bool declare(const YamlNode& key, std::string_view what) {
    if (!is_name(key.text) || is_reserved(key.text)) {
      diagnostics_.add(
          error("E136", fmt::format("'{}' cannot name {}", escape_for_terminal(key.text), what))
              .at(key.span, is_reserved(key.text) ? "reserved"
                                                  : "letters, digits and _ only, a letter first"));
      return false;
    }
    for (const auto& [name, span] : declared_) {
      if (name != key.text) continue;
      diagnostics_.add(error("E136", fmt::format("'{}' is declared twice", key.text))
                           .at(key.span)
                           .also(span, "first here"));
      return false;
    }
    declared_.emplace_back(key.text, key.span);
    return true;
  }

  void read_params(const YamlNode* params) {
    if (!params) return;
    for (const auto& [key, value] : params->entries) {
      if (declare(key, "a param")) recipe_.params.push_back({key.text, key.span, value});
    }
  }

  void read_data(const YamlNode* data) {
    if (!data) return;
    for (const auto& [key, value] : data->entries) {
      if (!declare(key, "a table")) continue;
      auto table = read_data_entry(key, value, diagnostics_);
      if (table) recipe_.data.push_back(std::move(*table));
    }
  }

  void read_lets(const std::vector<Fields>& all) {
    // All names first: whether `size.rows` is a path depends on them, and not on their order.
    std::vector<const YamlEntry*> declared;
    for (const Fields& part : all) {
      const YamlNode* lets = part.mapping("let");
      for (std::size_t k = 0; lets && k < lets->entries.size(); ++k) {
        if (declare(lets->entries[k].key, "a value")) declared.push_back(&lets->entries[k]);
      }
    }
    for (const YamlEntry* entry : declared) {
      const auto& [key, value] = *entry;
      if (!value.is_scalar()) {
        wrong_kind(value, fmt::format("'{}'", key.text), "an expression", diagnostics_);
        continue;
      }
      ExprPtr expression = read_let(value);
      if (expression) recipe_.lets.push_back({key.text, key.span, expression});
    }
  }

  /// `let` holds expressions; a dotted prefix of tensor names, or one word in quotes, is text.
  ExprPtr read_let(const YamlNode& value) {
    const bool word = value.text.find_first_of(" ()[]+*%<>=?'\"") == std::string::npos;
    if (!(value.quoted && word) && !is_dotted_path(value.text)) {
      return parse_expression(value.text, value.span, diagnostics_);
    }
    auto literal = std::make_shared<Expr>();
    literal->kind = Expr::Kind::literal;
    literal->literal = Value(value.text);
    literal->span = value.span;
    return literal;
  }

  /// `model.language_model.layers`: dots, and a first word that names nothing in this recipe.
  bool is_dotted_path(std::string_view text) const {
    if (text.find('.') == std::string_view::npos) return false;
    std::string_view head = text.substr(0, text.find('.'));
    for (const char c : text) {
      const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '.';
      if (!word) return false;
    }
    if (head.empty() || (head[0] >= '0' && head[0] <= '9') || head == "output") return false;
    for (const auto& [name, span] : declared_) {
      if (name == head) return false;
    }
    return true;
  }

  void read_sources(const YamlNode* sources) {
    if (!sources) return;
    for (const auto& [key, value] : sources->entries) {
      if (!declare(key, "a source")) continue;
      SourceDecl source;
      source.name = key.text;
      source.span = key.span;
      if (value.is_sequence()) {
        source.is_list = true;
        for (const YamlNode& item : value.items) read_location(item, source, diagnostics_);
      } else {
        read_location(value, source, diagnostics_);
      }
      recipe_.sources.push_back(std::move(source));
    }
  }

  void read_definitions(const YamlNode* definitions) {
    if (!definitions) return;
    for (const auto& [name, body] : definitions->entries) {
      if (body.is_sequence()) {  // one name, defined in several ways for different cases
        for (const YamlNode& way : body.items) add_definition(name, way, true);
      } else {
        add_definition(name, body, false);
      }
    }
  }

  void add_definition(const YamlNode& name, const YamlNode& body, bool one_of_several) {
    auto rule = read_definition(name, body, recipe_.sources, diagnostics_);
    if (!rule) return;
    rule->is_one_of_several = one_of_several;
    recipe_.definitions.push_back(std::move(*rule));
  }

  void read_checks(const YamlNode* checks) {
    if (!checks) return;
    for (const YamlNode& item : checks->items) {
      auto check = read_check(item, recipe_.sources, diagnostics_);
      if (check) recipe_.checks.push_back(std::move(*check));
    }
  }

  void read_rules(const YamlNode* rules) {
    if (!rules) return;
    for (const YamlNode& item : rules->items) {
      auto rule = read_rule(item, recipe_.sources, diagnostics_);
      if (rule) recipe_.rules.push_back(std::move(*rule));
    }
    if (rules->items.empty()) {
      diagnostics_.add(error("E132", "'tensors' has no rules").at(rules->span));
    }
  }

  /// `output:` is the only one; `outputs:` has several, whose names rules and expressions use.
  void read_all_outputs(const Fields& fields) {
    const YamlNode* one = fields.get("output");
    const YamlNode* several = fields.mapping("outputs");
    if (one && several) {
      diagnostics_.add(error("E133", "a recipe has 'output' or 'outputs', not both")
                           .at(fields.key_span("outputs"))
                           .also(fields.key_span("output"), "also given"));
    }
    if (several && several->entries.empty())
      diagnostics_.add(error("E132", "'outputs' names none").at(several->span));
    for (std::size_t k = 0; several && k < several->entries.size(); ++k) {
      const auto& [key, value] = several->entries[k];
      if (declare(key, "an output"))
        recipe_.outputs.push_back(read_named_output(key, value, diagnostics_));
    }
    outputs_known_ = !fields.get("outputs") || (several && !several->entries.empty() &&
                                                several->entries.size() == recipe_.outputs.size());
    if (!several) recipe_.outputs.push_back(one ? read_output(*one, diagnostics_) : OutputDecl());
  }

  /// With `outputs:` every result says which one it is for.
  void check_destinations() {
    if (!outputs_known_) return;
    for (const Rule& rule : recipe_.rules) {
      for (const Destination& to : rule.to) check_destination(to);
    }
  }

  void check_destination(const Destination& to) {
    std::vector<std::string> names;
    for (const OutputDecl& output : recipe_.outputs) names.push_back(output.name);
    if (std::find(names.begin(), names.end(), to.output) != names.end()) return;
    if (!recipe_.has_named_outputs()) {
      diagnostics_.add(
          error("E138", fmt::format("there is no output '{}': the recipe has one, without a name",
                                    escape_for_terminal(to.output)))
              .at(to.output_span)
              .hint(fmt::format("to: {}", escape_for_terminal(to.name.text))));
    } else if (to.output.empty()) {
      const OutputDecl& first = recipe_.outputs.front();
      diagnostics_.add(
          error("E138", "the recipe has several outputs: say which one")
              .at(to.name.span)
              .note(fmt::format("outputs: {}", join_names(names)))
              .hint(fmt::format("to: \"{}{}:{}\"", first.name, first.is_list() ? "[0]" : "",
                                escape_for_terminal(to.name.text))));
    } else {
      const std::string near = nearest(to.output, names);
      diagnostics_.add(error("E138", fmt::format("there is no output '{}'", to.output))
                           .at(to.output_span, "not declared under 'outputs'")
                           .note(fmt::format("outputs: {}", join_names(names)))
                           .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
    }
  }

  Recipe& recipe_;
  Diagnostics& diagnostics_;
  std::vector<std::pair<std::string, Span>> declared_;
  bool outputs_known_ = false;  // each has a name that it can have
};

}  // namespace

std::optional<Recipe> read_recipe(SourceMap& sources, FileId file, const ReadPart& read_part,
                                  Diagnostics& diagnostics) {
  const auto root = read_yaml(sources, file, diagnostics);
  if (!root || is_only_a_part(*root, sources.path(file), diagnostics)) return std::nullopt;
  const auto parts = read_parts(*root, sources, read_part, diagnostics);
  if (!parts) return std::nullopt;
  Recipe recipe;
  recipe.file = file;
  Reader(recipe, diagnostics).read(*root, *parts);
  return recipe;
}

}  // namespace inarch
