#include "runtime/cli/source_recorder.h"

#include <algorithm>

#include "compiler/support/sha256.h"
#include "runtime/cli/source_opener.h"
#include "runtime/io/logical_checkpoint.h"

namespace inarch {

void SourceRecorder::listen(BindOptions& options) {
  options.open_source = [this, given = options.sources](const SourceRequest& request,
                                                        Diagnostics& diagnostics) {
    BindOptions named;
    named.sources = given;
    return open(request, is_given_by_option(named, request.name), diagnostics);
  };
  options.read_text = [this, read = options.read_text](const std::string& path) {
    auto text = read(path);
    if (!text) return text;
    const auto size = static_cast<std::int64_t>(text->size());
    ReadFile& file = files_[path];
    file.print = {size, sha256_hex(*text)};
    if (size <= keep_) file.text = *text;
    return text;
  };
  options.fingerprint = [this, read = options.fingerprint](const std::string& path) {
    auto print = read(path);
    if (print) files_[path].print = *print;
    return print;
  };
  options.read_tensor = [this, read = options.read_tensor](const Checkpoint& checkpoint,
                                                           const TensorInfo& tensor) {
    tensors_.emplace(checkpoint.files[tensor.file].path, tensor.offset);
    return read(checkpoint, tensor);
  };
}

std::shared_ptr<const Checkpoint> SourceRecorder::open(const SourceRequest& request, bool is_given,
                                                       Diagnostics& diagnostics) {
  auto stored = open_stored(request, diagnostics);
  if (!stored) return nullptr;
  // What is opened again under a name, at another place, was not there at the first.
  std::erase_if(sources_, [&](const Source& known) { return known.request.name == request.name; });
  sources_.push_back({request, is_given, *stored});
  const auto noting = [this, &checkpoint = *stored,
                       read = small_tensor_reader(*stored)](const TensorInfo& tensor) {
    tensors_.emplace(checkpoint.files[tensor.file].path, tensor.offset);
    return read(tensor);
  };
  if (!read_encodings(*stored, noting, diagnostics)) return nullptr;
  return std::make_shared<const Checkpoint>(std::move(*stored));
}

bool is_given_by_option(const BindOptions& options, const std::string& source) {
  const std::string base = source.substr(0, source.rfind(".adapter"));
  return std::any_of(options.sources.begin(), options.sources.end(),
                     [&](const auto& given) { return given.first == base; });
}

}  // namespace inarch
