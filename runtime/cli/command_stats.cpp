#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/forward_arguments.h"
#include "runtime/cli/json_text.h"
#include "runtime/cli/stop_signal.h"
#include "runtime/cli/tensor_file.h"
#include "runtime/forward/forward_stats.h"

namespace inarch {

namespace {

std::span<const std::byte> bytes_of(const StatsTensor& tensor) {
  return tensor.dtype == DType::i64 ? std::as_bytes(std::span(tensor.counts))
                                    : std::as_bytes(std::span(tensor.reals));
}

Status write_stats(const std::vector<StatsTensor>& tensors, const std::string& path) {
  std::vector<TensorInfo> infos;
  for (const StatsTensor& tensor : tensors) {
    TensorInfo info;
    info.name = tensor.name;
    info.dtype = tensor.dtype;
    info.shape = tensor.shape;
    infos.push_back(std::move(info));
  }
  auto file = TensorFile::create(path, std::move(infos));
  if (!file) return file.error();
  for (std::size_t k = 0; k < tensors.size(); ++k) {
    if (Status status = file->write(k, 0, bytes_of(tensors[k])); !status) return status;
  }
  return file->publish();
}

void tell(const std::string& path, const ForwardRequest& request, std::size_t tensors,
          Console& console) {
  std::int64_t tokens = 0;
  for (const TokenSequence& sequence : request.sequences)
    tokens += static_cast<std::int64_t>(sequence.size());
  const auto sequences = static_cast<std::int64_t>(request.sequences.size());
  if (console.json()) {
    const Value object = Value::Map{{"schema", "inarch/stats/1"},
                                    {"output", json_text(path)},
                                    {"sequences", sequences},
                                    {"tokens", tokens},
                                    {"tensors", static_cast<std::int64_t>(tensors)}};
    return console.write(write_json(object, JsonStyle::compact) + "\n");
  }
  console.say(fmt::format("wrote {}: {} tensors, of {} tokens in {} sequence{}\n",
                          escape_for_terminal(path),
                          format_count(static_cast<std::int64_t>(tensors)), format_count(tokens),
                          sequences, sequences == 1 ? "" : "s"));
}

}  // namespace

int command_stats(const Arguments& arguments, Console& console) {
  const auto output = arguments.value("output");
  if (!output || output->empty())
    return usage_error(console, "--output is missing", "inarch stats MODEL --tokens FILE -o FILE");
  int code = exit_failed;
  auto request = read_forward_request(arguments, console, code);
  if (!request) return code;
  if (Status status = request->pass.check(request->sequences, LogitsOf::none); !status)
    return report_fault(console, status.error());
  const StopSignal stop;
  request->options.stop = stop.flag();
  ForwardStats stats(request->pass, request->sequences.size());
  Status status =
      request->pass.run(request->sequences, LogitsOf::none, stats, request->options, stats.bytes());
  const std::vector<StatsTensor> tensors = status ? stats.tensors() : std::vector<StatsTensor>();
  if (status) status = write_stats(tensors, *output);
  if (!status) {
    const int fault = report_fault(console, status.error());
    return stop.flag()->load() ? stop.exit_code() : fault;
  }
  tell(*output, *request, tensors.size(), console);
  return exit_done;
}

}  // namespace inarch
