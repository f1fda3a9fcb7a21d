#include <algorithm>

#include <fmt/format.h>

#include "compiler/picture/plan_picture.h"
#include "compiler/support/sizes.h"
#include "compiler/support/text.h"

namespace inarch {

namespace {

/// A quoted identifier. What could end it, or be an escape of Graphviz's own, is spelled out.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : escape_for_terminal(text, 300)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

/// Lines of a label, of which none can hold a line break of its own.
std::string label(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) {
    const std::string text = quoted(line);
    out += (out.empty() ? "" : "\\n") + text.substr(1, text.size() - 2);
  }
  return "\"" + out + "\"";
}

std::string repeats_text(const std::vector<std::int64_t>& numbers) {
  return numbers.size() == 1 ? number_ranges(numbers)
                             : fmt::format("{} ×{}", number_ranges(numbers), numbers.size());
}

class DotWriter {
 public:
  explicit DotWriter(const PlanPicture& picture) : picture_(picture) {}

  std::string write() {
    const Plan& plan = picture_.input.plan;
    out_ = "digraph plan {\n";
    out_ +=
        fmt::format("  label={};\n",
                    label({plan.recipe_name.empty() ? plan.recipe_path : plan.recipe_name,
                           fmt::format("{} tensors, {} parameters, {}",
                                       format_count(static_cast<std::int64_t>(plan.outputs.size())),
                                       format_count(plan.totals.parameters),
                                       format_bytes(plan.totals.bytes_written))}));
    out_ += head;
    write_sources();
    for (const OutlineNode& node : picture_.outline) write(node, "", "  ");
    return out_ + edges_ + "}\n";
  }

 private:
  static constexpr std::string_view head =
      "  rankdir=LR; labelloc=t; fontname=\"Helvetica\"; nodesep=0.12; ranksep=1.1;\n"
      "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f6f8fa\", color=\"#8c959f\",\n"
      "        fontname=\"Helvetica\", fontsize=11, margin=\"0.12,0.05\"];\n"
      "  edge [color=\"#8c959f\", arrowsize=0.6, fontname=\"Helvetica\", fontsize=9];\n";

  void write_sources() {
    const Plan& plan = picture_.input.plan;
    for (std::size_t s = 0; s < plan.sources.size(); ++s) {
      std::int64_t bytes = 0, read = 0;
      for (const FileIdentity& file : plan.sources[s].files) bytes += file.size;
      for (const std::int64_t of_file : picture_.read[s]) read += of_file;
      out_ += fmt::format(
          "  source_{} [shape=cylinder, fillcolor=\"#ddf4ff\", color=\"#0969da\", label={}];\n", s,
          label({plan.sources[s].name, plan.sources[s].location,
                 fmt::format("{} of {} read", format_bytes(read), format_bytes(bytes))}));
    }
  }

  /// What a level is called: numbers go with the name of what they number.
  static std::string title(const OutlineNode& node, const std::string& above) {
    if (node.numbers.empty()) return node.label;
    return above.empty() ? repeats_text(node.numbers)
                         : fmt::format("{} {}", above, repeats_text(node.numbers));
  }

  void write(const OutlineNode& node, const std::string& above, const std::string& indent) {
    const std::string name = title(node, above);
    if (node.is_leaf()) return write_leaf(node, name, indent);
    if (node.children.size() == 1 && !node.children.front().numbers.empty())
      return write(node.children.front(), name, indent);  // one level, and not two
    out_ += fmt::format("{}subgraph cluster_{} {{\n", indent, clusters_++);
    out_ += fmt::format("{}  label={}; style=rounded; color=\"#d0d7de\"; fontsize=12;\n", indent,
                        label({name}));
    for (const OutlineNode& child : node.children)
      write(child, child.numbers.empty() ? "" : node.label.substr(node.label.rfind('.') + 1),
            indent + "  ");
    out_ += indent + "}\n";
  }

  void write_leaf(const OutlineNode& leaf, const std::string& name, const std::string& indent) {
    const OutputTensor& output = picture_.first_of(leaf);
    const OutputStory& story = picture_.story_of(leaf);
    const std::string node = fmt::format("tensor_{}", leaves_++);
    const auto count = static_cast<std::int64_t>(leaf.members.size());
    out_ += fmt::format(
        "{}{} [label={}, tooltip={}];\n", indent, node,
        label({count == 1 ? name : fmt::format("{}  ×{}", name, format_count(count)),
               fmt::format("{} {}  {}", inarch::name(output.dtype), format_shape(output.shape),
                           format_bytes(output.bytes * count))}),
        quoted(output.name + "  " + output.origin));
    write_edges(leaf, story, node, indent);
  }

  void write_edges(const OutlineNode& leaf, const OutputStory& story, const std::string& node,
                   const std::string& indent) {
    std::vector<std::uint32_t> sources;
    for (const StoryOperand& operand : story.operands) {
      if (std::find(sources.begin(), sources.end(), operand.source) == sources.end())
        sources.push_back(operand.source);
    }
    std::string target = node;
    if (!story.chain.empty()) {
      target = "work_" + node.substr(7);
      out_ += fmt::format(
          "{}{} [label={}, shape=box, style=filled, fillcolor=\"#fff8c5\", color=\"#bf8700\", "
          "fontsize=10];\n",
          indent, target, label({story.chain}));
      edges_ += fmt::format("  {} -> {};\n", target, node);
    }
    for (const std::uint32_t source : sources)
      edges_ += fmt::format("  source_{} -> {}{};\n", source, target,
                            leaf.members.size() > 1 ? " [penwidth=2]" : "");
  }

  const PlanPicture& picture_;
  std::string out_, edges_;
  std::size_t clusters_ = 0, leaves_ = 0;
};

}  // namespace

std::string plan_dot(const PlanPicture& picture) { return DotWriter(picture).write(); }

}  // namespace inarch
