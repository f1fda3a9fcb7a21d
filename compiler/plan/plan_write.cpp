#include <cmath>
#include <functional>
#include <iterator>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/plan/plan_json.h"
#include "compiler/support/sha256.h"

namespace inarch {

namespace {

/// Text that goes on to a consumer in portions, so that a digest never holds a whole plan.
class Sink {
 public:
  explicit Sink(std::function<void(const std::string&)> consumer)
      : consumer_(std::move(consumer)) {}

  std::string text;

  void pass_on(std::size_t at_least = 1) {
    if (text.size() < at_least) return;
    consumer_(text);
    text.clear();
  }

 private:
  std::function<void(const std::string&)> consumer_;
};

template <typename... Args>
void put(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
}

/// The shortest text that reads back equal. JSON has no infinities, so those are texts.
std::string real(double value) {
  if (!std::isfinite(value)) return fmt::format("\"{}\"", value);
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";  // "-0" would lose its sign
  return text;
}

template <typename List, typename Write>
void put_list(std::string& out, const List& list, Write&& write) {
  out += '[';
  bool first = true;
  for (const auto& item : list) {
    if (!first) out += ',';
    first = false;
    write(item);
  }
  out += ']';
}

void put_integers(std::string& out, const auto& list) {
  put_list(out, list, [&](auto value) { put(out, "{}", value); });
}

struct OpWriter {
  std::string& out;

  void operator()(const ReadOp& op) const {
    if (op.from_output) {
      put(out, "\"read_output\",\"shard\":{},\"offset\":{},\"dtype\":\"{}\"", op.file, op.offset,
          name(op.dtype));
    } else {
      put(out, "\"read\",\"source\":{},\"file\":{},\"offset\":{},\"dtype\":\"{}\"", op.source,
          op.file, op.offset, name(op.dtype));
    }
  }
  void operator()(const FillOp& op) const { put(out, "\"fill\",\"value\":{}", real(op.value)); }
  void operator()(const RandomOp& op) const {
    put(out, "\"{}\",\"a\":{},\"b\":{},\"seed\":{},\"key\":{}",
        op.distribution == Distribution::normal ? "normal" : "uniform", real(op.a), real(op.b),
        op.seed, json_quote(op.key));
  }
  void operator()(const IdentityOp& op) const {
    put(out, "\"identity\",\"rows\":{},\"columns\":{}", op.rows, op.columns);
  }
  void operator()(const ViewOp& op) const {
    put(out, "\"view\",\"offset\":{},\"dims\":", op.offset);
    put_list(out, op.dims, [&](const ViewDim& dim) { put(out, "[{},{}]", dim.size, dim.stride); });
  }
  void operator()(const ConcatOp& op) const {
    put(out, "\"concat\",\"outer\":{},\"blocks\":", op.outer);
    put_integers(out, op.blocks);
  }
  void operator()(const TakeOp& op) const {
    put(out, "\"take\",\"outer\":{},\"axis\":{},\"inner\":{},\"indices\":", op.outer, op.axis,
        op.inner);
    put_integers(out, op.indices);
  }
  void operator()(const LinearOp& op) const {
    put(out, "\"linear\",\"weights\":");
    put_list(out, op.weights, [&](double weight) { out += real(weight); });
    put(out, ",\"bias\":{}", real(op.bias));
  }
  void operator()(const ProductOp&) const { put(out, "\"product\""); }
  void operator()(const ClampOp& op) const {
    put(out, "\"clamp\",\"low\":{},\"high\":{}", real(op.low), real(op.high));
  }
  void operator()(const RoundOp& op) const {
    put(out, "\"round\",\"dtype\":\"{}\"", name(op.dtype));
  }
  void operator()(const QuotientOp&) const { put(out, "\"quotient\""); }
  void operator()(const HoldOp&) const { put(out, "\"hold\""); }
  void operator()(const MapOp& op) const { put(out, "\"{}\"", name(op.function)); }
  void operator()(const ReduceOp& op) const {
    put(out, "\"{}\",\"outer\":{},\"axis\":{},\"inner\":{}", name(op.reduction), op.outer, op.axis,
        op.inner);
  }
  void operator()(const LargestOp& op) const {
    put(out, "\"{}\",\"groups\":{},\"size\":{},\"keep\":{}",
        op.as_mask ? "largest_mask" : "largest", op.groups, op.size, op.keep);
  }
  void operator()(const MatmulOp& op) const {
    put(out, "\"matmul\",\"m\":{},\"k\":{},\"n\":{}", op.m, op.k, op.n);
  }
  void operator()(const DecodeOp& op) const {
    out += "\"decode\"";
    encoding(*op.encoding);
    put(out, ",\"name\":{}", json_quote(op.name));
  }
  void operator()(const EncodeOp& op) const {
    put(out, "\"encode\",\"part\":\"{}\"", name(op.part));
    encoding(*op.encoding);
    put(out, ",\"name\":{}", json_quote(op.name));
  }
  /// What is not as it is by default.
  void operator()(const MergeOp& op) const {
    const MergeOp usual;
    put(out, "\"{}\",\"groups\":{},\"size\":{}", name(op.merge), op.groups, op.size);
    const auto integer = [&](std::string_view key, std::int64_t value) {
      if (value != 0) put(out, ",\"{}\":{}", key, value);
    };
    const auto number = [&](std::string_view key, double value, double otherwise) {
      if (value != otherwise) put(out, ",\"{}\":{}", key, real(value));
    };
    const auto flag = [&](std::string_view key, bool value) {
      if (value) put(out, ",\"{}\":true", key);
    };
    integer("row", op.row);
    integer("keep", op.keep);
    integer("skip", op.skip);
    integer("iterations", op.iterations);
    flag("from_base", op.from_base);
    flag("normalize", op.normalize);
    flag("rescale", op.rescale);
    number("t", op.t, usual.t);
    number("density", op.density, usual.density);
    number("epsilon", op.epsilon, usual.epsilon);
    number("tolerance", op.tolerance, usual.tolerance);
    number("r", op.r, usual.r);
    number("alpha", op.alpha, usual.alpha);
    if (!op.weights.empty()) {
      out += ",\"weights\":";
      put_list(out, op.weights, [&](double weight) { out += real(weight); });
    }
    if (op.key.empty()) return;
    put(out, ",\"seed\":{},\"key\":{}", op.seed, json_quote(op.key));
  }
  void operator()(const LowRankOp& op) const {
    put(out,
        "\"low_rank\",\"rows\":{},\"columns\":{},\"rank\":{},\"oversampling\":{},"
        "\"power_iterations\":{},\"exact\":{},\"split\":\"{}\",\"seed\":{},\"key\":{}",
        op.rows, op.columns, op.rank, op.oversampling, op.power_iterations, op.exact,
        name(op.split), op.seed, json_quote(op.key));
    if (op.is_open()) put(out, ",\"energy\":{},\"error\":{}", real(op.energy), real(op.error));
  }

  void encoding(const Encoding& e) const {
    put(out,
        ",\"encoding\":{{\"codec\":\"{}\",\"shape\":[{},{},{}],\"block\":[{},{}],\"code\":\"{}\","
        "\"scale\":\"{}\",\"bits\":{},\"zero_minus_one\":{},\"nested_block\":{},"
        "\"nested_offset\":{},\"parts\":",
        name(e.codec), e.matrices, e.rows, e.columns, e.block_rows, e.block_columns, name(e.code),
        name(e.scale), e.bits, e.zero_minus_one, e.nested_block, real(e.nested_offset));
    put_list(out, e.parts, [&](PartRole role) { put(out, "\"{}\"", name(role)); });
    if (e.fp4_map) out += ",\"fp4_map\":true";
    if (e.divides) out += ",\"divides\":true";
    if (!e.state.empty()) put(out, ",\"state\":{}", json_quote(e.state));
    out += '}';
  }
};

void put_program(std::string& out, const Program& program) {
  put_list(out, program, [&](const Op& op) {
    out += "{\"op\":";
    std::visit(OpWriter{out}, op.data);
    if (!op.inputs.empty()) {
      out += ",\"in\":";
      put_integers(out, op.inputs);
    }
    put(out, ",\"count\":{}}}", op.count);
  });
}

void put_item(std::string& out, const PlanSource& source) {
  put(out, "{{\"name\":{},\"location\":{},\"elements\":{},\"files\":", json_quote(source.name),
      json_quote(source.location), source.elements);
  put_list(out, source.files, [&](const FileIdentity& file) {
    put(out,
        "{{\"path\":{},\"name\":{},\"size\":{},\"mtime_ns\":{},\"inode\":{},\"header_sha256\":{}}}",
        json_quote(file.path), json_quote(file.name), file.size, file.mtime_ns, file.inode,
        json_quote(file.header_sha256));
  });
  out += '}';
}

void put_item(std::string& out, const OutputPart& part) {
  put(out, "{{\"name\":{},\"directory\":{},\"parameters\":{},\"buffer_elements\":{}}}",
      json_quote(part.name), json_quote(part.directory), part.parameters, part.buffer_elements);
}

void put_item(std::string& out, const OutputShard& shard) {
  // The 8 bytes of the length prefix follow from the text; a file of JSON cannot hold them.
  const std::string_view json =
      std::string_view(shard.header).substr(std::min<std::size_t>(8, shard.header.size()));
  put(out, "{{\"name\":{},\"size\":{},\"header\":{}}}", json_quote(shard.name), shard.size,
      json_quote(json));
}

void put_item(std::string& out, const OutputTensor& output) {
  put(out, "{{\"name\":{},\"dtype\":\"{}\",\"shape\":", json_quote(output.name),
      name(output.dtype));
  put_integers(out, output.shape);
  put(out, ",\"shard\":{},\"offset\":{},\"bytes\":{},\"origin\":{}}}", output.shard, output.offset,
      output.bytes, json_quote(output.origin));
}

void put_item(std::string& out, const Step& step) {
  put(out, "{{\"to\":{},", step.first_output);
  if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
    put(out, "\"copy\":{{\"source\":{},\"file\":{},\"offset\":{},\"bytes\":{},\"outputs\":{}}}",
        copy->source, copy->file, copy->source_offset, copy->bytes, copy->output_count);
  } else if (const auto* move = std::get_if<MoveStep>(&step.work)) {
    out += "\"move\":";
    put_program(out, move->program);
  } else {
    out += "\"compute\":";
    put_program(out, std::get<ComputeStep>(step.work).program);
  }
  if (step.shares_before) out += ",\"shares_before\":true";
  put(out, ",\"scratch\":{},\"resident\":{}}}", step.scratch_bytes, step.resident_bytes);
}

void put_item(std::string& out, const TextFile& file) {
  put(out, "{{\"name\":{},\"text\":{}}}", json_quote(file.name), json_quote(file.text));
}

void put_item(std::string& out, const CarriedFile& file) {
  put(out, "{{\"source\":{},\"name\":{},\"from\":{},\"size\":{},\"sha256\":{}}}", file.source,
      json_quote(file.name), json_quote(file.from), file.size, json_quote(file.sha256));
}

void put_item(std::string& out, const PlanCheck& check) {
  put(out, "{{\"description\":{},\"origin\":{},\"tolerance\":{},\"at_most\":{},{}\"left\":",
      json_quote(check.description), json_quote(check.origin), real(check.tolerance), check.at_most,
      check.warns ? "\"warns\":true," : "");
  put_program(out, check.left);
  out += ",\"right\":";
  put_program(out, check.right);
  put(out, ",\"scratch\":{},\"resident\":{}}}", check.scratch_bytes, check.resident_bytes);
}

std::string written(const ModelRef& model) {
  return fmt::format("{{\"{}\":{}}}", model.is_output ? "output" : "source", model.index);
}

void put_item(std::string& out, const PlanLogitsCheck& check) {
  const LogitsClaim& claim = check.claim;
  put(out, "{{\"description\":{},\"origin\":{},\"tolerance\":{},{}\"left\":{},\"right\":{},",
      json_quote(claim.description), json_quote(check.origin), real(claim.tolerance),
      claim.warns ? "\"warns\":true," : "", written(claim.left), written(claim.right));
  out += "\"prompts\":";
  put_list(out, claim.prompts, [&](const auto& prompt) { put_integers(out, prompt); });
  out += '}';
}

template <typename Item>
void put_section(Sink& sink, std::string_view title, const std::vector<Item>& items) {
  put(sink.text, ",\n\"{}\": [", title);
  bool first = true;
  for (const Item& item : items) {
    sink.text += first ? "\n" : ",\n";
    first = false;
    put_item(sink.text, item);
    sink.pass_on(std::size_t{1} << 18);
  }
  sink.text += items.empty() ? "]" : "\n]";
}

void put_plan(Sink& sink, const Plan& plan) {
  const PlanTotals& t = plan.totals;
  put(sink.text, "{{\n\"inarch\": \"plan/{}\",\n\"tool\": {},\n", plan.version,
      json_quote(plan.tool_version));
  put(sink.text, "\"recipe\": {{\"name\":{},\"path\":{},\"sha256\":{}}},\n",
      json_quote(plan.recipe_name), json_quote(plan.recipe_path), json_quote(plan.recipe_sha256));
  put(sink.text,
      "\"totals\": {{\"bytes_read\":{},\"bytes_copied\":{},\"bytes_computed\":{},"
      "\"bytes_written\":{},\"parameters\":{},\"buffer_elements\":{}}}",
      t.bytes_read, t.bytes_copied, t.bytes_computed, t.bytes_written, t.parameters,
      t.buffer_elements);
  put_section(sink, "sources", plan.sources);
  if (!plan.parts.empty()) put_section(sink, "parts", plan.parts);
  put_section(sink, "shards", plan.shards);
  put_section(sink, "outputs", plan.outputs);
  put_section(sink, "steps", plan.steps);
  put_section(sink, "texts", plan.texts);
  put_section(sink, "files", plan.files);
  put_section(sink, "checks", plan.checks);
  if (!plan.logits_checks.empty()) put_section(sink, "logits_checks", plan.logits_checks);
  sink.text += "\n}\n";
  sink.pass_on();
}

}  // namespace

std::string write_plan(const Plan& plan) {
  std::string text;
  Sink sink([&](const std::string& portion) { text += portion; });
  put_plan(sink, plan);
  return text;
}

std::string plan_digest(const Plan& plan) {
  Sha256 digest;
  Sink sink([&](const std::string& portion) { digest.update(portion); });
  put_plan(sink, plan);
  return digest.hex();
}

std::string write_checks(const std::vector<PlanCheck>& checks) {
  std::string text;
  put_list(text, checks, [&](const PlanCheck& check) { put_item(text, check); });
  return text;
}

std::string write_checks(const std::vector<PlanLogitsCheck>& checks) {
  std::string text;
  put_list(text, checks, [&](const PlanLogitsCheck& check) { put_item(text, check); });
  return text;
}

}  // namespace inarch
