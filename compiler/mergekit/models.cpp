#include "compiler/mergekit/models.h"

#include <algorithm>

#include <fmt/format.h>

#include "compiler/architecture/recognise.h"
#include "compiler/mergekit/recipe_text.h"
#include "compiler/recipe/fields.h"

namespace inarch {

namespace {

/// Words that rules of an imported recipe use for something else, or that no source may have.
bool is_taken_word(std::string_view word) {
  for (const std::string_view taken :
       {"i",    "p",    "e",      "name",    "out",     "output",   "define",       "and",
        "or",   "not",  "in",     "if",      "else",    "for",      "true",         "false",
        "null", "seed", "states", "prompts", "against", "for_each", "against_each", "places_of"}) {
    if (word == taken) return true;
  }
  return false;
}

/// A path's last part as a name of the language: "Mistral-7B-v0.1" is mistral_7b_v0_1.
std::string name_from_path(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash != std::string_view::npos) path.remove_prefix(slash + 1);
  std::string name;
  for (const char c : path) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool word = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!word && (name.empty() || name.back() == '_')) continue;
    name += !word ? '_' : upper ? static_cast<char>(c + 32) : c;
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  if (name.empty() || !is_name(name) || is_taken_word(name)) name = "model_" + name;
  while (name.back() == '_') name.pop_back();
  return name;
}

std::string parent_of(std::string_view path) {
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

}  // namespace

void MergekitView::add(std::string tensor, Shape shape) {
  index.emplace(tensor, tensors.size());
  tensors.emplace_back(std::move(tensor), std::move(shape));
}

const Shape* MergekitView::shape_of(std::string_view tensor) const {
  const auto found = index.find(tensor);
  return found == index.end() ? nullptr : &tensors[found->second].second;
}

bool MergekitView::ties_embeddings() const {
  const auto flag = [](const Value* value) {
    return value && value->if_bool() ? value->if_bool() : nullptr;
  };
  if (const bool* tied = flag(config.find("tie_word_embeddings"))) return *tied;
  const Value* text = config.find("text_config");
  if (const bool* tied = text ? flag(text->find("tie_word_embeddings")) : nullptr) return *tied;
  const Value* type = config.find("model_type");
  // Configs leave out what their class has by default.
  for (const std::string_view ties : {"gemma", "gemma2", "gemma3", "gemma3_text", "gpt2", "cohere",
                                      "cohere2", "gpt_bigcode", "t5", "mamba", "lfm2"}) {
    if (type && type->if_text() && *type->if_text() == ties) return true;
  }
  return false;
}

MergekitModels::Location MergekitModels::locate(const MergekitPath& path) const {
  const bool there = options_.is_directory && options_.is_directory(path.path);
  const auto slashes = std::count(path.path.begin(), path.path.end(), '/');
  const bool path_like =
      path.path.front() == '.' || path.path.front() == '/' || path.path.front() == '~';
  return {!there && !path_like && slashes == 1 && path.path.back() != '/', path.path};
}

std::string MergekitModels::base_of_given(const std::string& path) const {
  const bool whole = options_.is_directory && options_.is_directory(path);
  return whole ? path : path.substr(0, path.find('+'));
}

std::string MergekitModels::choose_name(const MergekitModel& model) const {
  const auto is_free = [&](const std::string& name) {
    return std::find(names_.begin(), names_.end(), name) == names_.end();
  };
  std::string name = name_from_path(model.model.path);
  if (model.adapter) name += "_" + name_from_path(model.adapter->path);
  if (is_free(name)) return name;
  const std::string parent = parent_of(model.model.path);
  if (!parent.empty()) {
    std::string longer = name_from_path(parent) + "_" + name;
    if (is_free(longer)) return longer;
  }
  for (int k = 2;; ++k) {
    std::string numbered = fmt::format("{}_{}", name, k);
    if (is_free(numbered)) return numbered;
  }
}

std::string MergekitModels::path_text(const std::string& path) const {
  return yaml_text(path.front() == '/' ? path : prefix_ + path);
}

std::string MergekitModels::place_text(const MergekitPath& path) const {
  const Location location = locate(path);
  if (!location.is_hub) return "path: " + path_text(location.text);
  std::string text = "hub: " + yaml_text(location.text);
  if (!path.revision.empty()) text += ", revision: " + yaml_text(path.revision);
  return text;
}

std::string MergekitModels::source_text(const MergekitModel& model) const {
  std::string text = "{ " + place_text(model.model);
  if (model.adapter) {
    const Location location = locate(*model.adapter);
    text += ", adapter: ";
    text += location.is_hub ? "{ " + place_text(*model.adapter) + " }" : path_text(location.text);
  }
  return text + " }";
}

const MergekitView* MergekitModels::open(const MergekitModel& model) {
  const auto known = by_text_.find(model.text());
  if (known != by_text_.end()) return known->second;
  by_text_[model.text()] = nullptr;  // what cannot be opened is said once
  const std::string name = choose_name(model);
  SourceRequest request;
  request.name = name;
  const Location location = locate(model.model);
  request.is_hub = location.is_hub;
  request.location = location.text;
  request.revision = model.model.revision;
  for (const auto& [source, path] : options_.sources) {
    if (source != name) continue;
    const std::string base = base_of_given(path);
    if (base.empty()) continue;  // an adapter over what the file names
    request.is_hub = false;
    request.location = base;
    request.revision.clear();
  }
  Diagnostics found;
  auto checkpoint = options_.open_source(request, found);
  for (Diagnostic d : found.list()) {
    if (!d.primary.span.known()) d.primary = {model.span, fmt::format("source '{}'", name)};
    const bool not_there = d.code == "E422" || d.code == "E423";
    if (not_there && d.help.empty())
      d.help = fmt::format("--source {}=PATH reads it from elsewhere", name);
    diagnostics_.add(std::move(d));
  }
  names_.push_back(name);
  lines_.emplace_back(fmt::format("  {}: {}", name, source_text(model)), model.span);
  if (!checkpoint) return nullptr;
  MergekitView view;
  view.name = name;
  view.operand = name + ":";
  view.span = model.span;
  for (const TensorInfo& tensor : checkpoint->tensors) view.add(tensor.name, tensor.shape);
  view.config = checkpoint->config;
  view.config_source = name;
  view.checkpoint = std::move(checkpoint);
  recognise_tensors(view);
  views_.push_back(std::move(view));
  by_text_[model.text()] = &views_.back();
  return &views_.back();
}

void MergekitModels::recognise_tensors(MergekitView& view) {
  const auto known = recognise(*view.checkpoint, texts_);
  if (!known) return;
  Diagnostics unfit;
  auto expected = known->architecture.expand(view.config, unfit);
  if (expected)
    expected = known->architecture.respell(std::move(*expected), known->spelling, unfit);
  if (!expected) return;
  const Comparison found =
      compare(known->architecture, known->spelling, *expected, view.checkpoint->tensors);
  for (const Comparison::Pair& pair : found.ignored) view.legacy.insert(pair.found->name);
  if (found.agrees() && known->spelling.empty() && known->from_config)
    view.architecture = known->architecture.name();
}

void MergekitModels::add_document(const std::string& name, MergekitView view) {
  views_.push_back(std::move(view));
  by_text_[name] = &views_.back();
}

std::vector<std::pair<std::string, Span>> MergekitModels::source_lines() const { return lines_; }

}  // namespace inarch
