#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/architecture/architecture_file.h"
#include "compiler/architecture/expand.h"

namespace inarch {

/// Something that an architecture file says and no checkpoint has put to the test.
struct Untried {
  enum class Kind {
    condition,  // never "true", "false" or "evaluated"
    fallback,   // a of `a ?? b`: never "there", "left out" or "evaluated"
    loop,       // never had "a value", or never "a second value"
    optional,   // a tensor that was never "there", or never "left out"
    legacy,     // a tensor that was never "there"
    accept,     // a pattern that never was "of use", as the next three
    spelling,
    renaming,
    fusion,
    class_name,  // never "named" by a config, as the next
    model_type,
  };
  Kind kind = Kind::condition;
  std::string text;     // as it stands in the file
  std::string missing;  // what it never was
  std::vector<Span> places;
};

/// "condition", "fallback", …
std::string_view name(Untried::Kind kind);

/// What checkpoints have shown of an architecture file.
class Coverage {
 public:
  /// For Architecture::expand.
  ExpansionTrace expansion;

  /// A checkpoint of `architecture`. `usual` comes from expand(), before respell().
  void add(const Architecture& architecture, const Checkpoint& checkpoint,
           const std::vector<ArchTensor>& usual, std::string_view spelling);

  /// What the config of a checkpoint names, whether or not it fits.
  void add_words(const Value& config);

  bool is_there(Span tensor) const { return there_.contains(tensor.begin); }
  bool is_left_out(Span tensor) const { return left_out_.contains(tensor.begin); }
  bool is_used(const NamePattern& rule) const { return used_.contains(&rule); }
  bool is_met(std::string_view spelling) const { return spellings_.contains(spelling); }
  bool is_named(std::string_view word) const { return words_.contains(word); }

 private:
  std::set<std::uint32_t> there_;  // by where ArchTensor::origin begins
  std::set<std::uint32_t> left_out_;
  std::set<const NamePattern*> used_;
  std::set<std::string, std::less<>> spellings_;
  std::set<std::string, std::less<>> words_;  // of configs: model types and classes
};

/// In the order of the file. The same text that lacks the same thing in several places is one.
std::vector<Untried> untried(const ArchitectureFile& file, const Coverage& coverage,
                             const SourceMap& sources);

}  // namespace inarch
