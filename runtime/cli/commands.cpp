#include "runtime/cli/command.h"

namespace inarch {

namespace {

constexpr OptionHelp set_help = {"--set NAME=VALUE",
                                 "give a param of the recipe another value; may come again"};
constexpr OptionHelp source_help = {
    "--source NAME=PATH",
    "read a source from PATH instead ('experts[3]=PATH' for one of a list); may come again"};
constexpr OptionHelp memory_help = {
    "--memory SIZE", "the most memory to use, e.g. 2GiB; a recipe that cannot fit is refused"};
constexpr OptionHelp jobs_help = {"-j, --jobs N", "workers; all processors by default"};
constexpr OptionHelp disable_help = {"--disable-pass NAME",
                                     "leave out an optimisation; may come again"};
constexpr OptionHelp dump_help = {"--dump-after NAME",
                                  "print the graph after a pass, or after each with 'all'"};
constexpr OptionHelp tokens_help = {
    "--tokens FILE|JSON",
    "a list of token ids, or of such lists, or of texts, in a file or as it stands"};
constexpr OptionHelp rounding_help = {
    "--rounding f32|bf16", "keep activations as computed (the default), or as a bf16 model does"};
constexpr OptionHelp pass_memory_help = {
    "--memory SIZE", "the most memory to use, 1GiB by default; weights are not kept in it"};
constexpr OptionHelp lock_help = {
    "--lock FILE", "hold sources against this lock, instead of the one beside the recipe"};
constexpr OptionHelp no_lock_help = {"--no-lock", "take sources as they are"};
constexpr OptionHelp timings_help = {"--timings", "say how long each stage and pass took"};

}  // namespace

const std::vector<Command>& commands() {
  static const std::vector<Command> list = {
      {"new",
       "inarch new [TEMPLATE] [-o FILE] [options]",
       "start a recipe from a template; without one, list them",
       "Writes a commented recipe that runs as it is once its sources are named, in the file or by "
       "--source. A\n"
       "list of sources gets as many entries as are given.",
       {{"-o, --output FILE", "write the recipe there, with paths that start from its folder"},
        {"-f, --force", "replace FILE"},
        {"--set NAME=VALUE", "what a param is to be; may come again"},
        {"--source NAME=PATH", "where a source is; may come again"}},
       {"force"},
       {"output"},
       {"set", "source"},
       "  inarch new\n"
       "  inarch new merge --source models=models/a --source models=models/b -o merge.yaml\n"
       "  inarch new depth-upscale --set upper=24 --set lower=8",
       command_new},
      {"check",
       "inarch check RECIPE… [options]",
       "check types, shapes, coverage and budget; no weights are read",
       "Reads the recipe and the headers and configs of its sources, and proves that it can run: "
       "every name\n"
       "exists, every shape fits, the target architecture is complete, the static checks hold and "
       "the run\n"
       "fits the memory budget. Nothing is written. Several recipes may be given; all are checked.",
       {set_help, source_help, lock_help, no_lock_help, memory_help, disable_help, dump_help,
        timings_help},
       {"no-lock"},
       {"memory", "lock"},
       {"set", "source", "disable-pass", "dump-after"},
       "  inarch check recipes/franken-gemma-4-dense-1b.yaml\n"
       "  inarch check recipe.yaml --source text=models/gemma-3 --set layers=12\n"
       "  inarch check recipe.yaml --format json",
       command_check},
      {"plan",
       "inarch plan RECIPE [-o PLAN.json] [options]",
       "show what a run will read, compute, write and need",
       "Compiles the recipe and shows its plan: sizes, shards, steps, and peak memory. With -o, "
       "writes the\n"
       "executable plan, which 'inarch run' takes in place of the recipe and which gives the same "
       "bytes.\n"
       "'inarch compile' is the same command. With --graph, draws the plan instead: html is a "
       "page to look at in\n"
       "a browser, which needs no network; dot is for Graphviz.",
       {{"-o, --output FILE", "write the plan there, or what --graph draws"},
        {"--graph dot|html", "draw sources, what is done, outputs, memory"},
        jobs_help,
        memory_help,
        {"--ranks FILE", "ranks that a run has measured"},
        set_help,
        source_help,
        lock_help,
        no_lock_help,
        disable_help,
        dump_help,
        timings_help},
       {"no-lock"},
       {"output", "memory", "jobs", "ranks", "lock", "graph"},
       {"set", "source", "disable-pass", "dump-after"},
       "  inarch plan recipe.yaml\n"
       "  inarch plan recipe.yaml --graph html -o plan.html\n"
       "  inarch plan recipe.yaml -o plan.json && inarch run plan.json -o out",
       command_plan},
      {"run",
       "inarch run RECIPE|PLAN.json -o OUT [options]",
       "build the checkpoint; the same command again resumes",
       "Builds the output directory. Until it is complete and its checks have passed, OUT is "
       "absent or what it\n"
       "was before; the work is done beside it. A run that was interrupted is resumed by the same "
       "command; one\n"
       "whose result is there already does nothing. The bytes do not depend on --jobs or --memory.",
       {{"-o, --output DIR", "the directory to build"},
        {"-f, --force", "replace DIR if it holds something else"},
        jobs_help,
        memory_help,
        {"--ranks FILE", "ranks that were measured: read if it is there, written if not"},
        set_help,
        source_help,
        lock_help,
        no_lock_help,
        {"--verify-lock", "read all of the sources first, and hold their digests against the lock"},
        disable_help,
        dump_help,
        timings_help},
       {"force", "no-lock", "verify-lock"},
       {"output", "memory", "jobs", "ranks", "lock"},
       {"set", "source", "disable-pass", "dump-after"},
       "  inarch run recipe.yaml -o out\n"
       "  inarch run recipe.yaml -o out --source text=models/gemma-3 --set layers=12 --memory "
       "512MiB\n"
       "  inarch run plan.json -o out",
       command_run},
      {"lock",
       "inarch lock RECIPE [-o RECIPE.lock] [options]",
       "write down what the sources are, so that checks need no weights",
       "Writes recipe.lock: headers, configs, the other small files that the recipe reads, the "
       "revisions of\n"
       "models of a hub, and digests. With it beside the recipe, 'check' and 'plan' work where no "
       "weights are,\n"
       "and 'run' refuses sources that are not what was locked. Weights are read once, for their "
       "digests;\n"
       "those of a hub's cache have theirs for names and are not.",
       {{"-o, --output FILE", "write the lock there"},
        {"--no-digests", "read no weights but samples of a megabyte a file"},
        {"--keep SIZE", "keep files and tables up to this size whole; 1MB by default"},
        jobs_help,
        set_help,
        source_help},
       {"no-digests"},
       {"output", "keep", "jobs"},
       {"set", "source"},
       "  inarch lock recipe.yaml\n"
       "  inarch lock recipe.yaml --source text=models/gemma-3 && git add recipe.lock",
       command_lock},
      {"import",
       "inarch import CONFIG.yml [-o RECIPE.yaml] [options]",
       "print the recipe that a mergekit configuration stands for",
       "Reads the YAML of mergekit, and the headers and configs of its models, and writes the "
       "recipe "
       "that makes\n"
       "the same model: what 'inarch run CONFIG.yml' runs. Several documents, as mergekit-multi "
       "takes "
       "them, become\n"
       "one recipe. No weights are read.",
       {{"-o, --output FILE", "write the recipe there, with paths that start from its folder"},
        source_help},
       {},
       {"output"},
       {"source"},
       "  inarch import merge.yml\n"
       "  inarch import merge.yml -o recipe.yaml && inarch run recipe.yaml -o out",
       command_import},
      {"verify",
       "inarch verify OUT [options]",
       "hash a built checkpoint against its manifest and repeat its checks",
       "Reads everything 'inarch run' wrote, compares it with manifest.json, and runs the recipe's "
       "numeric\n"
       "checks again when the sources are still there.",
       {jobs_help, pass_memory_help},
       {},
       {"jobs", "memory"},
       {},
       "  inarch verify out",
       command_verify},
      {"inspect",
       "inarch inspect MODEL [PATTERN] [options]",
       "list a checkpoint's tensors, sizes and architecture",
       "Shows names, shapes and dtypes from the headers alone, grouped by layer, and the "
       "architecture that the\n"
       "checkpoint has, with what differs from it. PATTERN is a name with captures, as in recipes.",
       {{"--stats",
         "read the weights too: mean, standard deviation, least, greatest, and non-finite values"},
        {"--all", "one line a tensor instead of groups"},
        {"--architecture NAME", "hold it against this architecture (a name or a YAML file)"},
        jobs_help},
       {"stats", "all"},
       {"architecture", "jobs"},
       {},
       "  inarch inspect models/gemma-3\n"
       "  inarch inspect models/gemma-3 'model.layers.{i}.mlp.{rest...}' --stats",
       command_inspect},
      {"diff",
       "inarch diff A B [PATTERN] [options]",
       "compare two checkpoints: names, shapes, dtypes, bytes, values",
       "Exit code 0 when they hold the same tensors with the same bytes, 1 when they differ.",
       {{"--headers-only", "compare names, shapes and dtypes, not bytes"},
        {"--all", "list equal tensors too"},
        {"--html FILE", "write a page to look at: every tensor, and how far layers are apart"},
        jobs_help},
       {"headers-only", "all"},
       {"jobs", "html"},
       {},
       "  inarch diff models/a models/b\n"
       "  inarch diff models/a models/b --html diff.html\n"
       "  inarch diff models/a out 'model.layers.0.{rest...}'",
       command_diff},
      {"logits",
       "inarch logits MODEL --tokens FILE|'[1, 2, 3]' [options]",
       "run a model over tokens and show what it expects next",
       "Runs the model layer by layer, its weights read block by block and never kept, and shows "
       "the "
       "likeliest\n"
       "next tokens of each sequence. With -o, writes the logits [tokens, vocabulary] of sequence "
       "s "
       "as\n"
       "'sequence.s'. Gemma 1 to 3, Llama, Mistral, Mixtral, Qwen 2 and 3.",
       {tokens_help,
        {"--last", "write the logits of the last token alone"},
        {"--top N", "how many tokens to show; 10 by default"},
        {"-o, --output FILE", "write the logits there, as safetensors"},
        rounding_help,
        jobs_help,
        pass_memory_help},
       {"last"},
       {"tokens", "top", "output", "rounding", "jobs", "memory"},
       {},
       "  inarch logits models/gemma-3 --tokens '[2, 651, 6996]'\n"
       "  inarch logits models/llama --tokens prompts.json -o logits.safetensors",
       command_logits},
      {"stats",
       "inarch stats MODEL --tokens FILE|JSON -o FILE [options]",
       "run a model over tokens and write what its layers see and choose",
       "Runs the model as 'logits' does, and writes for each layer the states that enter it and "
       "how "
       "its experts\n"
       "were used, and for each linear map the mean squares of its inputs, which weighted_low_rank "
       "takes.",
       {tokens_help,
        {"-o, --output FILE", "the safetensors file to write"},
        rounding_help,
        jobs_help,
        pass_memory_help},
       {},
       {"tokens", "output", "rounding", "jobs", "memory"},
       {},
       "  inarch stats models/mixtral --tokens prompts.json -o stats.safetensors",
       command_stats},
      {"group",
       "inarch group STATS|MODEL --groups N [options]",
       "divide the experts of each layer into groups of one size",
       "From what 'stats' wrote of a mixture: by how alike the experts' mean outputs are, by how "
       "often they\n"
       "are chosen together, or by use, so that the most used are apart. From a model: by its "
       "routers or by\n"
       "its weights. Writes JSON, { LAYER: [[expert, …], …] }, which recipes take.",
       {{"--groups N", "how many"},
        {"--by WHAT", "output (the default), coactivation, use, router or weights"},
        {"--method NAME", "agglomerative (the default) or kmeans"},
        {"-o, --output FILE", "the JSON file to write, instead of the standard output"}},
       {},
       {"groups", "by", "method", "output"},
       {},
       "  inarch group stats.safetensors --groups 8 -o groups.json\n"
       "  inarch group models/deepseek-v3 --groups 8 --by router",
       command_group},
      {"synth",
       "inarch synth ARCH --config CONFIG.json -o DIR [options]",
       "write a checkpoint with an architecture's names and shapes",
       "Writes a model of any size with seeded random values, for tests, demonstrations and plans. "
       "ARCH is the\n"
       "name of an architecture or the path of an architecture file.",
       {{"--config FILE", "the model's config.json"},
        {"-o, --output DIR", "the directory to make"},
        {"--dtype TYPE", "bf16 (the default), f16, f32, f64"},
        {"--seed N", "another seed gives other values; 0 by default"},
        {"--std X", "standard deviation of the values; 0.02 by default"},
        {"--shard-size SIZE", "5GB by default"},
        {"--spelling NAME", "another on-disk spelling of the architecture"},
        {"--headers-only", "names and shapes without weights: sparse files that hold only zeros"},
        {"-f, --force", "replace DIR"},
        jobs_help},
       {"headers-only", "force"},
       {"config", "output", "dtype", "seed", "std", "shard-size", "spelling", "jobs"},
       {},
       "  inarch synth gemma3_text --config config.json -o models/tiny\n"
       "  inarch synth llama --config llama-70b.json --headers-only -o models/hollow",
       command_synth},
      {"why",
       "inarch why TENSOR… -f RECIPE [options]",
       "say what makes a tensor of the output: rule, operations, bytes",
       "Shows the rule that makes TENSOR, the values of its captures, each operation with its "
       "result's dtype and\n"
       "shape, the bytes of which files it is made of, and the rules that would make it if they "
       "could. TENSOR may\n"
       "be a name with captures, as in recipes. No weights are read.",
       {{"-f, --recipe RECIPE", "the recipe, or a configuration of mergekit"},
        set_help,
        source_help},
       {},
       {"recipe"},
       {"set", "source"},
       "  inarch why lm_head.weight -f recipe.yaml\n"
       "  inarch why 'model.layers.{i}.self_attn.q_proj.weight' -f recipe.yaml --format json",
       command_why},
      {"fmt",
       "inarch fmt FILE… [--check] [--diff]",
       "lay recipes out in one way; comments and meaning stay",
       "Rewrites each file in place: indentation, spaces, empty lines, comments in columns. The "
       "order and the\n"
       "texts stay as they are, and so does what the file says, which is read again to make sure. "
       "With '-' the\n"
       "recipe comes from standard input and goes to standard output.",
       {{"--check", "change nothing; exit 1 and name the files that would change"},
        {"--diff", "change nothing; exit 1 and show what would change"}},
       {"check", "diff"},
       {},
       {},
       "  inarch fmt recipe.yaml\n"
       "  inarch fmt recipes/*.yaml --check\n"
       "  inarch fmt - < recipe.yaml",
       command_fmt},
      {"explain",
       "inarch explain CODE|TRANSFORM|FUNCTION|KEY",
       "say what a code, a transform, a function or a key means",
       "Takes an error code (E203), a transform (tile), a function of expressions (gradient), a "
       "key "
       "of recipes\n"
       "(where), or 'transforms', 'functions', 'keys', 'errors' or 'architectures' for a list.",
       {},
       {},
       {},
       {},
       "  inarch explain E203\n  inarch explain tile\n  inarch explain transforms",
       command_explain},
      {"check-arch",
       "inarch check-arch ARCH MODEL… [options]",
       "hold an architecture file against checkpoints, and say what none tried",
       "For every MODEL: whether it is recognised as ARCH, and the tensors that are missing, "
       "unexpected or of\n"
       "another shape. Then what the file says that none of them put to the test: conditions that "
       "were never\n"
       "true or never false, defaults never taken, loops without a second round, tensors that were "
       "never there.\n"
       "ARCH is the name of an architecture or the path of an architecture file.",
       {{"--strict", "exit with 1 when something was not tried, too"},
        {"--all", "list every difference"}},
       {"strict", "all"},
       {},
       {},
       "  inarch check-arch my_family.yaml models/small models/large\n"
       "  inarch check-arch llama models/* --strict",
       command_check_arch},
      {"schema",
       "inarch schema [recipe|plan|architecture|lock]",
       "print the JSON Schema of recipes, for editors",
       "Draft-07, made from the same table that the compiler checks transforms with. Also that of "
       "plans (what\n"
       "'plan -o' writes), of architecture files, and of locks.",
       {},
       {},
       {},
       {},
       "  inarch schema > recipe.schema.json\n"
       "  inarch schema architecture > architecture.schema.json",
       command_schema},
      {"completions",
       "inarch completions bash|zsh|fish",
       "print what makes a shell complete inarch's words",
       "Commands, options and their values, files, transforms and codes, the sources and params "
       "of the recipe on\n"
       "the line, the tensors of the model on it: whatever can stand where the cursor is.",
       {},
       {},
       {},
       {},
       "  source <(inarch completions bash)        in ~/.bashrc, and likewise for zsh\n"
       "  inarch completions fish | source         in ~/.config/fish/config.fish",
       command_completions},
  };
  return list;
}

const Command* find_command(std::string_view name) {
  if (name == "compile") name = "plan";
  for (const Command& command : commands()) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

}  // namespace inarch
