#include "runtime/cli/hidden_state_source.h"

#include <span>

#include <fmt/format.h>

#include "compiler/plan/shard_header.h"
#include "compiler/support/sha256.h"
#include "compiler/support/text.h"
#include "runtime/cli/tensor_file.h"
#include "runtime/forward/forward_pass.h"
#include "runtime/forward/hidden_states.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/directory.h"
#include "runtime/io/hub_cache.h"

namespace inarch {

namespace {

std::vector<TensorInfo> tensors_of(const DecoderConfig& config, const StatesRequest& request) {
  std::vector<TensorInfo> tensors;
  for (std::size_t i = 0; i < config.layers.size(); ++i) {
    TensorInfo& tensor = tensors.emplace_back();
    tensor.name = fmt::format("layers.{}", i);
    tensor.shape = {static_cast<std::int64_t>(request.prompts.size()), config.hidden};
    tensor.bytes = tensor.elements() * static_cast<std::int64_t>(sizeof(float));
  }
  return tensors;
}

Result<ForwardPass> pass_of(const StatesRequest& request) {
  auto pass = ForwardPass::open(request.model);
  if (!pass.ok()) return pass.error();
  if (Status fits = pass->check(request.prompts, LogitsOf::none); !fits) return fits.error();
  return pass;
}

/// Of all that the states follow from.
std::string name_of(const StatesRequest& request) {
  std::string text = fmt::format("inarch-states/1 {} {}\n", INARCH_VERSION, request.mean);
  for (const FileIdentity& file : request.model->files) {
    text += fmt::format("{}\n{} {} {} {}\n", file.path, file.size, file.mtime_ns, file.inode,
                        file.header_sha256);
  }
  for (const TokenSequence& prompt : request.prompts) {
    for (const std::int64_t id : prompt) text += fmt::format("{} ", id);
    text += '\n';
  }
  return sha256_hex(text);
}

Result<std::string> cache_directory() {
  const Environment environment = process_environment();
  if (const auto named = environment("INARCH_CACHE"); named && !named->empty()) return *named;
  if (const auto named = environment("XDG_CACHE_HOME"); named && !named->empty())
    return *named + "/inarch";
  if (const auto home = environment("HOME"); home && !home->empty())
    return *home + "/.cache/inarch";
  return error("E223", "there is no place for hidden states: neither HOME nor INARCH_CACHE is set");
}

Status write_states(const std::string& path, const StatesRequest& request,
                    const DecoderConfig& config, const ForwardOptions& options) {
  const StateOf of = request.mean ? StateOf::all_tokens : StateOf::last_token;
  auto states = hidden_states(request.model, request.prompts, of, options);
  if (!states.ok()) return states.error();
  const std::vector<TensorInfo> tensors = tensors_of(config, request);
  auto file = TensorFile::create(path, tensors);
  if (!file.ok()) return file.error();
  std::span<const std::byte> rest = std::as_bytes(std::span<const float>(*states));
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto bytes = static_cast<std::size_t>(tensors[i].bytes);
    if (Status done = file->write(i, 0, rest.first(bytes)); !done) return done;
    rest = rest.subspan(bytes);
  }
  return file->publish();
}

}  // namespace

Result<std::shared_ptr<const Checkpoint>> describe_states(const StatesRequest& request) {
  const auto pass = pass_of(request);
  if (!pass.ok()) return pass.error();
  auto checkpoint = std::make_shared<Checkpoint>();
  checkpoint->location = fmt::format("states of {} prompts", request.prompts.size());
  checkpoint->tensors = tensors_of(pass->config(), request);
  std::vector<OutputTensor> written;
  for (const TensorInfo& tensor : checkpoint->tensors) {
    OutputTensor& output = written.emplace_back();
    output.name = tensor.name;
    output.shape = tensor.shape;
    output.bytes = tensor.bytes;
  }
  auto at = static_cast<std::int64_t>(make_shard_header(written).size());
  for (TensorInfo& tensor : checkpoint->tensors) {
    tensor.offset = at;
    at += tensor.bytes;
  }
  checkpoint->files.push_back({checkpoint->location, "states.safetensors", at, 0, 0, {}});
  checkpoint->build_index();
  return std::shared_ptr<const Checkpoint>(std::move(checkpoint));
}

Result<std::shared_ptr<const Checkpoint>> compute_states(const StatesRequest& request,
                                                         const ForwardOptions& options) {
  const auto pass = pass_of(request);
  if (!pass.ok()) return pass.error();
  const auto directory = cache_directory();
  if (!directory.ok()) return directory.error();
  const std::string path = fmt::format("{}/states/{}.safetensors", *directory, name_of(request));
  if (!exists(path)) {
    if (Status made = make_directories(*directory + "/states"); !made) return made.error();
    if (Status done = write_states(path, request, pass->config(), options); !done)
      return done.error();
  }
  Diagnostics diagnostics;
  auto checkpoint = open_checkpoint(path, diagnostics);
  if (!checkpoint) return diagnostics.list().front();
  return std::make_shared<const Checkpoint>(std::move(*checkpoint));
}

}  // namespace inarch
