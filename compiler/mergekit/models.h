#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "compiler/core/shape.h"
#include "compiler/mergekit/config.h"
#include "compiler/recipe/bound_recipe.h"

namespace inarch {

/// A model that is merged, as far as a merge has to know it: a source of the recipe, or what
/// another document of the file makes.
struct MergekitView {
  std::string name;     // of the source, or of the document
  std::string operand;  // what stands before a tensor's name in rules: "a:", "define:step."
  Span span;            // where it is first named
  std::shared_ptr<const Checkpoint> checkpoint;  // null for a document
  std::vector<std::pair<std::string, Shape>> tensors;
  std::map<std::string, std::size_t, std::less<>> index;
  std::set<std::string, std::less<>> legacy;  // tensors that loaders ignore
  std::string architecture;                   // that it has in full, or ""
  std::string dtype;                          // of a document's result, as recipes call it
  Value config;
  /// Where the config of a result comes from: a source, and what is set over its config, by dotted
  /// path, as the text of a recipe.
  std::string config_source;
  std::vector<std::pair<std::string, std::string>> config_set;

  void add(std::string tensor, Shape shape);
  const Shape* shape_of(std::string_view tensor) const;
  bool ties_embeddings() const;
};

/// The models of a file, each opened once, by what they are called in it.
class MergekitModels {
 public:
  /// `prefix` goes before relative paths, which mergekit's are to the current directory and a
  /// recipe's to its own folder: "", "../", or an absolute path that ends in a slash.
  MergekitModels(const BindOptions& options, std::string prefix, SourceMap& texts,
                 Diagnostics& diagnostics)
      : options_(options), prefix_(std::move(prefix)), texts_(texts), diagnostics_(diagnostics) {}

  /// The model, opened; null when it cannot be, which is reported at its span.
  const MergekitView* open(const MergekitModel& model);
  /// Makes a document's result a model of that name.
  void add_document(const std::string& name, MergekitView view);

  /// The lines of `sources:`, in the order in which models were opened.
  std::vector<std::pair<std::string, Span>> source_lines() const;
  /// Whether every source is a checkpoint as it lies on disk, and its tensors are known.
  const std::vector<std::string>& source_names() const { return names_; }

 private:
  struct Location {
    bool is_hub = false;
    std::string text;
  };
  Location locate(const MergekitPath& path) const;
  /// The base in what `--source` gives, "BASE+ADAPTER".
  std::string base_of_given(const std::string& path) const;
  std::string choose_name(const MergekitModel& model) const;
  void recognise_tensors(MergekitView& view);
  std::string path_text(const std::string& path) const;
  std::string place_text(const MergekitPath& path) const;
  std::string source_text(const MergekitModel& model) const;

  const BindOptions& options_;
  std::string prefix_;
  SourceMap& texts_;
  Diagnostics& diagnostics_;
  std::deque<MergekitView> views_;  // a deque: pointers stay good
  std::map<std::string, const MergekitView*> by_text_;
  std::vector<std::string> names_;
  std::vector<std::pair<std::string, Span>> lines_;
};

}  // namespace inarch
