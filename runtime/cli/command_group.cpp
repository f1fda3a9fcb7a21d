#include <charconv>

#include <fmt/format.h>

#include "compiler/core/json.h"
#include "compiler/support/text.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/expert_vectors.h"
#include "runtime/cli/forward_arguments.h"
#include "runtime/cli/model_argument.h"
#include "runtime/io/file.h"
#include "runtime/io/logical_checkpoint.h"
#include "runtime/io/replace_file.h"

namespace inarch {

namespace {

struct Wanted {
  std::int64_t groups = 0;
  Likeness by = Likeness::output;
  Grouping grouping = Grouping::agglomerative;
};

std::optional<Likeness> likeness_named(const std::string& name) {
  if (name == "use") return Likeness::use;
  if (name == "coactivation") return Likeness::coactivation;
  if (name == "output") return Likeness::output;
  if (name == "router") return Likeness::router;
  if (name == "weights") return Likeness::weights;
  return std::nullopt;
}

std::optional<Wanted> read_wanted(const Arguments& arguments, Console& console) {
  Wanted wanted;
  const std::string count = arguments.value("groups").value_or("");
  const char* const end = count.data() + count.size();
  const auto [next, failure] = std::from_chars(count.data(), end, wanted.groups);
  if (failure != std::errc() || next != end || wanted.groups < 1) {
    usage_error(console, fmt::format("--groups takes a number above 0, not '{}'",
                                     escape_for_terminal(count)));
    return std::nullopt;
  }
  const std::string by = arguments.value("by").value_or("output");
  const auto likeness = likeness_named(by);
  if (!likeness) {
    usage_error(console, fmt::format("--by takes use, coactivation, output, router or weights, "
                                     "not '{}'",
                                     escape_for_terminal(by)));
    return std::nullopt;
  }
  wanted.by = *likeness;
  const std::string method = arguments.value("method").value_or("agglomerative");
  if (method != "agglomerative" && method != "kmeans") {
    usage_error(console, fmt::format("--method takes agglomerative or kmeans, not '{}'",
                                     escape_for_terminal(method)));
    return std::nullopt;
  }
  if (method == "kmeans") wanted.grouping = Grouping::kmeans;
  return wanted;
}

Result<std::map<std::int64_t, Groups>> group_layers(const Checkpoint& checkpoint,
                                                    const Wanted& wanted) {
  std::map<std::int64_t, Groups> layers;
  const auto too_many = [&](std::int64_t layer, std::int64_t experts) {
    return error("E733", fmt::format("{} groups are asked for, and layer {} has {} experts",
                                     wanted.groups, layer, experts));
  };
  if (wanted.by == Likeness::use) {
    const auto use = expert_use(checkpoint);
    if (!use.ok()) return use.error();
    for (const auto& [layer, counts] : *use) {
      if (wanted.groups > std::ssize(counts)) return too_many(layer, std::ssize(counts));
      layers.emplace(layer, group_by_use(counts, wanted.groups));
    }
    return layers;
  }
  const auto likeness = expert_likeness(checkpoint, wanted.by);
  if (!likeness.ok()) return likeness.error();
  for (const auto& [layer, similarity] : *likeness) {
    if (wanted.groups > similarity.count) return too_many(layer, similarity.count);
    layers.emplace(layer, group_alike(similarity, wanted.groups, wanted.grouping));
  }
  return layers;
}

Value to_value(const std::map<std::int64_t, Groups>& layers) {
  Value::Map map;
  for (const auto& [layer, groups] : layers) {
    Value::List list;
    for (const auto& group : groups) {
      Value::List members;
      for (const std::int64_t member : group) members.emplace_back(member);
      list.emplace_back(std::move(members));
    }
    map.emplace_back(std::to_string(layer), std::move(list));
  }
  return Value(std::move(map));
}

}  // namespace

int command_group(const Arguments& arguments, Console& console) {
  if (arguments.positional.size() != 1)
    return usage_error(console, "group takes one file of statistics, or a model",
                       "inarch group stats.safetensors --groups 8 -o groups.json");
  const auto wanted = read_wanted(arguments, console);
  if (!wanted) return exit_failed;
  Diagnostics diagnostics;
  auto checkpoint = open_model(arguments.positional.front(), diagnostics);
  const bool read = checkpoint && read_encodings(*checkpoint, diagnostics);
  console.report(diagnostics, SourceMap());
  if (!read) return exit_code_for(diagnostics);
  const auto layers = group_layers(*checkpoint, *wanted);
  if (!layers.ok()) return report_fault(console, layers.error());
  const std::string text = write_json(to_value(*layers), JsonStyle::compact) + "\n";
  const auto output = arguments.value("output");
  if (!output) {
    console.write(text);
    return exit_done;
  }
  if (const Status written = replace_file(*output, text); !written)
    return report_fault(console, written.error());
  console.say(fmt::format("wrote {}: {} groups in each of {} layers\n",
                          escape_for_terminal(*output), wanted->groups, layers->size()));
  return exit_done;
}

}  // namespace inarch
