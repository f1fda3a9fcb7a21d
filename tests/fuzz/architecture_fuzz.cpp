// Any bytes as an architecture file: the reader ends and gives an architecture or a reason, and so
// does its expansion for a config; names are distinct and shapes have a size.

#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "compiler/architecture/architecture.h"
#include "compiler/support/render_human.h"
#include "compiler/support/text.h"
#include "tests/fuzz/made_up_model.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace inarch;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  SourceMap sources;
  const FileId file = sources.add("family.yaml", std::string(text));
  Diagnostics diagnostics;
  const auto family = read_architecture(sources, file, diagnostics);
  require(family.has_value() != diagnostics.has_errors());
  if (family) {
    const auto tensors = family->expand(fuzzing::made_up_model()->config, diagnostics);
    require(tensors.has_value() != diagnostics.has_errors());
    std::set<std::string> names;
    if (tensors) {
      for (const ArchTensor& tensor : *tensors) {
        require(names.insert(tensor.name).second);
        require(numel(tensor.shape) >= 0);
      }
    }
  }
  const std::string human = render_human(diagnostics, sources, {false, 80});
  require(is_utf8(human) && human.find('\x1b') == std::string::npos);
  return 0;
}
