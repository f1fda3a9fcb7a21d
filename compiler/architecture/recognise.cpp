#include "compiler/architecture/recognise.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "compiler/architecture/architecture_file.h"
#include "compiler/architecture/respell.h"

namespace inarch {

namespace {

// Enough names to tell families apart; a large mixture of experts has a hundred thousand.
constexpr std::size_t sample_size = 2000;
constexpr double share_that_must_fit = 0.9;

bool names_class(const ConfigMatch& match, const Value& config) {
  const Value* classes = config.find("architectures");
  const Value::List* list = classes ? classes->if_list() : nullptr;
  if (!list) return false;
  return std::any_of(list->begin(), list->end(), [&](const Value& item) {
    return item.if_text() && std::find(match.classes.begin(), match.classes.end(),
                                       *item.if_text()) != match.classes.end();
  });
}

bool names_type(const ConfigMatch& match, const Value& config) {
  const Value* type = config.find("model_type");
  return type && type->if_text() && *type->if_text() == match.model_type;
}

const Architecture* find_by_config(const std::vector<Architecture>& all, const Value& config) {
  for (const auto fits : {names_class, names_type}) {
    for (const Architecture& candidate : all) {
      for (const ConfigMatch& match : candidate.matches()) {
        if (fits(match, config)) return &candidate;
      }
    }
  }
  return nullptr;
}

std::size_t count_present(const std::vector<ArchTensor>& tensors, const Checkpoint& checkpoint) {
  return static_cast<std::size_t>(std::count_if(
      tensors.begin(), tensors.end(),
      [&](const ArchTensor& tensor) { return checkpoint.find(tensor.name) != nullptr; }));
}

// The spelling under which most tensors are there; the usual one when they tie.
std::string best_spelling(const Architecture& architecture, const Checkpoint& checkpoint) {
  Diagnostics unused;
  const auto tensors = architecture.expand(checkpoint.config, unused);
  if (!tensors) return {};
  std::string best;
  std::size_t most = count_present(*tensors, checkpoint);
  for (const std::string& spelling : architecture.spellings()) {
    const auto other = architecture.respell(*tensors, spelling, unused);
    const std::size_t present = other ? count_present(*other, checkpoint) : 0;
    if (present <= most) continue;
    most = present;
    best = spelling;
  }
  return best;
}

std::vector<std::string_view> sample_names(const Checkpoint& checkpoint) {
  std::vector<std::string_view> names;
  const std::size_t count = checkpoint.tensors.size();
  const std::size_t step = std::max<std::size_t>(1, count / sample_size);
  for (std::size_t i = 0; i < count; i += step) names.push_back(checkpoint.tensors[i].name);
  return names;
}

bool is_loop_variable(const Expr& expression, const TensorBlock& block) {
  return expression.kind == Expr::Kind::name &&
         std::any_of(block.loops.begin(), block.loops.end(), [&](const TensorBlock::Loop& loop) {
           return loop.variable == expression.name;
         });
}

// What any config makes of a name: `{root}.layers.{i}.mlp.{gate,up}_proj.weight` becomes the
// patterns
// `{x0...}.layers.{x1}.mlp.gate_proj.weight` and the same with `up`.
std::vector<std::string> patterns_of(const NameTemplate& name, const TensorBlock& block) {
  std::vector<std::string> patterns = {""};
  for (std::size_t k = 0; k < name.parts.size(); ++k) {
    const NameTemplate::Part& part = name.parts[k];
    std::vector<std::string> endings = part.alternatives;
    if (part.expression) {
      const bool begins = k == 0 || name.parts[k - 1].text.ends_with('.');
      const bool ends = k + 1 == name.parts.size() || name.parts[k + 1].text.starts_with('.');
      const bool many = begins && ends && !is_loop_variable(*part.expression, block);
      endings = {fmt::format("{{x{}{}}}", k, many ? "..." : "")};
    } else if (endings.empty()) {
      endings = {part.text};
    }
    std::vector<std::string> longer;
    for (const std::string& pattern : patterns) {
      for (const std::string& ending : endings) longer.push_back(pattern + ending);
    }
    patterns = std::move(longer);
  }
  return patterns;
}

// How well an architecture describes a set of names: first by how many it describes, then by how
// many of the tensors that it always has are there, then by how many those are. A Llama's names are
// all in a Gemma 3 too, and a Llama may have the biases that a Qwen 2 always has.
struct Score {
  double described = 0;
  double present = 0;
  std::size_t always = 0;
  friend auto operator<=>(const Score&, const Score&) = default;
};

bool is_always_there(const TensorBlock& block, const TensorEntry& entry) {
  return !block.where && !entry.where && !entry.tied_to && !entry.attributes.optional &&
         !entry.attributes.legacy;
}

class Scoring {
 public:
  Scoring(const NameSet& names, std::size_t count) : names_(names), described_(count) {}

  void add(const TensorBlock& block, const TensorEntry& entry) {
    for (const std::string& text : patterns_of(entry.name, block)) {
      Diagnostics none;
      const auto pattern = parse_name_pattern(text, Span{}, none);
      const bool any = names_.mark(*pattern, described_);
      if (!is_always_there(block, entry)) continue;
      ++always_;
      if (any) ++present_;
    }
  }

  Score score() const {
    const auto described = std::count(described_.begin(), described_.end(), true);
    return {static_cast<double>(described) / static_cast<double>(described_.size()),
            always_ == 0 ? 0 : static_cast<double>(present_) / static_cast<double>(always_),
            always_};
  }

 private:
  const NameSet& names_;
  std::vector<bool> described_;
  std::size_t always_ = 0;
  std::size_t present_ = 0;
};

Score score_names(const ArchitectureFile& file, const NameSet& names, std::size_t count) {
  Scoring scoring(names, count);
  for (const TensorBlock& block : file.blocks) {
    for (const TensorEntry& entry : block.entries) scoring.add(block, entry);
  }
  return scoring.score();
}

const Architecture* find_by_names(const std::vector<Architecture>& all,
                                  const Checkpoint& checkpoint) {
  const std::vector<std::string_view> names = sample_names(checkpoint);
  if (names.empty()) return nullptr;
  const NameSet set(names);
  const Architecture* best = nullptr;
  Score highest{share_that_must_fit, 0, 0};
  for (const Architecture& candidate : all) {
    if (!candidate.file().match_names) continue;
    const Score score = score_names(candidate.file(), set, names.size());
    if (score <= highest) continue;
    highest = score;
    best = &candidate;
  }
  return best;
}

std::vector<Architecture> load_all(SourceMap& sources, const Architecture* own) {
  std::vector<Architecture> all;
  if (own) all.push_back(*own);
  for (const std::string& name : architecture_names()) {
    if (own && own->name() == name) continue;
    Diagnostics unused;
    auto architecture = load_architecture(name, sources, unused);
    if (architecture) all.push_back(std::move(*architecture));
  }
  return all;
}

}  // namespace

std::optional<Recognised> recognise(const Checkpoint& checkpoint, SourceMap& sources,
                                    const Architecture* own) {
  const std::vector<Architecture> all = load_all(sources, own);
  const Architecture* found = find_by_config(all, checkpoint.config);
  const bool from_config = found != nullptr;
  if (!found) found = find_by_names(all, checkpoint);
  if (!found) return std::nullopt;
  return Recognised{*found, best_spelling(*found, checkpoint), from_config};
}

}  // namespace inarch
