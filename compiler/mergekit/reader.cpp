#include "compiler/mergekit/reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/mergekit/methods.h"
#include "compiler/mergekit/mixture_reader.h"
#include "compiler/mergekit/parameters_reader.h"
#include "compiler/mergekit/tokenizer_reader.h"
#include "compiler/mergekit/values.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

const std::vector<std::string> document_keys = {
    "merge_method", "models",           "slices",    "modules",       "base_model", "parameters",
    "dtype",        "tokenizer_source", "tokenizer", "chat_template", "name",       "out_dtype",
    "compat"};

class DocumentReader {
 public:
  DocumentReader(const YamlNode& root, Diagnostics& diagnostics)
      : root_(root), diagnostics_(diagnostics) {}

  MergekitConfig read() {
    config_.span = root_.span;
    if (is_mixture_among_others() ||
        !check_mergekit_keys(root_, "a merge", document_keys, diagnostics_))
      return std::move(config_);
    if (const YamlNode* name = mergekit_entry(root_, "name"))
      config_.name = mergekit_text(*name, "'name'", diagnostics_).value_or("");
    read_method();
    config_.base_model = read_optional_model(root_, "base_model");
    config_.parameters = read_mergekit_parameters(root_, diagnostics_);
    config_.dtype = read_mergekit_dtype(root_, "dtype", diagnostics_);
    config_.out_dtype = read_mergekit_dtype(root_, "out_dtype", diagnostics_);
    config_.tokenizer = read_mergekit_tokenizer(root_, diagnostics_);
    config_.chat_template = read_text("chat_template");
    read_compat();
    read_what_is_merged();
    return std::move(config_);
  }

 private:
  /// A mixture stands in a file by itself.
  bool is_mixture_among_others() {
    if (!is_mixture(root_)) return false;
    const std::string_view key = root_.find("gate_mode") ? "gate_mode" : "experts";
    diagnostics_.add(error("E574", "a mixture of experts is the only document of its file")
                         .at(mergekit_key_span(root_, key))
                         .note("it is a configuration of mergekit-moe, which reads one"));
    return true;
  }

  std::optional<MergekitText> read_text(std::string_view key) {
    const YamlNode* node = mergekit_entry(root_, key);
    if (!node) return std::nullopt;
    auto text = mergekit_text(*node, fmt::format("'{}'", key), diagnostics_);
    if (!text) return std::nullopt;
    return MergekitText{std::move(*text), node->span};
  }

  void read_method() {
    auto text = read_text("merge_method");
    if (!text) {
      if (!root_.find("merge_method")) {
        const std::uint32_t start = root_.span.begin;
        diagnostics_.add(error("E551", "a merge needs a 'merge_method'")
                             .at({root_.span.file, start, start})
                             .hint("merge_method: linear"));
      }
      return;
    }
    config_.method = std::move(*text);
    if (find_mergekit_method(config_.method.text)) return;
    const std::vector<std::string> names = mergekit_method_names();
    std::string word = config_.method.text;
    std::replace(word.begin(), word.end(), '-', '_');
    const std::string near = nearest(word, names);
    diagnostics_.add(error("E553", fmt::format("there is no merge method '{}'",
                                               escape_for_terminal(config_.method.text)))
                         .at(config_.method.span, "unknown")
                         .note("mergekit says so only once the models are loaded")
                         .note(fmt::format("methods: {}", join_names(names, 30)))
                         .hint(near.empty() ? "" : fmt::format("did you mean '{}'?", near)));
  }

  /// A key of ours, which mergekit ignores.
  void read_compat() {
    config_.compat = read_text("compat");
    if (!config_.compat) return;
    const bool known = config_.compat->text == "mergekit";
    const std::string& method = config_.method.text;
    const bool defined = method == "linear" || method == "task_arithmetic";
    if (known && defined && config_.dtype) return;
    diagnostics_.add(error("E565", !known ? std::string("'compat' can only be 'mergekit'")
                                   : defined
                                       ? std::string("'compat: mergekit' needs a 'dtype', in which "
                                                     "everything is rounded")
                                       : fmt::format("'compat: mergekit' is for linear and "
                                                     "task_arithmetic, and not for '{}'",
                                                     escape_for_terminal(method)))
                         .at(config_.compat->span)
                         .hint(defined ? "compat: mergekit, with dtype: bfloat16" : ""));
  }

  std::optional<MergekitModel> read_optional_model(const YamlNode& owner, std::string_view key) {
    const YamlNode* node = mergekit_entry(owner, key);
    return node ? mergekit_model(*node, diagnostics_) : std::nullopt;
  }

  void read_what_is_merged() {
    std::vector<std::string_view> given;
    for (const std::string_view key : {"models", "slices", "modules"}) {
      const YamlNode* node = mergekit_entry(root_, key);
      if (node && !(node->items.empty() && node->entries.empty())) given.push_back(key);
    }
    if (given.size() != 1) {
      const std::uint32_t start = root_.span.begin;
      diagnostics_.add(error("E551", given.empty()
                                         ? "a merge has 'models', 'slices' or 'modules'"
                                         : fmt::format("a merge has one of 'models', 'slices' and "
                                                       "'modules', and this has {}",
                                                       given.size()))
                           .at(given.empty() ? Span{root_.span.file, start, start}
                                             : mergekit_key_span(root_, given.back()))
                           .also(given.empty() ? Span{} : mergekit_key_span(root_, given.front()),
                                 "also given"));
      return;
    }
    if (given.front() == "modules") return read_modules(*root_.find("modules"));
    MergekitModule module;
    module.span = mergekit_key_span(root_, given.front());
    read_lists(root_, module);
    config_.modules.push_back(std::move(module));
  }

  void read_modules(const YamlNode& node) {
    if (!node.is_mapping()) return wrong_list(node, "'modules'", "a mapping of names");
    for (const auto& [key, value] : node.entries) {
      MergekitModule module;
      module.name = key.text;
      module.span = key.span;
      if (!check_mergekit_keys(value, "a module", {"models", "slices", "parameters"}, diagnostics_))
        continue;
      const bool models = mergekit_entry(value, "models") != nullptr;
      const bool slices = mergekit_entry(value, "slices") != nullptr;
      if (models == slices) {
        diagnostics_.add(
            error("E551", fmt::format("the module '{}' has either 'models' or 'slices'",
                                      escape_for_terminal(key.text)))
                .at(key.span));
        continue;
      }
      module.parameters = read_mergekit_parameters(value, diagnostics_);
      read_lists(value, module);
      config_.modules.push_back(std::move(module));
    }
  }

  void wrong_list(const YamlNode& node, std::string_view what, std::string_view expected) {
    diagnostics_.add(
        error("E558", fmt::format("{} must be {}, not {}", what, expected, node.kind_name()))
            .at(node.span));
  }

  void read_lists(const YamlNode& owner, MergekitModule& module) {
    if (const YamlNode* models = mergekit_entry(owner, "models")) {
      if (!models->is_sequence()) return wrong_list(*models, "'models'", "a list");
      for (const YamlNode& item : models->items) read_input(item, false, module.models);
    }
    if (const YamlNode* slices = mergekit_entry(owner, "slices")) {
      if (!slices->is_sequence()) return wrong_list(*slices, "'slices'", "a list");
      for (const YamlNode& item : slices->items) read_slice(item, module.slices);
    }
  }

  void read_slice(const YamlNode& node, std::vector<MergekitSlice>& slices) {
    if (!check_mergekit_keys(node, "a slice",
                             {"sources", "base_model", "parameters", "residual_weight"},
                             diagnostics_))
      return;
    MergekitSlice slice;
    slice.span = node.span;
    slice.base_model = read_optional_model(node, "base_model");
    slice.parameters = read_mergekit_parameters(node, diagnostics_);
    if (mergekit_entry(node, "residual_weight")) {
      diagnostics_.add(warning("W553", "'residual_weight' has no effect")
                           .at(mergekit_key_span(node, "residual_weight"))
                           .note("mergekit reads it and never uses it"));
    }
    const YamlNode* sources = mergekit_entry(node, "sources");
    if (!sources || !sources->is_sequence() || sources->items.empty()) {
      diagnostics_.add(error("E551", "a slice needs 'sources'")
                           .at(node.span)
                           .hint("sources: [ { model: PATH, layer_range: [0, 8] } ]"));
      return;
    }
    for (const YamlNode& item : sources->items) read_input(item, true, slice.sources);
    slices.push_back(std::move(slice));
  }

  void read_input(const YamlNode& node, bool in_slice, std::vector<MergekitInput>& inputs) {
    std::vector<std::string> keys = {"model", "parameters"};
    if (in_slice) keys.emplace_back("layer_range");
    const std::string_view what = in_slice ? "a source of a slice" : "an entry of 'models'";
    if (!in_slice && node.is_mapping() && node.find("layer_range")) {
      diagnostics_.add(error("E552", "an entry of 'models' has no key 'layer_range'")
                           .at(mergekit_key_span(node, "layer_range"), "of slices only")
                           .note("mergekit ignores it here, and takes all layers")
                           .hint("slices: [ { sources: [ { model: …, layer_range: … } ] } ]"));
      keys.emplace_back("layer_range");
    }
    if (!check_mergekit_keys(node, what, keys, diagnostics_)) return;
    MergekitInput input;
    const YamlNode* model = mergekit_entry(node, "model");
    if (!model) {
      diagnostics_.add(error("E551", fmt::format("{} needs a 'model'", what)).at(node.span));
      return;
    }
    auto named = mergekit_model(*model, diagnostics_);
    input.parameters = read_mergekit_parameters(node, diagnostics_);
    if (in_slice && !read_layers(node, input)) return;
    if (!named) return;
    input.model = std::move(*named);
    inputs.push_back(std::move(input));
  }

  bool read_layers(const YamlNode& node, MergekitInput& input) {
    const YamlNode* range = mergekit_entry(node, "layer_range");
    if (!range || !range->is_sequence() || range->items.size() != 2) {
      diagnostics_.add(error("E561", "a source of a slice needs a 'layer_range' of two numbers")
                           .at(range ? range->span : node.span)
                           .hint("layer_range: [0, 16]"));
      return false;
    }
    input.layers_span = range->span;
    const auto from = mergekit_integer(range->items[0], "'layer_range'", 0, diagnostics_);
    const auto to = mergekit_integer(range->items[1], "'layer_range'", 0, diagnostics_);
    if (!from || !to) return false;
    input.layers = {*from, *to};
    return true;
  }

  const YamlNode& root_;
  Diagnostics& diagnostics_;
  MergekitConfig config_;
};

bool has_mergekit_keys(const YamlNode& root) {
  if (!root.is_mapping() || root.find("inarch")) return false;
  if (is_mixture(root)) return true;
  return std::any_of(root.entries.begin(), root.entries.end(), [](const YamlEntry& entry) {
    for (const std::string_view key : {"merge_method", "models", "slices", "modules"}) {
      if (entry.key.text == key) return true;
    }
    return false;
  });
}

bool starts_a_line(std::string_view text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string_view::npos;
       at = text.find(word, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return true;
  }
  return false;
}

}  // namespace

bool is_mergekit(const SourceMap& sources, FileId file) {
  const std::string_view text = sources.text(file);
  if (starts_a_line(text, "inarch:")) return false;  // nearly every recipe, and at no cost
  Diagnostics unread;
  const auto documents = read_yaml_documents(sources, file, unread);
  if (documents) return !documents->empty() && has_mergekit_keys(documents->front());
  return starts_a_line(text, "merge_method:");
}

std::optional<std::vector<YamlNode>> read_mergekit_documents(const SourceMap& sources, FileId file,
                                                             Diagnostics& diagnostics) {
  Diagnostics found;
  auto documents = read_yaml_documents(sources, file, found);
  for (Diagnostic d : found.list()) {
    if (d.code == "E108") d.notes.emplace_back("mergekit takes the last one, and says nothing");
    diagnostics.add(std::move(d));
  }
  return documents;
}

std::optional<MergekitText> read_mergekit_dtype(const YamlNode& owner, std::string_view key,
                                                Diagnostics& diagnostics) {
  const YamlNode* node = mergekit_entry(owner, key);
  if (!node) return std::nullopt;
  auto text = mergekit_text(*node, fmt::format("'{}'", key), diagnostics);
  if (!text) return std::nullopt;
  if (text->rfind("torch.", 0) == 0) text->erase(0, 6);
  for (const std::string_view known : {"bfloat16", "float16", "float32"}) {
    if (*text == known) return MergekitText{std::move(*text), node->span};
  }
  diagnostics.add(error("E573", fmt::format("'{}' cannot be '{}'", key, escape_for_terminal(*text)))
                      .at(node->span)
                      .hint("bfloat16, float16 or float32"));
  return std::nullopt;
}

std::optional<std::vector<MergekitConfig>> read_mergekit(const SourceMap& sources, FileId file,
                                                         Diagnostics& diagnostics) {
  const auto documents = read_mergekit_documents(sources, file, diagnostics);
  if (!documents) return std::nullopt;
  const std::size_t before = diagnostics.errors();
  std::vector<MergekitConfig> configs;
  for (const YamlNode& document : *documents)
    configs.push_back(DocumentReader(document, diagnostics).read());
  if (diagnostics.errors() != before) return std::nullopt;
  return configs;
}

}  // namespace inarch
