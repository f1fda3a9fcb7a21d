#include "compiler/plan/plan_check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "compiler/core/name_index.h"
#include "compiler/plan/memory_model.h"
#include "compiler/plan/output_names.h"
#include "compiler/plan/plan_check_parts.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

class PlanChecker {
 public:
  PlanChecker(const Plan& plan, const std::string& path) : plan_(plan), fault_(path) {}

  Status run() {
    check_files();
    if (!fault_.any()) check_outputs();
    if (!fault_.any()) check_steps();
    if (!fault_.any()) check_checks();
    if (!fault_.any()) check_logits_checks();
    return result();
  }

  Status run_checks_only() {
    check_checks();
    if (!fault_.any()) check_logits_checks();
    return result();
  }

 private:
  Status result() {
    if (fault_.any()) return fault_.take();
    return {};
  }
  void fail(const PlanPlace& where, std::string message) {
    fault_.set("E612", where.text(), std::move(message));
  }
  void fail(std::string_view where, std::string message) {
    fault_.set("E612", where, std::move(message));
  }

  void check_files() {
    for (const PlanSource& source : plan_.sources) {
      for (const FileIdentity& file : source.files) {
        if (file.size < 0 || file.size > max_file_bytes) fail("sources", "impossible file size");
      }
    }
    check_parts();
    const std::set<std::string_view> directories = directories_of(plan_.parts);
    std::set<std::string_view> names;
    const auto check_name = [&](const std::string& name) {
      if (!is_file_name(name, directories)) {
        fail("", fmt::format("'{}' cannot be a file of the output", escape_for_terminal(name)));
      }
      if (!names.insert(name).second) {
        fail("", fmt::format("the file '{}' occurs twice", escape_for_terminal(name)));
      }
    };
    for (const OutputShard& shard : plan_.shards) check_name(shard.name);
    for (const TextFile& text : plan_.texts) check_name(text.name);
    for (const CarriedFile& file : plan_.files) {
      check_name(file.name);
      const bool sane = file.source < plan_.sources.size() && file.size >= 0 &&
                        file.size <= max_file_bytes && is_sha256(file.sha256);
      if (!sane) fail("files", fmt::format("'{}' is incomplete", escape_for_terminal(file.name)));
    }
  }

  /// Every part has a directory of its own, directly below the output.
  void check_parts() {
    std::set<std::string_view> directories, names;
    for (const OutputPart& part : plan_.parts) {
      const std::string shown = escape_for_terminal(part.directory);
      if (!is_plain_name(part.directory))
        fail("parts", fmt::format("'{}' cannot be a directory of the output", shown));
      if (!directories.insert(part.directory).second || !names.insert(part.name).second)
        fail("parts", fmt::format("'{}' occurs twice", shown));
      if (part.name.empty() || part.parameters < 0 || part.buffer_elements < 0)
        fail("parts", fmt::format("'{}' is incomplete", shown));
    }
  }

  /// A name counts within its part alone. Empty where there are no parts.
  std::vector<std::string> names_with_parts() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; !plan_.parts.empty() && i < plan_.outputs.size(); ++i) {
      const OutputTensor& output = plan_.outputs[i];
      const bool has_shard = output.shard < plan_.shards.size();
      const std::string_view part = has_shard ? directory_of(plan_.shards[output.shard].name) : "";
      names.push_back(fmt::format("{}/{}", part, output.name));
    }
    return names;
  }

  /// Outputs follow each other through the shards without gaps.
  void check_outputs() {
    const std::vector<std::string> spaced = names_with_parts();
    const auto name_of = [&](std::size_t i) -> std::string_view {
      return spaced.empty() ? plan_.outputs[i].name : spaced[i];
    };
    const NameIndex names(plan_.outputs.size(), name_of);
    const std::vector<std::uint32_t> repeated = names.repeated(name_of);
    std::size_t next = 0;
    for (std::size_t s = 0; s < plan_.shards.size() && !fault_.any(); ++s) {
      const OutputShard& shard = plan_.shards[s];
      const std::size_t first = next;
      auto end = static_cast<std::int64_t>(shard.header.size());
      while (next < plan_.outputs.size() && plan_.outputs[next].shard == s) {
        const OutputTensor& output = plan_.outputs[next];
        const PlanPlace where{"outputs", next, {}};
        check_output(output, where, end);
        if (std::binary_search(repeated.begin(), repeated.end(), next))
          fail(where, "its name occurs twice");
        if (fault_.any()) return;
        end += output.bytes;
        ++next;
      }
      if (end != shard.size) {
        fail(PlanPlace{"shards", s, {}}, fmt::format("its tensors end at byte {}, its size is {}",
                                                     format_count(end), format_count(shard.size)));
      }
      if (!fault_.any()) check_header(plan_, s, first, next, fault_);
    }
    if (next != plan_.outputs.size()) {
      fail(PlanPlace{"outputs", next, {}}, "its shard does not exist or is out of order");
    }
  }

  void check_output(const OutputTensor& output, const PlanPlace& where, std::int64_t end) {
    const auto count = checked_numel(output.shape);
    if (!count || *count > max_elements) return fail(where, "impossible shape");
    const std::int64_t in_bits = *count * bits(output.dtype);
    if (in_bits % 8 != 0 || in_bits / 8 != output.bytes) {
      return fail(where, fmt::format("states {} bytes, its shape needs {}",
                                     format_count(output.bytes), format_count((in_bits + 7) / 8)));
    }
    if (output.offset != end) {
      return fail(where, fmt::format("starts at byte {}, expected {}", format_count(output.offset),
                                     format_count(end)));
    }
    if (end > max_file_bytes - output.bytes) fail(where, "the shard is too large");
  }

  void check_steps() {
    std::vector<bool> covered(plan_.outputs.size());
    for (std::size_t s = 0; s < plan_.steps.size() && !fault_.any(); ++s) {
      const Step& step = plan_.steps[s];
      const PlanPlace where{"steps", s, {}};
      if (step.first_output >= plan_.outputs.size()) return fail(where, "no such output");
      std::uint32_t outputs = 1;
      if (const auto* copy = std::get_if<CopyStep>(&step.work)) {
        check_copy(*copy, step.first_output, where);
        outputs = copy->output_count;
      } else {
        check_program_step(step, where);
      }
      if (fault_.any()) return;
      for (std::uint32_t i = 0; i < outputs; ++i) {
        if (covered[step.first_output + i]) return fail(where, "its output has a step already");
        covered[step.first_output + i] = true;
      }
      if (step.shares_before) check_shared(s, where);
      check_memory(step.scratch_bytes, scratch_bytes(plan_, step), where / "scratch");
      check_memory(step.resident_bytes, resident_bytes(plan_, step), where / "resident");
    }
    for (std::size_t i = 0; i < covered.size(); ++i) {
      if (!covered[i]) return fail(PlanPlace{"outputs", i, {}}, "no step produces it");
    }
  }

  static bool yields_parts(const Program& program, DType dtype) {
    const auto* encode = program.empty() ? nullptr : std::get_if<EncodeOp>(&program.back().data);
    return encode != nullptr && part_dtype_fits(*encode->encoding, encode->part, dtype);
  }

  bool follow_each_other(std::size_t s) const {
    const std::uint32_t here = plan_.steps[s].first_output;
    const std::uint32_t before = plan_.steps[s - 1].first_output;
    return here == before + 1 && plan_.outputs[here].shard == plan_.outputs[before].shard;
  }

  /// Ops up to the last one that is materialised.
  static std::ptrdiff_t materialised_part(const Program& program) {
    const auto last = std::find_if(program.rbegin(), program.rend(), is_materialised);
    return program.rend() - last;
  }

  /// What is materialised for one step can serve the next only when both ask for the same.
  void check_shared(std::size_t s, const PlanPlace& where) {
    const auto* here = std::get_if<ComputeStep>(&plan_.steps[s].work);
    const auto* before = s == 0 ? nullptr : std::get_if<ComputeStep>(&plan_.steps[s - 1].work);
    bool alike = here != nullptr && before != nullptr && has_factors(here->program) &&
                 follow_each_other(s) &&
                 plan_.outputs[plan_.steps[s].first_output].dtype ==
                     plan_.outputs[plan_.steps[s - 1].first_output].dtype;
    if (alike) {
      const Program &a = here->program, &b = before->program;
      const std::ptrdiff_t part = materialised_part(a);
      alike = part == materialised_part(b) && part < std::ssize(a) && part < std::ssize(b) &&
              std::equal(a.begin(), a.begin() + part, b.begin());
    }
    if (!alike) fail(where, "cannot share what the step before has made");
  }

  void check_copy(const CopyStep& copy, std::uint32_t first, const PlanPlace& where) {
    if (copy.source >= plan_.sources.size() ||
        copy.file >= plan_.sources[copy.source].files.size()) {
      return fail(where, "copies from a file that is not in the plan");
    }
    const std::int64_t size = plan_.sources[copy.source].files[copy.file].size;
    if (copy.bytes < 0 || copy.source_offset < 0 || copy.source_offset > size ||
        copy.bytes > size - copy.source_offset) {
      return fail(where,
                  fmt::format("copies {} bytes at {} of a file of {}", format_count(copy.bytes),
                              format_count(copy.source_offset), format_count(size)));
    }
    if (copy.output_count < 1 || copy.output_count > plan_.outputs.size() - first) {
      return fail(where, "copies to outputs that do not exist");
    }
    std::int64_t total = 0;
    for (std::uint32_t i = 0; i < copy.output_count; ++i) {
      const OutputTensor& output = plan_.outputs[first + i];
      if (output.shard != plan_.outputs[first].shard) return fail(where, "spans two shards");
      total += output.bytes;
    }
    if (total != copy.bytes) {
      fail(where, fmt::format("copies {} bytes to outputs of {}", format_count(copy.bytes),
                              format_count(total)));
    }
  }

  void check_program_step(const Step& step, const PlanPlace& where) {
    const OutputTensor& output = plan_.outputs[step.first_output];
    const auto* move = std::get_if<MoveStep>(&step.work);
    const Program& program =
        move != nullptr ? move->program : std::get<ComputeStep>(step.work).program;
    const bool storable = is_arithmetic(output.dtype) || yields_parts(program, output.dtype);
    if (move != nullptr ? bits(output.dtype) % 8 != 0 : !storable) {
      return fail(where, fmt::format("cannot produce {}", name(output.dtype)));
    }
    check_program(plan_, program, move != nullptr ? ProgramUse::move : ProgramUse::compute,
                  output.dtype, where, fault_);
    if (!fault_.any() && program.back().count != numel(output.shape)) {
      fail(where, fmt::format("yields {} elements for an output of {}",
                              format_count(program.back().count), format_shape(output.shape)));
    }
  }

  void check_checks() {
    for (std::size_t c = 0; c < plan_.checks.size() && !fault_.any(); ++c) {
      const PlanCheck& check = plan_.checks[c];
      const PlanPlace where{"checks", c, {}};
      check_program(plan_, check.left, ProgramUse::check, DType::f64, where / "left", fault_);
      if (fault_.any()) return;
      if (check.right.empty() && check.at_most) return fail(where, "has no limit");
      if (!check.right.empty()) {
        check_program(plan_, check.right, ProgramUse::check, DType::f64, where / "right", fault_);
        if (fault_.any()) return;
        if (check.left.back().count != check.right.back().count) {
          return fail(where, "its sides have different sizes");
        }
      }
      if (!(check.tolerance >= 0) || !std::isfinite(check.tolerance)) {
        return fail(where, "impossible tolerance");
      }
      check_memory(check.scratch_bytes, scratch_bytes(check), where / "scratch");
      check_memory(check.resident_bytes, resident_bytes(check), where / "resident");
    }
  }

  void check_logits_checks() {
    const std::size_t outputs = std::max<std::size_t>(plan_.parts.size(), 1);
    for (std::size_t c = 0; c < plan_.logits_checks.size() && !fault_.any(); ++c) {
      const LogitsClaim& claim = plan_.logits_checks[c].claim;
      const PlanPlace where{"logits_checks", c, {}};
      for (const ModelRef& model : {claim.left, claim.right}) {
        const std::size_t known = model.is_output ? outputs : plan_.sources.size();
        if (model.index >= known) return fail(where, "names a model that is not there");
      }
      const auto is_empty = [](const auto& prompt) { return prompt.empty(); };
      if (claim.prompts.empty() ||
          std::any_of(claim.prompts.begin(), claim.prompts.end(), is_empty))
        return fail(where, "has a prompt without tokens, or none");
      if (!(claim.tolerance >= 0) || !std::isfinite(claim.tolerance))
        return fail(where, "impossible tolerance");
    }
  }

  void check_memory(std::int64_t stated, std::int64_t needed, const PlanPlace& where) {
    if (stated == needed) return;
    fault_.set("E613", where.text(),
               fmt::format("states {} bytes of memory, the run needs {}", stated, needed));
  }

  const Plan& plan_;
  PlanFault fault_;
};

}  // namespace

std::string PlanPlace::text() const {
  return fmt::format("{}[{}]{}{}", list, index, part.empty() ? "" : ".", part);
}

Status check_plan(const Plan& plan, const std::string& path) {
  return PlanChecker(plan, path).run();
}

Status check_programs(const Plan& plan, const std::string& path) {
  return PlanChecker(plan, path).run_checks_only();
}

}  // namespace inarch
