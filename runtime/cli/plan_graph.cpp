#include "runtime/cli/plan_graph.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "compiler/mergekit/reader.h"
#include "compiler/picture/plan_picture.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/recipe_options.h"
#include "runtime/io/checkpoint.h"
#include "runtime/io/file.h"
#include "runtime/io/logical_checkpoint.h"

namespace inarch {

namespace {

constexpr std::int64_t shown_text_limit = 4 << 20;

/// The source's headers as they were when the plan was made; null when they are not that.
std::shared_ptr<const Checkpoint> same_headers(const PlanSource& source) {
  Diagnostics unheard;
  auto checkpoint = open_checkpoint(source.location, unheard);
  if (!checkpoint || !read_encodings(*checkpoint, unheard)) return nullptr;
  const bool same =
      std::equal(checkpoint->files.begin(), checkpoint->files.end(), source.files.begin(),
                 source.files.end(), [](const FileIdentity& a, const FileIdentity& b) {
                   return a.name == b.name && a.header_sha256 == b.header_sha256;
                 });
  return same ? std::make_shared<const Checkpoint>(std::move(*checkpoint)) : nullptr;
}

std::string path_of(const std::string& origin) { return origin.substr(0, origin.rfind(':')); }

/// The recipe and what it includes, as far as outputs and checks come from there. Of a mergekit
/// configuration, the recipe that it stands for, whose lines these are.
std::map<std::string, std::string> texts_of(const Plan& plan, const Arguments& arguments,
                                            Console& console) {
  std::set<std::string> paths;
  for (const OutputTensor& output : plan.outputs) paths.insert(path_of(output.origin));
  for (const PlanCheck& check : plan.checks) paths.insert(path_of(check.origin));
  for (const PlanLogitsCheck& check : plan.logits_checks) paths.insert(path_of(check.origin));
  std::map<std::string, std::string> texts;
  for (const std::string& path : paths) {
    auto text = path.empty() ? Result<std::string>(error("E701", ""))
                             : read_small_file(path, shown_text_limit);
    if (!text.ok()) continue;
    SourceMap map;
    if (is_mergekit(map, map.add(path, *text))) {
      int code = exit_done;
      if (auto recipe = import_config(path, arguments, "", console, code)) texts[path] = *recipe;
    } else {
      texts[path] = std::move(*text);
    }
  }
  return texts;
}

bool is_plan_file(const std::string& path) {
  return path.size() > 5 && path.substr(path.size() - 5) == ".json";
}

}  // namespace

std::optional<GraphFormat> graph_option(const Arguments& arguments, Console& console) {
  const std::string format = arguments.value("graph").value_or("");
  if (format == "dot") return GraphFormat::dot;
  if (format != "html") {
    usage_error(console,
                fmt::format("--graph takes dot or html, not '{}'", escape_for_terminal(format)));
    return std::nullopt;
  }
  if (arguments.has("output")) return GraphFormat::html;
  usage_error(console, "--graph html needs a file to write to",
              "inarch plan recipe.yaml --graph html -o plan.html");
  return std::nullopt;
}

int write_plan_graph(const Plan& plan, const CompileReport& report, GraphFormat format,
                     const Arguments& arguments, int jobs, std::int64_t memory, Console& console) {
  PictureInput input{plan, report.checkpoints, {}, jobs, memory};
  if (is_plan_file(arguments.positional[0])) {
    for (const PlanSource& source : plan.sources) input.checkpoints.push_back(same_headers(source));
  } else {
    // Beside a plan that was made before, a recipe may have changed.
    input.texts = texts_of(plan, arguments, console);
  }
  const PlanPicture picture(input);
  const std::string text = format == GraphFormat::dot ? plan_dot(picture) : plan_page(picture);
  const auto output = arguments.value("output");
  if (!output) {
    console.write(text);
    return exit_done;
  }
  const Status written = write_small_file(*output, text);
  if (!written) {
    console.report(written.error());
    return exit_failed;
  }
  const std::string path = escape_for_terminal(*output);
  console.say(fmt::format("wrote {}: {} tensors\n", path,
                          format_count(static_cast<std::int64_t>(plan.outputs.size()))));
  console.say(console.dim(format == GraphFormat::dot
                              ? fmt::format("next: dot -Tsvg {} -o plan.svg\n", path)
                              : fmt::format("next: open {} in a browser\n", path)));
  return exit_done;
}

}  // namespace inarch
