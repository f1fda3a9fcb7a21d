#include "compiler/recipe/function_docs.h"

#include <fmt/format.h>

#include "compiler/recipe/expression_functions.h"

namespace inarch {

const std::vector<FunctionDoc>& function_docs() {
  static const std::vector<FunctionDoc> docs = {
      {"abs", "The number without its sign.", "abs(-3)", "3"},
      {"argsort", "The places of the items in their order; equal items stay in order.",
       "argsort([5, 1, 3])", "[1, 2, 0]"},
      {"ceil", "The least integer that is not below it.", "ceil(2.1)", "3"},
      {"contains", "Whether a list has the item, a mapping the key or a text the part.",
       "contains('mlp.up_proj', 'up')", "true"},
      {"ends_with", "Whether the text ends so.", "ends_with('model.norm', 'norm')", "true"},
      {"enumerate", "Pairs of places and items, for `\"new, old\": enumerate(kept)`.",
       "enumerate([4, 7])", "[[0, 4], [1, 7]]"},
      {"exp", "e to the power of it.", "exp(0)", "1.0"},
      {"flatten", "One list of the items of several: a layer map.", "flatten([0 .. 3, 1 .. 3])",
       "[0, 1, 2, 1, 2]"},
      {"floor", "The greatest integer that is not above it.", "floor(2.9)", "2"},
      {"gradient",
       "What a list of numbers has at a place of so many, piecewise linear between its items.",
       "gradient([0, 0.5, 1], 1, 5)", "0.25"},
      {"index", "The place of the item in the list; null where it is not there.",
       "index([4, 7, 9], 7)", "1"},
      {"int", "The number or text as an integer.", "int('12')", "12"},
      {"is_list", "Whether the value is a list.", "is_list([1])", "true"},
      {"is_text", "Whether the value is text.", "is_text('a')", "true"},
      {"join", "The texts of a list as one, with a separator in between.", "join(['a', 'b'], '-')",
       "a-b"},
      {"keys", "The keys of a mapping, in order.", "", ""},
      {"len", "How many items a list has, or characters a text.", "len([4, 7])", "2"},
      {"log", "The natural logarithm.", "log(1)", "0.0"},
      {"max", "The greatest of several numbers, or of a list.", "max(3, 9, 4)", "9"},
      {"min", "The least of several numbers, or of a list.", "min([3, 9, 4])", "3"},
      {"places", "Where the items of several lists are when they are put together.",
       "places([[5, 6], [7]])", "[[0, 1], [2]]"},
      {"range", "The integers from a beginning to before an end, by a step.", "range(0, 6, 2)",
       "[0, 2, 4]"},
      {"replace", "The text with every occurrence of a part replaced.",
       "replace('a.b.c', '.', '/')", "a/b/c"},
      {"reverse", "The items, the last one first.", "reverse([1, 2, 3])", "[3, 2, 1]"},
      {"round", "The nearest integer.", "round(2.6)", "3"},
      {"sort", "The items in order; with 'descending', the other way round.",
       "sort([5, 1, 3], 'descending')", "[5, 3, 1]"},
      {"split", "The parts of a text between separators.", "split('a.b', '.')", "[\"a\", \"b\"]"},
      {"sqrt", "The square root.", "sqrt(16)", "4.0"},
      {"starts_with", "Whether the text begins so.", "starts_with('model.norm', 'model')", "true"},
      {"sum", "The sum of the numbers of a list.", "sum([1, 2, 4])", "7"},
      {"text", "The value as text, to put names together.", "'layer_' + text(3)", "layer_3"},
      {"token_ids",
       "The ids that a source's tokenizer makes of a text; 'bos' and 'none' say which special "
       "tokens stand around it.",
       "", ""},
      {"unique", "The items, each once, where it comes first.", "unique([3, 1, 3])", "[3, 1]"},
      {"values", "The values of a mapping, in the order of its keys.", "", ""},
      {"zip", "Pairs of the items of two lists, or more of more.", "zip([1, 2], [8, 9])",
       "[[1, 8], [2, 9]]"},
  };
  return docs;
}

std::string function_page(std::string_view name) {
  const Function* function = find_function(name);
  if (!function) return {};
  for (const FunctionDoc& doc : function_docs()) {
    if (doc.name != name) continue;
    std::string page = fmt::format("### {}()\n\n{}\n\n- function of expressions: `{}`\n", name,
                                   doc.summary, function->usage);
    if (!doc.example.empty()) page += fmt::format("- `{}` is `{}`\n", doc.example, doc.result);
    return page;
  }
  return {};
}

std::string function_list() {
  std::string out;
  for (const FunctionDoc& doc : function_docs())
    out += fmt::format("  {:<12} {}\n", doc.name, doc.summary);
  return out;
}

}  // namespace inarch
