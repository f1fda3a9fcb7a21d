#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "compiler/architecture/coverage.h"
#include "compiler/architecture/decisions.h"

namespace inarch {

namespace {

class UntriedList {
 public:
  UntriedList(const ArchitectureFile& file, const Coverage& coverage, const SourceMap& sources)
      : file_(file), coverage_(coverage), sources_(sources) {}

  std::vector<Untried> run() {
    add_matches();
    add_decisions();
    for (const TensorBlock& block : file_.blocks) add_tensors(block);
    add_patterns(Untried::Kind::accept, file_.accept);
    for (const SpellingRules& rules : file_.spellings) add_spelling(rules);
    std::stable_sort(list_.begin(), list_.end(), [](const Untried& a, const Untried& b) {
      return a.places.front().begin < b.places.front().begin;
    });
    return std::move(list_);
  }

 private:
  void add(Untried::Kind kind, std::string text, std::string missing, Span place) {
    const auto [at, is_new] = places_.emplace(std::tuple(kind, text, missing), list_.size());
    if (is_new) list_.push_back({kind, std::move(text), std::move(missing), {}});
    list_[at->second].places.push_back(place);
  }

  void add_matches() {
    for (const ConfigMatch& match : file_.matches) {
      const auto add_word = [&](Untried::Kind kind, const std::string& word) {
        if (!coverage_.is_named(word)) add(kind, word, "named", match.span);
      };
      add_word(Untried::Kind::model_type, match.model_type);
      for (const std::string& word : match.classes) add_word(Untried::Kind::class_name, word);
    }
  }

  void add_decision(Untried::Kind kind, const Expr& e, const char* yes, const char* no) {
    const DecisionTrace& trace = coverage_.expansion.decisions;
    const bool was_true = trace.has(e, true);
    const bool was_false = trace.has(e, false);
    if (was_true && was_false) return;
    const char* missing = was_true ? no : was_false ? yes : "evaluated";
    add(kind, std::string(sources_.text(e.span)), missing, e.span);
  }

  void add_decisions() {
    const Decisions decisions = decisions_of(file_);
    for (const Expr* e : decisions.conditions)
      add_decision(Untried::Kind::condition, *e, "true", "false");
    for (const Expr* e : decisions.fallbacks)
      add_decision(Untried::Kind::fallback, *e, "there", "left out");
    for (const Expr* range : decisions.ranges) {
      const auto& rounds = coverage_.expansion.rounds;
      const auto entry = rounds.find(range);
      const std::size_t most = entry == rounds.end() ? 0 : entry->second;
      if (most > 1) continue;
      add(Untried::Kind::loop, std::string(sources_.text(range->span)),
          most == 0 ? "a value" : "a second value", range->span);
    }
  }

  void add_tensors(const TensorBlock& block) {
    for (const TensorEntry& entry : block.entries) {
      const bool there = coverage_.is_there(entry.span);
      const bool left_out = coverage_.is_left_out(entry.span);
      if (!there && !left_out) continue;  // its condition is in the list
      const std::string text(sources_.text(entry.span));
      if (entry.attributes.legacy) {
        if (!there) add(Untried::Kind::legacy, text, "there", entry.span);
      } else if (entry.attributes.optional && there != left_out) {
        add(Untried::Kind::optional, text, there ? "left out" : "there", entry.span);
      }
    }
  }

  void add_patterns(Untried::Kind kind, const std::vector<NamePattern>& patterns) {
    for (const NamePattern& pattern : patterns) add_pattern(kind, pattern);
  }

  void add_pattern(Untried::Kind kind, const NamePattern& pattern) {
    if (!coverage_.is_used(pattern)) add(kind, pattern.text, "of use", pattern.span);
  }

  void add_spelling(const SpellingRules& rules) {
    if (!coverage_.is_met(rules.name))
      return add(Untried::Kind::spelling, rules.name, "of use", rules.span);
    for (const SpellingRules::Fusion& fusion : rules.fusions)
      add_pattern(Untried::Kind::fusion, fusion.to);
    for (const SpellingRules::Rewrite& rewrite : rules.rewrites)
      add_pattern(Untried::Kind::renaming, rewrite.usual);
    add_patterns(Untried::Kind::accept, rules.accept);
  }

  const ArchitectureFile& file_;
  const Coverage& coverage_;
  const SourceMap& sources_;
  std::vector<Untried> list_;
  std::map<std::tuple<Untried::Kind, std::string, std::string>, std::size_t> places_;
};

}  // namespace

std::string_view name(Untried::Kind kind) {
  switch (kind) {
    case Untried::Kind::condition:
      return "condition";
    case Untried::Kind::fallback:
      return "fallback";
    case Untried::Kind::loop:
      return "loop";
    case Untried::Kind::optional:
      return "optional";
    case Untried::Kind::legacy:
      return "legacy";
    case Untried::Kind::accept:
      return "accept";
    case Untried::Kind::spelling:
      return "spelling";
    case Untried::Kind::renaming:
      return "renaming";
    case Untried::Kind::fusion:
      return "fusion";
    case Untried::Kind::class_name:
      return "class";
    case Untried::Kind::model_type:
      return "model_type";
  }
  return "";
}

std::vector<Untried> untried(const ArchitectureFile& file, const Coverage& coverage,
                             const SourceMap& sources) {
  return UntriedList(file, coverage, sources).run();
}

}  // namespace inarch
