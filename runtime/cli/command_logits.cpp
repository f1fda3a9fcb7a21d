#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/forward_arguments.h"
#include "runtime/cli/logits_report.h"
#include "runtime/cli/stop_signal.h"

namespace inarch {

namespace {

constexpr std::int64_t usual_top = 10;

/// --top, or nothing when it is malformed (reported).
std::optional<std::int64_t> top_option(const Arguments& arguments, Console& console) {
  const auto text = arguments.value("top");
  if (!text) return usual_top;
  std::int64_t top = 0;
  const auto [end, failure] = std::from_chars(text->data(), text->data() + text->size(), top);
  if (failure == std::errc() && end == text->data() + text->size() && top >= 1) return top;
  usage_error(console,
              fmt::format("--top takes a number above 0, not '{}'", escape_for_terminal(*text)));
  return std::nullopt;
}

/// The pass, and the file if one is wanted.
Status compute(const ForwardRequest& request, LogitsOf of, LogitsCollector& collector,
               std::optional<TensorFile>& file) {
  Status status =
      request.pass.run(request.sequences, of, collector, request.options, collector.bytes());
  if (status && !collector.written()) status = collector.written().error();
  if (status && file) status = file->publish();
  return status;
}

/// Tables are what was asked for, unless a file was.
void show(const ForwardRequest& request, const LogitsCollector& collector, std::int64_t top,
          bool has_file, Console& console) {
  if (console.json()) return console.write(logits_json(request.sequences, collector, top));
  const auto width = static_cast<std::size_t>(console.width());
  const std::string text = logits_text(request.sequences, collector, top, width);
  has_file ? console.say(text) : console.write(text);
}

}  // namespace

int command_logits(const Arguments& arguments, Console& console) {
  const auto top = top_option(arguments, console);
  if (!top) return exit_failed;
  int code = exit_failed;
  auto request = read_forward_request(arguments, console, code);
  if (!request) return code;
  const auto output = arguments.value("output");
  const bool all = output && !arguments.has("last");
  const LogitsOf of = all ? LogitsOf::all_tokens : LogitsOf::last_token;
  const std::int64_t vocabulary = request->pass.config().vocabulary;
  if (Status status = request->pass.check(request->sequences, of); !status)
    return report_fault(console, status.error());
  std::optional<TensorFile> file;
  if (output) {
    auto created = TensorFile::create(*output, logits_tensors(request->sequences, of, vocabulary));
    if (!created) return report_fault(console, created.error());
    file.emplace(std::move(*created));
  }
  const StopSignal stop;
  request->options.stop = stop.flag();
  LogitsCollector collector(request->sequences, of, vocabulary, file ? &*file : nullptr);
  if (Status status = compute(*request, of, collector, file); !status) {
    const int fault = report_fault(console, status.error());
    return stop.flag()->load() ? stop.exit_code() : fault;
  }
  show(*request, collector, *top, output.has_value(), console);
  return exit_done;
}

}  // namespace inarch
