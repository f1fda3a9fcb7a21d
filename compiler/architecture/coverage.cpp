#include "compiler/architecture/coverage.h"

#include "compiler/architecture/respell.h"

namespace inarch {

void Coverage::add(const Architecture& architecture, const Checkpoint& checkpoint,
                   const std::vector<ArchTensor>& usual, std::string_view spelling) {
  const ArchitectureFile& file = architecture.file();
  std::vector<ArchTensor> expected = usual;
  std::vector<const NamePattern*> accepted;
  for (const NamePattern& pattern : file.accept) accepted.push_back(&pattern);
  for (const SpellingRules& rules : file.spellings) {
    if (rules.name != spelling) continue;
    spellings_.insert(rules.name);
    expected = respelled(usual, rules, &used_);
    for (const NamePattern& pattern : rules.accept) accepted.push_back(&pattern);
  }
  std::set<std::string_view> described;
  for (const ArchTensor& tensor : expected) {
    described.insert(tensor.name);
    (checkpoint.find(tensor.name) ? there_ : left_out_).insert(tensor.origin.begin);
  }
  std::vector<std::string_view> others;
  for (const TensorInfo& tensor : checkpoint.tensors) {
    if (!described.contains(tensor.name)) others.push_back(tensor.name);
  }
  const NameSet names(others);
  std::vector<bool> marks(others.size());
  for (const NamePattern* pattern : accepted) {
    if (names.mark(*pattern, marks)) used_.insert(pattern);
  }
}

void Coverage::add_words(const Value& config) {
  const auto add = [&](const Value* word) {
    if (word && word->if_text()) words_.insert(*word->if_text());
  };
  add(config.find("model_type"));
  const Value* classes = config.find("architectures");
  if (!classes || !classes->if_list()) return;
  for (const Value& name : *classes->if_list()) add(&name);
}

}  // namespace inarch
