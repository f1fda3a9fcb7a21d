#include "compiler/recipe/bind_outputs.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/recipe/bind_files.h"
#include "compiler/recipe/expand.h"
#include "compiler/recipe/model_card.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// A rank for each accelerator of a large cluster; a slip in a range makes more.
constexpr std::size_t most_entries = 4096;

std::optional<DType> bind_dtype(const OutputDecl& output, const Scope& scope,
                                Diagnostics& diagnostics) {
  if (!output.dtype) return std::nullopt;
  const auto text = evaluate(*output.dtype, scope, diagnostics);
  if (!text) return std::nullopt;
  const auto dtype = dtype_from_recipe(to_text(*text));
  if (!dtype || !is_arithmetic(*dtype)) {
    diagnostics.add(error("E162", fmt::format("'{}' is no dtype that can be written",
                                              escape_for_terminal(to_text(*text))))
                        .at(output.dtype_span)
                        .note("dtypes: bf16, f16, f32, f64, f8_e4m3 and f8_e5m2"));
  }
  return dtype;
}

std::int64_t bind_shard_size(const OutputDecl& output, const Scope& scope,
                             Diagnostics& diagnostics) {
  if (!output.shard_size) return default_shard_size;
  const auto text = evaluate(*output.shard_size, scope, diagnostics);
  const auto size = text ? parse_size(to_text(*text)) : std::nullopt;
  if (size && *size > 0) return *size;
  if (text) {
    diagnostics.add(
        error("E163", fmt::format("'{}' is no size", escape_for_terminal(to_text(*text))))
            .at(output.shard_size_span)
            .hint("shard_size: 5GB"));
  }
  return default_shard_size;
}

/// The values of the variables of `for`, once for each entry; nothing on a fault.
std::optional<std::vector<Bindings>> entries_of(const OutputDecl& output, const Scope& globals,
                                                Diagnostics& diagnostics) {
  std::vector<Bindings> entries(1);
  for (const ForRange& range : output.ranges) {
    std::vector<Bindings> next;
    for (const Bindings& entry : entries) {
      const auto values = range_values(range, scope_of(entry, globals), diagnostics);
      if (!values) return std::nullopt;
      if (next.size() + values->size() > most_entries) {
        diagnostics.add(error("E154", fmt::format("a list of more than {} outputs", most_entries))
                            .at(range.values.span));
        return std::nullopt;
      }
      for (const Value& value : *values) {
        next.push_back(entry);
        if (!bind_variables(range, value, next.back(), diagnostics)) return std::nullopt;
      }
    }
    entries = std::move(next);
  }
  return entries;
}

class OutputBinder {
 public:
  OutputBinder(BoundRecipe& bound, const BindOptions& options, const SourceMap& texts,
               Diagnostics& diagnostics)
      : bound_(bound), options_(options), texts_(texts), diagnostics_(diagnostics) {}

  bool bind(const OutputDecl& declaration) {
    const auto entries = entries_of(declaration, *bound_.globals, diagnostics_);
    if (!entries) return false;
    Value::List described;
    for (std::size_t k = 0; k < entries->size(); ++k) {
      BoundOutput output;
      output.declaration = &declaration;
      output.name =
          declaration.is_list() ? fmt::format("{}[{}]", declaration.name, k) : declaration.name;
      output.directory =
          declaration.is_list() ? fmt::format("{}-{}", declaration.name, k) : declaration.name;
      output.bindings = (*entries)[k];
      bind_block(output);
      described.emplace_back(Value::Map{{"config", output.config.value_or(Value())}});
      bound_.outputs.push_back(std::move(output));
    }
    const std::string name = declaration.name.empty() ? "output" : declaration.name;
    // An output without a config has nothing to tell, and `output` is then no name at all.
    if (declaration.is_list()) {
      publish(name, Value(std::move(described)));
    } else if (!declaration.name.empty() || bound_.outputs.back().config) {
      publish(name, std::move(described.front()));
    }
    return true;
  }

 private:
  void bind_block(BoundOutput& output) {
    const OutputDecl& declaration = *output.declaration;
    const Scope scope = scope_of(output.bindings, *bound_.globals);
    output.dtype = bind_dtype(declaration, scope, diagnostics_);
    if (declaration.encode) output.encode = bind_encoding(*declaration.encode, scope, diagnostics_);
    output.shard_size = bind_shard_size(declaration, scope, diagnostics_);
    const OutputContext context{bound_, scope, options_};
    if (declaration.config)
      output.config = bind_config(*declaration.config, output.dtype, context, diagnostics_);
    BoundSideFiles side = bind_files(declaration, context, diagnostics_);
    output.files = std::move(side.carried);
    output.texts = std::move(side.written);
    if (declaration.card) add_card(output);
  }

  /// In the place of one that would be carried over, which speaks of another model.
  void add_card(BoundOutput& output) {
    const auto is_card = [](const auto& file) { return file.name == "README.md"; };
    if (std::any_of(output.texts.begin(), output.texts.end(), is_card)) return;  // its own
    std::erase_if(output.files, is_card);
    output.texts.push_back({"README.md", model_card(bound_, output, texts_)});
  }

  void publish(const std::string& name, Value described) {
    bound_.values.push_back(std::make_unique<Value>(std::move(described)));
    bound_.globals->set_source(name, bound_.values.back().get());
  }

  BoundRecipe& bound_;
  const BindOptions& options_;
  const SourceMap& texts_;
  Diagnostics& diagnostics_;
};

}  // namespace

bool bind_outputs(BoundRecipe& bound, const BindOptions& options, const SourceMap& texts,
                  Diagnostics& diagnostics) {
  check_licences(bound, options, diagnostics);
  OutputBinder binder(bound, options, texts, diagnostics);
  bool all_known = true;
  for (const OutputDecl& declaration : bound.recipe->outputs)
    all_known = binder.bind(declaration) && all_known;
  return all_known;
}

}  // namespace inarch
