#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/recipe/include_reader.h"
#include "compiler/recipe/tensor_expression.h"
#include "compiler/recipe/yaml_tree.h"

namespace inarch {

/// A recipe as written: checked for its form, with every expression parsed and none evaluated.

struct ParamDecl {
  std::string name;
  Span span;
  YamlNode value;
};

/// Where something is that is read: `path:` relative to the recipe, or `hub:` in the local hub
/// cache.
struct Place {
  bool is_hub = false;
  Template text;
  std::optional<Template> revision;
  Span span;
};

/// An adapter over a source: how much of it is taken is an expression, 1 without one.
struct AdapterDecl {
  Place place;
  ExprPtr scale;
};

/// `states:`: a source whose tensors `layers.{i}` [prompts, hidden] are what enters each layer of a
/// model when it reads prompts. A run computes them first.
struct StatesDecl {
  Template of;                    // a source, whose checkpoint is the model
  ArgumentValue prompts;          // a list of prompts: texts, or lists of token ids; null for none
  std::optional<Template> token;  // `last`, or `mean` over all of a prompt's
  Span span;
};

/// Where a source's checkpoint is. The place may be left out where there are adapters, which say
/// what they are over.
struct SourceLocation {
  std::optional<Place> place;
  std::vector<AdapterDecl> adapters;
  std::optional<StatesDecl> states;  // in place of all that
  std::optional<Span> usual;         // `spelling: usual`: by the names that its architecture has
  Span span;
};

struct SourceDecl {
  std::string name;
  Span span;
  bool is_list = false;
  std::vector<SourceLocation> locations;
  bool strict = false;              // an unused tensor is an error
  std::vector<NamePattern> ignore;  // … but for these
};

/// A table that expressions know by name: a file beside the recipe or among those of a source, or
/// the values of a source's tensor.
struct DataDecl {
  std::string name;
  Span span;
  std::optional<Template> file;
  std::optional<Template> of;          // the source whose file it is
  TensorExprPtr tensor;                // a reference to one tensor
  std::optional<NamePattern> tensors;  // of a safetensors file: those that the table holds
};

struct LetDecl {
  std::string name;
  Span span;
  ExprPtr expression;
};

struct TargetDecl {
  Template architecture;
  std::optional<Template> spelling;
  bool strict = true;
  Span span;
};

struct ForRange {
  std::vector<std::string> variables;  // several take lists apart: `"new, old": enumerate(layers)`
  Span span;
  ArgumentValue values;  // an expression that gives a list, or a list
};

struct NamedOperand {
  std::string name;  // "" for an unnamed one
  Span span;
  TensorExprPtr expression;
  std::vector<ForRange> ranges;  // of one that stands for several tensors, one for each value

  bool is_repeated() const { return !ranges.empty(); }
};

/// Source tensors that a rule must not take.
struct ExceptDecl {
  NamePattern pattern;
  bool optional = false;  // "name?", which need not be there
};

/// What a rule's result is called: `name`, or `output:name` and `output[index]:name` where a recipe
/// has several outputs.
struct Destination {
  std::string output;  // "" when it names none
  Span output_span;
  std::optional<NamePattern> index;  // of an output with `for`
  NamePattern name;
  std::string result;  // which of several results, where `to` is a mapping
  Span result_span;
};

/// An entry of `record:`: what each of a rule's tensors adds to a mapping in the output's config.
struct RecordDecl {
  std::string path;  // of the mapping, dotted
  NamePattern key;
  YamlNode value;
};

/// One line of `tensors:` or `define:`. `value` holds `combine` or `init` and the pipeline over the
/// operands, which it names "0", "1", … or by their own names.
struct Rule {
  Span span;  // what messages point at: its `from`, or its `to`
  std::vector<NamedOperand> operands;
  std::vector<ForRange> ranges;
  ExprPtr where;
  Span where_span;
  std::vector<ExceptDecl> except;
  TensorExprPtr value;
  std::vector<Destination> to;  // several only for a transform with several results
  std::optional<Template> dtype;
  Span dtype_span;
  std::vector<RecordDecl> records;
  std::optional<YamlNode> encode;  // templates inside are evaluated (encoding_spec.h)
  bool rest = false;
  bool is_definition = false;      // of `define:`: read by other rules, and not written
  bool is_one_of_several = false;  // ways to define something: where it never holds, another does
};

/// A model whose rows `to_vocabulary` takes, and whose tokenizer numbers them if not its own.
struct VocabularySourceDecl {
  Template source;
  std::optional<Template> tokenizer;
};

/// What `tokens:` says of one token of the vocabulary.
struct TokenDecl {
  std::string text;
  Span span;
  std::optional<Template> from;   // zero, mean, or a source
  std::optional<Template> token;  // of that source, in place of the token itself: by its text,
  std::optional<Template> id;     // or by its id
  bool force = false;             // also for sources that have the token
  bool add = false;               // it may be new
  bool special = false;           // if it is new
};

/// `vocabulary:`, the tokens that the results have.
struct VocabularyDecl {
  Span span;
  std::optional<Template> from;  // `union`, or a source
  std::vector<VocabularySourceDecl> sources;
  std::optional<Template> base;  // whose rows stand in for those that a source lacks, or `none`
  std::optional<ArgumentValue> keep;  // ids and texts of the tokens that stay, in their new order
  ExprPtr pad_to_multiple_of;
  ExprPtr rows;
  std::vector<TokenDecl> tokens;
  std::optional<Template> chat_template;       // `auto`, a source, or the template itself
  std::optional<Template> chat_template_path;  // of a file beside the recipe
};

struct CheckDecl {
  enum class Kind {
    parameters,
    tensors,
    complete,
    equal,
    at_most,
    finite,
    shape,
    exists,
    absent,
    assertion,
    logits_close
  };
  Kind kind = Kind::parameters;
  Span span;
  std::string name;
  std::vector<ForRange> ranges;
  ExprPtr where;
  std::vector<NamedOperand> probes;    // `with:`, tensors the check makes for itself
  bool warns = false;                  // of what is computed: the result is published all the same
  ArgumentValue expected;              // parameters, tensors, shape, assertion, tolerance of equal
  std::vector<TensorExprPtr> tensors;  // equal: left and right; at_most: value and limit; else one
  std::optional<Template> architecture;
  std::optional<Destination> of;  // parameters, tensors, complete: one output; its `name` is empty
  std::vector<Destination> models;  // logits_close: left and right, outputs or sources, likewise
  ArgumentValue prompts;            // logits_close
};

struct ConfigEntry {
  std::string path;  // dotted
  Span span;
  YamlNode value;         // of `set`: templates inside are evaluated
  bool optional = false;  // of `remove`: "key?", which need not be there
};

struct ConfigDecl {
  Span span;
  std::optional<Template> from;  // a source's name
  std::optional<Template> file;  // a JSON file relative to the recipe
  std::optional<Template> part;  // a dotted key of it, whose mapping is taken instead of the whole
  std::vector<ConfigEntry> set;
  std::vector<ConfigEntry> remove;
};

/// A file beside the weights: carried over from a source, under its own name or another, or
/// written.
struct FileDecl {
  std::string what;  // tokenizer, processor, generation, or a file's name
  Span span;
  std::optional<Template> source;
  std::optional<Template> file;  // what the source calls it
  std::optional<YamlNode> json;  // what is written: templates inside are evaluated
  std::optional<Template> text;
  std::optional<Template> path;  // of a text beside the recipe
  bool optional = false;  // "tokenizer?": carried over if the source has it, written if not null
};

/// `adapter:` of an output, which then is a PEFT directory.
struct AdapterOutputDecl {
  Span span;
  Template of;                   // the source that it is an adapter of
  ExprPtr alpha;                 // lora_alpha; without it products of factors are taken as they are
  std::optional<Template> task;  // task_type
  std::optional<Template> base;  // base_model_name_or_path, in place of where the source is
};

/// `output:`, or an entry of `outputs:`, which has a name.
struct OutputDecl {
  std::string name;              // "" for the only one
  Span span;                     // of its name, or of the whole
  std::vector<ForRange> ranges;  // of an entry that stands for a list of outputs
  std::optional<TargetDecl> target;
  std::optional<Template> dtype;
  Span dtype_span;
  std::optional<YamlNode> encode;
  std::optional<Template> shard_size;
  Span shard_size_span;
  std::optional<AdapterOutputDecl> adapter;
  std::optional<ConfigDecl> config;
  std::vector<FileDecl> files;
  bool card = false;  // README.md is written

  bool is_list() const { return !ranges.empty(); }
};

struct Recipe {
  FileId file = 0;
  std::vector<FileId> parts;  // the files that `include` names, in order
  std::string name;
  std::string license;
  std::vector<ParamDecl> params;
  std::vector<SourceDecl> sources;
  std::vector<DataDecl> data;
  std::vector<LetDecl> lets;
  std::optional<VocabularyDecl> vocabulary;
  std::optional<TargetDecl> target;
  std::vector<Rule> definitions;
  std::vector<Rule> rules;
  std::vector<CheckDecl> checks;
  std::vector<OutputDecl> outputs;  // one without a name, or those of `outputs:`

  Span license_span;

  bool has_named_outputs() const { return !outputs.empty() && !outputs.front().name.empty(); }
};

/// Reads a recipe's text and the parts that it includes, which `read_part` gets. All faults of form
/// are added to `diagnostics` (E101–E139); what could be read is given all the same, so that later
/// stages can find more, unless the YAML itself is broken.
std::optional<Recipe> read_recipe(SourceMap& sources, FileId file, const ReadPart& read_part,
                                  Diagnostics& diagnostics);

}  // namespace inarch
