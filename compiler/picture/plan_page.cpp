#include <algorithm>
#include <utility>

#include "compiler/picture/member_names.h"
#include "compiler/picture/page.h"
#include "compiler/picture/plan_picture.h"
#include "compiler/picture/rule_lines.h"

namespace inarch {

namespace {

/// Operands and ops of one output beyond which a page only says how many more there are.
constexpr std::size_t most_operands = 24;
constexpr std::size_t most_lines = 64;

/// Texts and lists that many leaves have in common, each once and by number.
class Shared {
 public:
  std::int64_t number_of(std::string key, Value value) {
    const auto [place, is_new] =
        places_.emplace(std::move(key), static_cast<std::int64_t>(list_.size()));
    if (is_new) list_.push_back(std::move(value));
    return place->second;
  }
  Value take() { return std::move(list_); }

 private:
  std::map<std::string, std::int64_t> places_;
  Value::List list_;
};

/// Places in recipes, and the lines of the rules that they are in.
class Rules {
 public:
  explicit Rules(const std::map<std::string, std::string>& texts) : texts_(texts) {}

  std::int64_t number_of(const std::string& origin) {
    const std::size_t colon = origin.rfind(':');
    if (colon == origin.npos) return -1;
    const std::string path = origin.substr(0, colon);
    const int line = std::atoi(origin.c_str() + colon + 1);
    LineRange range{line, line};
    const auto text = texts_.find(path);
    if (text != texts_.end()) range = rule_lines(text->second, line);
    return rules_.number_of(origin, Value::Map{{"path", page_text(path)},
                                               {"line", line},
                                               {"first", range.first},
                                               {"last", range.last}});
  }
  Value take() { return rules_.take(); }

 private:
  const std::map<std::string, std::string>& texts_;
  Shared rules_;
};

class TreeWriter {
 public:
  explicit TreeWriter(const PlanPicture& picture)
      : picture_(picture), plan_(picture.input.plan), rules_(picture.input.texts) {}

  Value write(const std::vector<OutlineNode>& nodes) {
    Value::List list;
    for (const OutlineNode& node : nodes) list.push_back(write(node));
    return list;
  }
  /// The check's place among the rules, so that pages can show it too.
  std::int64_t rule(const std::string& origin) { return rules_.number_of(origin); }

  Value take_rules() { return rules_.take(); }
  Value take_chains() { return chains_.take(); }
  Value take_programs() { return programs_.take(); }

 private:
  Value write(const OutlineNode& node) {
    Value::Map map;
    if (!node.label.empty() || node.numbers.empty()) map.emplace_back("l", page_text(node.label));
    if (!node.numbers.empty()) {
      map.emplace_back("n", ranges(node.numbers));
      repeats_.push_back(&node.numbers);
    }
    if (!node.children.empty()) map.emplace_back("c", write(node.children));
    if (node.is_leaf()) write_leaf(node, map);
    if (!node.numbers.empty()) repeats_.pop_back();
    return map;
  }

  static Value ranges(const std::vector<std::int64_t>& numbers) {
    Value::List list;
    for (std::size_t begin = 0; begin < numbers.size();) {
      std::size_t end = begin + 1;
      while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) ++end;
      list.push_back(Value::List{numbers[begin], numbers[end - 1]});
      begin = end;
    }
    return list;
  }

  void write_leaf(const OutlineNode& leaf, Value::Map& map) {
    const OutputTensor& output = picture_.first_of(leaf);
    const OutputStory& story = picture_.story_of(leaf);
    Value::List shape;
    for (const std::int64_t size : output.shape) shape.emplace_back(size);
    map.emplace_back("d", name(output.dtype));
    map.emplace_back("s", std::move(shape));
    map.emplace_back("b", output.bytes);
    map.emplace_back("w", static_cast<std::int64_t>(story.work));
    if (!story.chain.empty())
      map.emplace_back("x", chains_.number_of(story.chain, page_text(story.chain)));
    if (const std::int64_t rule = rules_.number_of(output.origin); rule >= 0)
      map.emplace_back("r", rule);
    write_operands(leaf, map);
    if (const std::int64_t program = program_of_step(story.step); program >= 0)
      map.emplace_back("p", program);
    map.emplace_back("f", by_member(leaf, [&](std::uint32_t k) { return plan_.outputs[k].shard; }));
    map.emplace_back("t", by_member(leaf, [&](std::uint32_t k) {
                       return picture_.memory.point_of_step[picture_.stories[k].step];
                     }));
  }

  void write_operands(const OutlineNode& leaf, Value::Map& map) {
    const std::vector<StoryOperand>& operands = picture_.story_of(leaf).operands;
    Value::List list;
    for (std::size_t k = 0; k < std::min(operands.size(), most_operands); ++k) {
      std::vector<const std::string*> names;
      for (const std::uint32_t member : leaf.members)
        names.push_back(&picture_.stories[member].operands[k].name);
      list.push_back(Value::List{static_cast<std::int64_t>(operands[k].source),
                                 member_names(names, repeats_)});
    }
    if (!list.empty()) map.emplace_back("o", std::move(list));
    if (operands.size() > most_operands)
      map.emplace_back("more", static_cast<std::int64_t>(operands.size() - most_operands));
  }

  std::int64_t program_of_step(std::uint32_t step) {
    const std::vector<ProgramLine> lines = program_lines(plan_, step, picture_.names);
    if (lines.empty() || lines.size() > most_lines) return -1;
    Value::List list;
    std::string key;
    for (const ProgramLine& line : lines) {
      Value::List inputs;
      key += line.words + "\n";
      for (const std::int32_t input : line.inputs) {
        inputs.emplace_back(static_cast<std::int64_t>(input));
        key += std::to_string(input) + " ";
      }
      list.push_back(Value::List{page_text(line.words), std::move(inputs)});
    }
    return programs_.number_of(std::move(key), std::move(list));
  }

  template <typename F>
  static Value by_member(const OutlineNode& leaf, F number) {
    std::vector<std::int64_t> numbers;
    for (const std::uint32_t member : leaf.members) numbers.push_back(number(member));
    return run_lengths(numbers);
  }

  const PlanPicture& picture_;
  const Plan& plan_;
  RepeatNumbers repeats_;  // above the node at hand
  Rules rules_;
  Shared chains_, programs_;
};

Value sources_value(const PlanPicture& picture) {
  Value::List sources;
  const Plan& plan = picture.input.plan;
  for (std::size_t s = 0; s < plan.sources.size(); ++s) {
    const PlanSource& source = plan.sources[s];
    Value::List files;
    for (std::size_t f = 0; f < source.files.size(); ++f) {
      files.push_back(Value::Map{{"name", page_text(source.files[f].name)},
                                 {"bytes", source.files[f].size},
                                 {"read", picture.read[s][f]}});
    }
    sources.push_back(Value::Map{{"name", page_text(source.name)},
                                 {"location", page_text(source.location)},
                                 {"files", std::move(files)}});
  }
  return sources;
}

Value shards_value(const Plan& plan) {
  std::vector<std::int64_t> tensors(plan.shards.size());
  for (const OutputTensor& output : plan.outputs) ++tensors[output.shard];
  Value::List shards;
  for (std::size_t k = 0; k < plan.shards.size(); ++k) {
    shards.push_back(Value::Map{{"name", page_text(plan.shards[k].name)},
                                {"bytes", plan.shards[k].size},
                                {"tensors", tensors[k]}});
  }
  return shards;
}

Value memory_value(const PlanPicture& picture) {
  const PictureInput& input = picture.input;
  Value::List begins, memory, steps, names;
  for (const MemoryCurve::Point& point : picture.memory.points) {
    begins.emplace_back(point.begin);
    memory.emplace_back(point.memory);
    steps.emplace_back(static_cast<std::int64_t>(point.steps));
    names.push_back(point.steps == 0 ? Value() : page_text(input.plan.outputs[point.output].name));
  }
  const std::int64_t end = picture.memory.points.empty() ? 0 : picture.memory.points.back().end;
  return Value::Map{{"jobs", input.jobs},
                    {"budget", input.budget},
                    {"peak", planned_peak(input.plan, input.jobs, input.budget)},
                    {"least", least_memory(input.plan)},
                    {"base", picture.memory.base},
                    {"end", end},
                    {"begins", std::move(begins)},
                    {"memory", std::move(memory)},
                    {"steps", std::move(steps)},
                    {"names", std::move(names)}};
}

Value totals_value(const Plan& plan) {
  return Value::Map{{"tensors", static_cast<std::int64_t>(plan.outputs.size())},
                    {"parameters", plan.totals.parameters},
                    {"buffer_elements", plan.totals.buffer_elements},
                    {"read", plan.totals.bytes_read},
                    {"copied", plan.totals.bytes_copied},
                    {"computed", plan.totals.bytes_computed},
                    {"written", plan.totals.bytes_written}};
}

Value checks_value(const Plan& plan, TreeWriter& tree) {
  Value::List checks;
  for (const PlanCheck& check : plan.checks) {
    checks.push_back(
        Value::List{page_text(check.description), tree.rule(check.origin), check.warns});
  }
  for (const PlanLogitsCheck& check : plan.logits_checks) {
    checks.push_back(Value::List{page_text(check.claim.description), tree.rule(check.origin),
                                 check.claim.warns});
  }
  return checks;
}

Value small_files_value(const Plan& plan) {
  Value::List files;
  for (const TextFile& text : plan.texts)
    files.push_back(Value::List{page_text(text.name), static_cast<std::int64_t>(text.text.size())});
  for (const CarriedFile& file : plan.files) {
    files.push_back(
        Value::List{page_text(file.name), file.size, page_text(plan.sources[file.source].name)});
  }
  return files;
}

Value texts_value(const std::map<std::string, std::string>& texts) {
  Value::List list;
  for (const auto& [path, text] : texts)
    list.push_back(Value::Map{{"path", page_text(path)}, {"text", page_text(text)}});
  return list;
}

}  // namespace

std::string plan_page(const PlanPicture& picture) {
  const Plan& plan = picture.input.plan;
  TreeWriter tree(picture);
  Value::List works;
  for (const WorkKind work :
       {WorkKind::copied, WorkKind::moved, WorkKind::computed, WorkKind::made})
    works.emplace_back(name(work));
  Value outline = tree.write(picture.outline);
  Value checks = checks_value(plan, tree);
  return make_page("plan.html", Value::Map{{"page", "inarch/plan-page/1"},
                                           {"tool", page_text(plan.tool_version)},
                                           {"recipe", page_text(plan.recipe_name)},
                                           {"path", page_text(plan.recipe_path)},
                                           {"parts", static_cast<std::int64_t>(plan.parts.size())},
                                           {"totals", totals_value(plan)},
                                           {"sources", sources_value(picture)},
                                           {"shards", shards_value(plan)},
                                           {"files", small_files_value(plan)},
                                           {"works", std::move(works)},
                                           {"tree", std::move(outline)},
                                           {"rules", tree.take_rules()},
                                           {"chains", tree.take_chains()},
                                           {"programs", tree.take_programs()},
                                           {"checks", std::move(checks)},
                                           {"memory", memory_value(picture)},
                                           {"texts", texts_value(picture.input.texts)}});
}

}  // namespace inarch
