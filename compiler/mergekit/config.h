#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/recipe/yaml_tree.h"

namespace inarch {

/// A mergekit configuration as written: every value read, with the place it stands at. What the
/// keys mean is told by mergekit's own documentation; nothing here knows about models that exist.

/// `path@revision`.
struct MergekitPath {
  std::string path;
  std::string revision;

  std::string text() const { return revision.empty() ? path : path + "@" + revision; }
};

/// A model, with an adapter where it is written `model+adapter`.
struct MergekitModel {
  MergekitPath model;
  std::optional<MergekitPath> adapter;
  Span span;

  /// Models are the same when they are written the same.
  std::string text() const { return adapter ? model.text() + "+" + adapter->text() : model.text(); }
  friend bool operator==(const MergekitModel& a, const MergekitModel& b) {
    return a.text() == b.text();
  }
};

/// One value of a parameter: a number, or a gradient over layers, for the tensors whose names
/// contain `filter`.
struct MergekitCase {
  std::optional<std::string> filter;  // none for "*"
  std::vector<double> values;         // one, or a gradient
  Span span;                          // of the value
  Span filter_span;
};

struct MergekitParameter {
  std::string name;
  Span span;                        // of the name
  std::vector<MergekitCase> cases;  // the first that fits holds
};

using MergekitParameters = std::vector<MergekitParameter>;

/// An entry of `models`, or of the `sources` of a slice.
struct MergekitInput {
  MergekitModel model;
  std::optional<std::pair<std::int64_t, std::int64_t>> layers;  // of a slice: from, to
  Span layers_span;
  MergekitParameters parameters;
};

struct MergekitSlice {
  std::vector<MergekitInput> sources;
  std::optional<MergekitModel> base_model;
  MergekitParameters parameters;
  Span span;
};

/// `models`, `slices`, or an entry of `modules`. One of the two lists has entries.
struct MergekitModule {
  std::string name;  // "" outside `modules`
  Span span;
  std::vector<MergekitInput> models;
  std::vector<MergekitSlice> slices;
  MergekitParameters parameters;
};

/// Where the embedding of a token comes from, under `tokenizer.tokens`.
struct MergekitToken {
  enum class Kind { unsaid, zero, model, model_token };
  std::string token;
  Span span;
  Kind kind = Kind::unsaid;
  std::optional<MergekitModel> model;
  std::optional<std::int64_t> other_id;  // model_token: that token's id, or its text
  std::optional<std::string> other_token;
  bool force = false;
};

/// `tokenizer_source`, or `tokenizer`.
struct MergekitTokenizer {
  enum class Source { all, base, model };  // `union`, `base`, a model
  Source source = Source::all;
  std::optional<MergekitModel> model;
  std::vector<MergekitToken> tokens;
  std::optional<std::int64_t> pad_to_multiple_of;
  Span span;
};

struct MergekitText {
  std::string text;
  Span span;
};

/// One document.
struct MergekitConfig {
  std::string name;  // of a document among several
  Span span;         // of the whole, and where what is missing would stand
  MergekitText method;
  std::optional<MergekitModel> base_model;
  std::vector<MergekitModule> modules;  // one without a name for `models` and `slices`
  MergekitParameters parameters;
  std::optional<MergekitText> dtype;
  std::optional<MergekitText> out_dtype;
  std::optional<MergekitTokenizer> tokenizer;
  std::optional<MergekitText> chat_template;
  std::optional<MergekitText> compat;  // "mergekit": its roundings, too
};

}  // namespace inarch
