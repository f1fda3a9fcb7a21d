#include "compiler/plan/build_plan.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/plan/memory_model.h"
#include "compiler/plan/shard_header.h"
#include "compiler/support/sha256.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

struct Read {
  std::pair<std::uint32_t, std::uint32_t> file;  // a source and one of its files
  std::int64_t offset = 0;
  std::int64_t bytes = 0;
};

class PlanBuilder {
 public:
  PlanBuilder(const Module& module, const SourceMap& sources)
      : module_(module), sources_(sources), placed_(module.graph.nodes.size()) {}

  Plan build() {
    describe_recipe();
    describe_sources();
    lay_out();
    plan_.steps.reserve(module_.steps.size());
    for (const StepDraft& draft : module_.steps) add_step(draft);
    for (const NumericCheck& check : module_.graph.checks) add_check(check);
    for (const LogitsCheck& check : module_.graph.logits_checks)
      plan_.logits_checks.push_back({check.claim, origin(check.origin)});
    total();
    for (std::size_t k = 0; k < parts_.size(); ++k) add_files(k);
    state_memory(plan_);
    return std::move(plan_);
  }

 private:
  void describe_recipe() {
    const Recipe& recipe = *module_.bound->recipe;
    plan_.tool_version = INARCH_VERSION;
    plan_.recipe_name = recipe.name;
    plan_.recipe_path = sources_.path(recipe.file);
    std::string identity(sources_.text(recipe.file));
    for (const FileId part : recipe.parts) {
      const std::string_view text = sources_.text(part);
      identity += fmt::format("\n{} bytes included:\n{}", text.size(), text);
    }
    for (const ParamDecl& param : recipe.params) {  // the values in force, whether set or default
      const auto entry = module_.bound->globals->find(param.name);
      if (entry) identity += fmt::format("\n{}={}", param.name, to_text(*entry->value));
    }
    for (const BoundData& data : module_.bound->data)
      identity += fmt::format("\n{}={}", data.declaration->name, to_text(*data.value));
    plan_.recipe_sha256 = sha256_hex(identity);
  }

  void describe_sources() {
    for (const BoundSource& source : module_.bound->sources) {
      std::int64_t elements = 0;
      for (const TensorInfo& tensor : source.checkpoint->tensors) elements += tensor.elements();
      plan_.sources.push_back(
          {source.name, source.checkpoint->location, source.checkpoint->files, elements});
    }
  }

  void lay_out() {
    const auto& outputs = module_.graph.outputs;
    plan_.outputs.reserve(outputs.size());
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      OutputTensor tensor;
      tensor.name = outputs[k].name;
      tensor.dtype = outputs[k].dtype;
      tensor.shape = outputs[k].shape;
      tensor.shard = module_.placements[k].shard;
      tensor.offset = module_.placements[k].offset;
      tensor.bytes = module_.placements[k].bytes;
      tensor.origin = origin(outputs[k].origin);
      plan_.outputs.push_back(std::move(tensor));
    }
    std::size_t first = 0;  // outputs stand in the order of the shards
    for (std::size_t k = 0; k < module_.shard_counts.size(); ++k) {
      for (std::uint32_t s = 0; s < module_.shard_counts[k]; ++s) {
        std::size_t end = first;
        while (end < plan_.outputs.size() && plan_.outputs[end].shard == plan_.shards.size()) ++end;
        const bool is_adapter = module_.bound->outputs[k].adapter.has_value();
        add_shard(in_directory(k, is_adapter ? "adapter_model.safetensors"
                                             : shard_name(s, module_.shard_counts[k])),
                  std::span(plan_.outputs).subspan(first, end - first));
        first = end;
      }
    }
  }

  void add_shard(std::string name, std::span<OutputTensor> tensors) {
    OutputShard shard{std::move(name), make_shard_header(tensors), 0};
    const auto header = static_cast<std::int64_t>(shard.header.size());
    shard.size = header;
    for (OutputTensor& tensor : tensors) {
      shard.size += tensor.bytes;
      tensor.offset += header;
    }
    plan_.shards.push_back(std::move(shard));
  }

  std::string in_directory(std::size_t output, const std::string& name) const {
    const std::string& directory = module_.bound->outputs[output].directory;
    return directory.empty() ? name : fmt::format("{}/{}", directory, name);
  }

  /// Neighbours mostly come from one rule.
  const std::string& origin(Span span) {
    if (span.file == last_origin_.file && span.begin == last_origin_.begin) return origin_;
    last_origin_ = span;
    origin_ = span.known() ? fmt::format("{}:{}", sources_.path(span.file),
                                         sources_.locate(span.file, span.begin).line)
                           : "";
    return origin_;
  }

  void add_step(const StepDraft& draft) {
    Step step;
    step.first_output = draft.first_output;
    if (draft.copy) {
      step.work = CopyStep{draft.copy->source, draft.copy->file, draft.copy->offset,
                           draft.copy->bytes, draft.output_count};
      plan_.totals.bytes_copied += draft.copy->bytes;
      note_read(draft.copy->source, draft.copy->file, draft.copy->offset, draft.copy->bytes);
    } else {
      Program program = make_program(module_.graph.outputs[draft.first_output].node);
      const std::int64_t bytes = plan_.outputs[draft.first_output].bytes;
      (draft.moves_only ? plan_.totals.bytes_copied : plan_.totals.bytes_computed) += bytes;
      if (draft.moves_only) {
        step.work = MoveStep{std::move(program)};
      } else {
        step.work = ComputeStep{std::move(program)};
        step.shares_before = draft.shares_before;
      }
    }
    plan_.steps.push_back(std::move(step));
  }

  void add_check(const NumericCheck& check) {
    PlanCheck planned;
    planned.description = check.description;
    planned.origin = origin(check.origin);
    planned.left = make_program(check.left);
    if (check.has_right) planned.right = make_program(check.right);
    planned.tolerance = check.tolerance;
    planned.at_most = check.at_most;
    planned.warns = check.warns;
    plan_.checks.push_back(std::move(planned));
  }

  Program make_program(NodeId root) {
    Program program = begin_program();
    place(root, program);
    return has_factors(program) ? materialised_first(root, program) : program;
  }

  Program begin_program() {
    ++programs_;
    order_.clear();
    return {};
  }

  /// What is materialised, and what that needs, in the order of the nodes, before the rest: steps
  /// that share it then begin with the same ops.
  Program materialised_first(NodeId root, const Program& as_placed) {
    std::vector<NodeId> first;
    for (std::size_t op = 0; op < as_placed.size(); ++op) {
      if (is_materialised(as_placed[op])) first.push_back(order_[op]);
    }
    std::sort(first.begin(), first.end());
    Program program = begin_program();
    for (const NodeId id : first) place(id, program);
    if (placed_[root].program != programs_) {
      place(root, program);
      return program;
    }
    return as_placed;  // the result is one of them, and would not be last
  }

  std::uint32_t place(NodeId id, Program& program) {
    if (placed_[id].program == programs_) return placed_[id].op;
    const Node& node = module_.graph[id];
    Op op;
    op.count = node.count();
    op.inputs.reserve(node.inputs.size());
    for (const NodeId input : node.inputs) op.inputs.push_back(place(input, program));
    op.data = std::visit([&](const auto& data) { return planned(data, node); }, node.data);
    program.push_back(std::move(op));
    order_.push_back(id);
    placed_[id] = {programs_, static_cast<std::uint32_t>(program.size() - 1)};
    return placed_[id].op;
  }

  OpData planned(const SourceTensor& leaf, const Node& node) {
    const TensorInfo& tensor = module_.tensor(leaf);
    note_read(leaf.source, tensor.file, tensor.offset, tensor.bytes);
    return ReadOp{false, leaf.source, tensor.file, tensor.offset, node.dtype};
  }
  OpData planned(const FinishedOutput& finished, const Node& node) const {
    const OutputTensor& output = plan_.outputs[finished.output];
    return ReadOp{true, 0, output.shard, output.offset, node.dtype};
  }
  /// Named after what its codes are of, for messages.
  OpData planned(const DecodeOp& op, const Node& node) const {
    DecodeOp named = op;
    const NodeData& codes = module_.graph[node.inputs.front()].data;
    if (const auto* leaf = std::get_if<SourceTensor>(&codes)) {
      named.name = module_.bound->sources[leaf->source].checkpoint->tensors[leaf->tensor].name;
    } else if (const auto* finished = std::get_if<FinishedOutput>(&codes)) {
      named.name = plan_.outputs[finished->output].name;
    }
    return named;
  }
  template <typename T>
  OpData planned(const T& op, const Node&) const {
    return op;
  }

  void note_read(std::uint32_t source, std::uint32_t file, std::int64_t offset,
                 std::int64_t bytes) {
    reads_.push_back({{source, file}, offset, bytes});
  }

  /// A byte that several steps read counts once.
  std::int64_t bytes_read() {
    const auto place = [](const Read& read) { return std::tie(read.file, read.offset); };
    std::sort(reads_.begin(), reads_.end(),
              [&](const Read& a, const Read& b) { return place(a) < place(b); });
    std::int64_t sum = 0, end = 0;
    std::pair<std::uint32_t, std::uint32_t> last = {};
    for (const Read& read : reads_) {
      if (last != read.file) end = 0;
      last = read.file;
      const std::int64_t read_end = read.offset + read.bytes;
      sum += std::max<std::int64_t>(0, read_end - std::max(read.offset, end));
      end = std::max(end, read_end);
    }
    return sum;
  }

  /// What there is in each checkpoint beside its shards.
  void add_files(std::size_t output) {
    const BoundOutput& bound = module_.bound->outputs[output];
    if (bound.config) {
      plan_.texts.push_back(
          {in_directory(output, "config.json"), write_json(*bound.config, JsonStyle::indented)});
    }
    for (const BoundText& text : bound.texts)
      plan_.texts.push_back({in_directory(output, text.name), text.text});
    for (const BoundFile& file : bound.files) {
      plan_.files.push_back(
          {file.source, in_directory(output, file.name), file.path, file.size, file.sha256});
    }
    if (module_.shard_counts[output] > 1) {
      plan_.texts.push_back({in_directory(output, "model.safetensors.index.json"),
                             make_weight_index(plan_, bound.directory, parts_[output].parameters)});
    }
  }

  void total() {
    for (const BoundOutput& output : module_.bound->outputs)
      parts_.push_back({output.name, output.directory});
    for (const Output& output : module_.graph.outputs) {
      OutputPart& part = parts_[output.checkpoint];
      (output.is_buffer ? part.buffer_elements : part.parameters) +=
          output.parameters < 0 ? numel(output.shape) : output.parameters;
    }
    for (const OutputPart& part : parts_) {
      plan_.totals.parameters += part.parameters;
      plan_.totals.buffer_elements += part.buffer_elements;
    }
    plan_.totals.bytes_read = bytes_read();
    for (const OutputShard& shard : plan_.shards) plan_.totals.bytes_written += shard.size;
    if (module_.bound->recipe->has_named_outputs()) plan_.parts = parts_;
  }

  const Module& module_;
  const SourceMap& sources_;
  Plan plan_;
  std::vector<OutputPart> parts_;  // by BoundRecipe::outputs
  struct Place {
    std::size_t program = 0;  // the number of the last one that has the node
    std::uint32_t op = 0;
  };
  std::vector<Place> placed_;  // by node
  std::size_t programs_ = 0;
  std::vector<NodeId> order_;  // the nodes of the program at hand, by op
  std::vector<Read> reads_;
  Span last_origin_;
  std::string origin_;  // of that span
};

}  // namespace

Plan build_plan(const Module& module, const SourceMap& sources) {
  return PlanBuilder(module, sources).build();
}

Status fit_budget(const Plan& plan, std::int64_t budget) {
  const std::int64_t least = least_memory(plan);
  if (least <= budget) return {};
  const Step* largest = nullptr;
  for (const Step& step : plan.steps) {
    const std::int64_t needs = step.scratch_bytes + step.resident_bytes;
    if (!largest || needs > largest->scratch_bytes + largest->resident_bytes) largest = &step;
  }
  Diagnostic d = error("E601", fmt::format("the recipe needs {} of memory, the budget is {}",
                                           format_memory(least), format_memory(budget)));
  if (largest) {
    const OutputTensor& output = plan.outputs[largest->first_output];
    d.notes.push_back(fmt::format("'{}' ({}) needs most: {}", escape_for_terminal(output.name),
                                  escape_for_terminal(output.origin),
                                  format_memory(largest->scratch_bytes + largest->resident_bytes)));
  }
  d.subject = "--memory";
  d.help = fmt::format("--memory {}MiB", (least + (1 << 20) - 1) / (1 << 20));
  return d;
}

}  // namespace inarch
