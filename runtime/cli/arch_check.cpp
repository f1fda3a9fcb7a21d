#include "runtime/cli/arch_check.h"

#include <algorithm>
#include <utility>

#include "compiler/architecture/recognise.h"

namespace inarch {

namespace {

std::int64_t count_parameters(const Checkpoint& checkpoint, const ArchitectureFinding& finding) {
  std::int64_t elements = 0;
  for (const TensorInfo& tensor : checkpoint.tensors) elements += tensor.elements();
  return elements - finding.buffer_elements;
}

}  // namespace

std::size_t ArchCheckReport::agreeing() const {
  return static_cast<std::size_t>(
      std::count_if(models.begin(), models.end(),
                    [](const ArchCheckModel& model) { return model.finding.agrees(); }));
}

ArchCheck::ArchCheck(Architecture architecture, SourceMap& sources)
    : architecture_(std::move(architecture)), sources_(sources) {
  report_.architecture = architecture_.name();
  report_.title = architecture_.title();
}

void ArchCheck::add(const Checkpoint& checkpoint) {
  ArchCheckModel model;
  model.location = checkpoint.location;
  if (const auto recognised = recognise(checkpoint, sources_, &architecture_)) {
    model.recognised_as = recognised->architecture.name();
    model.from_config = recognised->from_config;
  }
  coverage_.add_words(checkpoint.config);
  Diagnostics faults;
  const auto usual = architecture_.expand(checkpoint.config, faults, Span{}, &coverage_.expansion);
  if (usual) {
    model.finding = hold_against(checkpoint, architecture_, *usual);
    coverage_.add(architecture_, checkpoint, *usual, model.finding.spelling);
  } else {
    model.finding.not_compared =
        checkpoint.config.is_null() ? "there is no config.json" : faults.list().front().message;
  }
  model.parameters = count_parameters(checkpoint, model.finding);
  report_.models.push_back(std::move(model));
}

ArchCheckReport ArchCheck::report() const {
  ArchCheckReport report = report_;
  report.untried = untried(architecture_.file(), coverage_, sources_);
  return report;
}

}  // namespace inarch
