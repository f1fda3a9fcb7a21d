#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/adapter/adapted.h"
#include "compiler/core/catalog.h"
#include "compiler/recipe/encoding_spec.h"
#include "compiler/recipe/name_tree.h"
#include "compiler/recipe/recipe.h"
#include "compiler/support/result.h"
#include "compiler/vocabulary/row_plan.h"
#include "compiler/vocabulary/tokenizer.h"

namespace inarch {

/// One checkpoint of a recipe: a source, or one entry of a list of sources, or an adapter of one,
/// which has no names that rules could match.
struct BoundSource {
  std::string name;  // "text", "experts[3]", "tuned.adapter[0]"
  const SourceDecl* declaration = nullptr;
  std::shared_ptr<const Checkpoint> checkpoint;
  NameTree names;                       // of the checkpoint's tensors, by index
  std::vector<std::uint32_t> adapters;  // indices into BoundRecipe::sources, as terms count them
  std::map<std::uint32_t, std::vector<AdapterTerm>> changed;  // by index of the tensor

  bool is_adapter() const { return declaration->locations.empty(); }
  /// Its tensors are computed in f32, which says nothing of what is made of them.
  bool is_states() const {
    return !is_adapter() && declaration->locations.front().states.has_value();
  }
};

inline constexpr std::uint32_t output_source = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t defined_source = output_source - 1;

/// What a reference of a rule or check stands for in one of its instances.
struct Reference {
  const TensorExpr* expression = nullptr;
  std::uint32_t source = 0;  // index into BoundRecipe::sources, output_source or defined_source
  std::uint32_t tensor = 0;  // index into the checkpoint's tensors, or into BoundRecipe::outputs
  std::string output_name;   // of an output's tensor or a definition

  /// True for tensors of the recipe itself, which are no source's.
  bool is_of_recipe() const { return source >= defined_source; }
};

struct RepeatedOperand;

/// A rule or check with its captures and variables filled in.
struct Instance {
  Bindings bindings;
  std::vector<Reference> references;      // those of repeated operands among them
  std::vector<RepeatedOperand> repeated;  // the operands that have a `for` of their own

  const Reference* find(const TensorExpr* expression) const;
};

/// What an operand stands for that has a `for`: one instance for each value.
struct RepeatedOperand {
  const NamedOperand* operand = nullptr;
  std::vector<Instance> items;
};

/// Names of outputs or definitions, to be matched with patterns.
struct KnownNames {
  std::vector<std::string> names;
  NameTree tree;  // of the names, by index

  void add(const std::string& name) {
    tree.add(name, names.size());
    names.push_back(name);
  }
};

/// The name of a tensor to be, and which output it goes to.
struct ResultName {
  std::uint32_t output = 0;  // index into BoundRecipe::outputs; 0 for a definition
  std::string name;
};

/// One or more output tensors to be: a rule's instance with the names it defines.
struct RuleInstance {
  const Rule* rule = nullptr;
  Instance instance;
  std::vector<ResultName> to;
};

struct BoundFile {
  std::uint32_t source = 0;
  std::string name;
  std::string path;
  std::int64_t size = 0;
  std::string sha256;
};

/// A file to write, beside config.json.
struct BoundText {
  std::string name;
  std::string text;
};

/// What `adapter:` of an output says; what it does not follows from the tensors.
struct BoundAdapterOutput {
  std::uint32_t of = 0;         // index into BoundRecipe::sources
  std::optional<double> alpha;  // nothing: as large as each rank, so that nothing is scaled
  std::string task;
  std::string base;
};

/// A table of `data:`, read.
struct BoundData {
  const DataDecl* declaration = nullptr;
  std::unique_ptr<Value> value;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> tensors;  // a source and one of its tensors
};

/// The vocabulary of the results, and what it is made of.
struct BoundVocabulary {
  VocabularyLayout layout;
  std::vector<std::uint32_t> sources;  // of the layout: indices into BoundRecipe::sources
  std::uint32_t owner = 0;  // whose tokenizer it is, tokens added or not; a union's is the base's
  std::map<std::uint32_t, std::shared_ptr<const Tokenizer>> tokenizers;  // by source
  std::map<std::string, std::int64_t, std::less<>> ids;                  // of the result
  bool keeps_ids = true;         // the owner's tokens have the ids that they have there
  std::vector<BoundFile> files;  // of its tokenizer
  std::vector<BoundText> texts;  // likewise
};

/// One checkpoint that the recipe makes: the only one, an entry of `outputs:`, or one of the list
/// that an entry with `for` stands for.
struct BoundOutput {
  std::string name;       // "text", "rank[3]"; "" for the only one
  std::string directory;  // below the run's output: "text", "rank-3"; "" for the only one
  const OutputDecl* declaration = nullptr;
  Bindings bindings;  // of its `for`
  std::optional<DType> dtype;
  std::optional<EncodingSpec> encode;
  std::int64_t shard_size = 0;
  std::optional<BoundAdapterOutput> adapter;
  std::optional<Value> config;
  std::vector<BoundFile> files;
  std::vector<BoundText> texts;
};

/// A recipe whose sources are open, whose values are known and whose rules have met the tensors.
struct BoundRecipe {
  const Recipe* recipe = nullptr;
  std::vector<BoundSource> sources;
  std::deque<SourceDecl> adapters;             // what those have for declarations
  std::unique_ptr<Scope> globals;              // params, configs of sources and outputs, lets
  std::vector<std::unique_ptr<Value>> values;  // what the scope refers to
  std::deque<std::vector<const Checkpoint*>> checkpoints;  // likewise: of each declared source
  std::vector<RuleInstance> instances;                     // of definitions, then of rules
  KnownNames definitions;
  std::vector<BoundOutput> outputs;
  std::vector<BoundData> data;
  std::optional<BoundVocabulary> vocabulary;
  /// Of sources whose tokenizers number tokens differently, and of which a rule reads tensors of
  /// one name: the lower index first, and what to say of it. Empty where there is a `vocabulary`.
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> vocabulary_differences;
  std::map<std::string, std::int64_t> measured_ranks;  // BindOptions::measured_ranks
};

/// A source to open, as the recipe or `--source` gives it.
struct SourceRequest {
  std::string name;
  bool is_hub = false;
  std::string location;  // a path (already relative to the current directory), or org/name
  std::string revision;
  bool is_adapter = false;  // a PEFT directory, of which the adapter is to be opened
};

struct FileFingerprint {
  std::int64_t size = 0;
  std::string sha256;
};

/// Hidden states to compute, or to describe.
struct StatesRequest {
  std::string name;  // the source's
  std::shared_ptr<const Checkpoint> model;
  std::vector<std::vector<std::int64_t>> prompts;  // token ids
  bool mean = false;                               // over all tokens, not the last one's
};

/// How the compiler reaches the world: it opens nothing itself.
/// Whether the model of a config can be run over sequences of token ids, and how many ids it has
/// logits for.
using RunsModel = std::function<Result<std::int64_t>(
    const Value& config, const std::vector<std::vector<std::int64_t>>& sequences)>;

struct BindOptions {
  std::vector<std::pair<std::string, std::string>> set;      // --set name=value
  std::vector<std::pair<std::string, std::string>> sources;  // --source name=PATH
  std::string recipe_directory;  // paths in the recipe are relative to it
  std::function<std::shared_ptr<const Checkpoint>(const SourceRequest&, Diagnostics&)> open_source;
  /// The checkpoint by the usual names of its architecture.
  std::function<Result<std::shared_ptr<const Checkpoint>>(std::shared_ptr<const Checkpoint>)>
      in_usual_spelling;
  /// A checkpoint of f32 tensors `layers.{i}` [prompts, hidden]: what there is to know of it, or,
  /// when it is to be read, the thing itself.
  std::function<Result<std::shared_ptr<const Checkpoint>>(const StatesRequest&)> open_states;
  RunsModel runs_model;
  std::function<Result<std::string>(const std::string& path)> read_text;
  std::function<Result<FileFingerprint>(const std::string& path)> fingerprint;
  /// The values of a small tensor, as nested lists.
  std::function<Result<Value>(const Checkpoint&, const TensorInfo&)> read_tensor;
  ReadPart read_part;
  std::function<bool(const std::string& path)> is_directory;
  /// Of factors whose rank follows from an energy or an error, by their key.
  std::map<std::string, std::int64_t> measured_ranks;
};

inline constexpr std::int64_t default_shard_size = 5'000'000'000;

/// Faults are E138 (which output), E160–E169 (params, data, config, output) and E201–E219 (sources,
/// names, patterns). Gives what it could bind only when it found no error. Texts that messages
/// point into are added to `texts`.
std::optional<BoundRecipe> bind_recipe(const Recipe& recipe, const BindOptions& options,
                                       SourceMap& texts, Diagnostics& diagnostics);

}  // namespace inarch
