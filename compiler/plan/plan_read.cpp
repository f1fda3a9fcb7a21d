#include <array>
#include <cstring>
#include <set>

#include <fmt/format.h>

#include "compiler/plan/plan_check.h"
#include "compiler/plan/plan_fields.h"
#include "compiler/plan/plan_json.h"
#include "compiler/plan/plan_read_program.h"
#include "compiler/plan/plan_sax.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// Fills a plan from the items of its file.
class PlanReader {
 public:
  explicit PlanReader(PlanFault& fault) : fault_(fault) {}

  bool take(const std::string& key, std::int64_t index, const Json& item) {
    if (seen_.empty() && key != "inarch") {
      fault_.set("E610", "", "not a plan: its first key is not 'inarch'");
      return false;
    }
    seen_.insert(key);
    const bool is_list = index >= 0;
    if (is_list ? take_item(key, index, item) : take_value(key, item)) return true;
    if (!fault_.any()) {
      fault_.set("E611", "", fmt::format("unexpected value of '{}'", escape_for_terminal(key)));
    }
    return false;
  }

  /// Lists may be empty and then leave no item, so only the others are required.
  void finish() {
    for (const std::string_view key : {"inarch", "tool", "recipe", "totals"}) {
      if (seen_.count(std::string(key)) == 0) {
        fault_.set(key == "inarch" ? "E610" : "E611", "", fmt::format("'{}' is missing", key));
      }
    }
  }

  Plan plan;

 private:
  bool take_value(const std::string& key, const Json& item) {
    if (key == "inarch") return take_version(item);
    if (key == "tool") {
      const auto* text = std::get_if<std::string>(&item.data);
      if (text != nullptr) plan.tool_version = *text;
      return text != nullptr;
    }
    if (key == "recipe") return take_recipe(item);
    if (key == "totals") return take_totals(item);
    return false;
  }

  bool take_version(const Json& item) {
    const auto* text = std::get_if<std::string>(&item.data);
    if (text != nullptr && *text == "plan/1") return true;
    const std::string found = text == nullptr ? "something else" : escape_for_terminal(*text);
    fault_.set("E610", "", fmt::format("expected a plan of version 'plan/1', found '{}'", found));
    return false;
  }

  bool take_recipe(const Json& item) {
    PlanFields fields(item, "recipe", fault_);
    plan.recipe_name = fields.text("name");
    plan.recipe_path = fields.text("path");
    plan.recipe_sha256 = fields.text("sha256");
    fields.done();
    return true;
  }

  bool take_totals(const Json& item) {
    PlanFields fields(item, "totals", fault_);
    plan.totals = {fields.integer("bytes_read"),     fields.integer("bytes_copied"),
                   fields.integer("bytes_computed"), fields.integer("bytes_written"),
                   fields.integer("parameters"),     fields.integer("buffer_elements")};
    fields.done();
    return true;
  }

  bool take_item(const std::string& key, std::int64_t index, const Json& item);
  void take_source(PlanFields& fields);
  void take_shard(PlanFields& fields);
  void take_output(PlanFields& fields);
  void take_step(PlanFields& fields);

  PlanFault& fault_;
  std::set<std::string> seen_;
};

void PlanReader::take_source(PlanFields& fields) {
  PlanSource source;
  source.name = fields.text("name");
  source.location = fields.text("location");
  source.elements = fields.integer("elements");
  for (const Json& item : fields.list("files")) {
    PlanFields file(item, fields.where() + ".files", fault_);
    source.files.push_back({file.text("path"), file.text("name"), file.integer("size"),
                            file.integer("mtime_ns"), file.unsigned_integer("inode"),
                            file.text("header_sha256")});
    file.done();
  }
  plan.sources.push_back(std::move(source));
}

void PlanReader::take_shard(PlanFields& fields) {
  OutputShard shard;
  shard.name = fields.text("name");
  shard.size = fields.integer("size");
  const std::string json = fields.text("header");
  const std::uint64_t length = json.size();
  for (unsigned shift = 0; shift < 64; shift += 8) {
    shard.header += static_cast<char>((length >> shift) & 0xFFu);
  }
  shard.header += json;
  plan.shards.push_back(std::move(shard));
}

void PlanReader::take_output(PlanFields& fields) {
  OutputTensor output;
  output.name = fields.text("name");
  output.dtype = read_dtype(fields, "dtype");
  output.shape = fields.integers("shape");
  output.shard = fields.index("shard");
  output.offset = fields.integer("offset");
  output.bytes = fields.integer("bytes");
  output.origin = fields.text("origin");
  plan.outputs.push_back(std::move(output));
}

void PlanReader::take_step(PlanFields& fields) {
  Step step;
  step.first_output = fields.index("to");
  if (fields.has("copy")) {
    PlanFields copy(fields.value("copy"), fields.where() + ".copy", fault_);
    step.work = CopyStep{copy.index("source"), copy.index("file"), copy.integer("offset"),
                         copy.integer("bytes"), copy.index("outputs")};
    copy.done();
  } else if (fields.has("move")) {
    step.work = MoveStep{read_program(fields.value("move"), fields.where() + ".move", fault_)};
  } else {
    step.work =
        ComputeStep{read_program(fields.value("compute"), fields.where() + ".compute", fault_)};
  }
  if (fields.has("shares_before")) step.shares_before = fields.boolean("shares_before");
  step.scratch_bytes = fields.integer("scratch");
  step.resident_bytes = fields.integer("resident");
  plan.steps.push_back(std::move(step));
}

PlanCheck take_check(PlanFields& fields, PlanFault& fault) {
  PlanCheck check;
  check.description = fields.text("description");
  check.origin = fields.text("origin");
  check.tolerance = fields.real("tolerance");
  check.at_most = fields.boolean("at_most");
  if (fields.has("warns")) check.warns = fields.boolean("warns");
  check.left = read_program(fields.value("left"), fields.where() + ".left", fault);
  check.right = read_program(fields.value("right"), fields.where() + ".right", fault);
  check.scratch_bytes = fields.integer("scratch");
  check.resident_bytes = fields.integer("resident");
  return check;
}

ModelRef take_model(PlanFields& fields, std::string_view key, PlanFault& fault) {
  PlanFields model(fields.value(key), fmt::format("{}.{}", fields.where(), key), fault);
  const bool is_output = model.has("output");
  const ModelRef taken{is_output, model.index(is_output ? "output" : "source")};
  model.done();
  return taken;
}

PlanLogitsCheck take_logits_check(PlanFields& fields, PlanFault& fault) {
  PlanLogitsCheck check;
  check.origin = fields.text("origin");
  LogitsClaim& claim = check.claim;
  claim.description = fields.text("description");
  claim.tolerance = fields.real("tolerance");
  if (fields.has("warns")) claim.warns = fields.boolean("warns");
  claim.left = take_model(fields, "left", fault);
  claim.right = take_model(fields, "right", fault);
  claim.prompts = fields.lists_of_integers("prompts");
  return check;
}

/// The items of a list that stands for itself in another file.
template <typename Take>
Result<std::vector<std::invoke_result_t<Take, PlanFields&, PlanFault&>>> take_list(
    std::string_view text, const std::string& path, Take take) {
  PlanFault fault(path);
  std::vector<std::invoke_result_t<Take, PlanFields&, PlanFault&>> items;
  const std::string object = fmt::format("{{\"checks\":{}}}", text);
  parse_plan_items(object, fault,
                   [&](const std::string& key, std::int64_t index, const Json& item) {
                     if (key != "checks" || index < 0) {
                       fault.set("E611", "", "expected a list of checks");
                       return false;
                     }
                     PlanFields fields(item, fmt::format("checks[{}]", index), fault);
                     items.push_back(take(fields, fault));
                     fields.done();
                     return true;
                   });
  if (fault.any()) return fault.take();
  return items;
}

bool PlanReader::take_item(const std::string& key, std::int64_t index, const Json& item) {
  PlanFields fields(item, fmt::format("{}[{}]", escape_for_terminal(key), index), fault_);
  if (key == "sources") {
    take_source(fields);
  } else if (key == "parts") {
    plan.parts.push_back({fields.text("name"), fields.text("directory"),
                          fields.integer("parameters"), fields.integer("buffer_elements")});
  } else if (key == "shards") {
    take_shard(fields);
  } else if (key == "outputs") {
    take_output(fields);
  } else if (key == "steps") {
    take_step(fields);
  } else if (key == "texts") {
    plan.texts.push_back({fields.text("name"), fields.text("text")});
  } else if (key == "files") {
    plan.files.push_back({fields.index("source"), fields.text("name"), fields.text("from"),
                          fields.integer("size"), fields.text("sha256")});
  } else if (key == "checks") {
    plan.checks.push_back(take_check(fields, fault_));
  } else if (key == "logits_checks") {
    plan.logits_checks.push_back(take_logits_check(fields, fault_));
  } else {
    return false;
  }
  fields.done();
  return true;
}

}  // namespace

Result<Plan> read_plan(std::string_view text, const std::string& path) {
  PlanFault fault(path);
  PlanReader reader(fault);
  parse_plan_items(text, fault, [&](const std::string& key, std::int64_t index, const Json& item) {
    return reader.take(key, index, item);
  });
  if (!fault.any()) reader.finish();
  if (fault.any()) return fault.take();
  if (Status status = check_plan(reader.plan, path); !status) return std::move(status.error());
  return std::move(reader.plan);
}

Result<std::vector<PlanCheck>> read_checks(std::string_view text, const std::string& path) {
  return take_list(text, path, take_check);
}

Result<std::vector<PlanLogitsCheck>> read_logits_checks(std::string_view text,
                                                        const std::string& path) {
  return take_list(text, path, take_logits_check);
}

}  // namespace inarch
