"""What is around the tensors: the config, the tokenizer, and that transformers loads the whole."""

import merges
import pytest
import torch
from harness import write_recipe
from transformers import AutoModelForCausalLM, AutoTokenizer

# mergekit keeps the list of the base, which has another length.
OWN_LAYER_TYPES = {"stack-qwen2", "stack-gemma2"}
KEYS = (
    "architectures",
    "model_type",
    "num_hidden_layers",
    "n_layer",
    "hidden_size",
    "vocab_size",
    "tie_word_embeddings",
    "layer_types",
    "num_local_experts",
    "bos_token_id",
    "eos_token_id",
)

TEXT = "w3 w17 x0 <y1> w40 </s> w2 x1"


def essentials(directory):
    config = merges.config_of(directory)
    return {key: config[key] for key in KEYS if key in config}


def dtype_of(directory):
    config = merges.config_of(directory)
    return config.get("dtype", config.get("torch_dtype"))


@pytest.mark.parametrize("config", merges.CONFIGS, ids=lambda path: path.stem)
def test_config(bench, config):
    ours, theirs = (essentials(side(config)) for side in (bench.ours, bench.theirs))
    if config.stem in OWN_LAYER_TYPES:
        found, wrong = ours.pop("layer_types"), theirs.pop("layer_types")
        assert len(found) == ours["num_hidden_layers"] != len(wrong)
    assert ours == theirs
    if config.stem == "habits-torch-dtype":  # it writes what it was given, which transformers refuses
        assert dtype_of(bench.theirs(config)) == "torch.bfloat16"
    dtypes = {str(x.dtype).removeprefix("torch.") for x in merges.tensors(bench.ours(config)).values()}
    assert {dtype_of(bench.ours(config))} == dtypes


def test_layer_types_are_those_of_the_layers_taken(bench):
    qwen2, gemma2 = (merges.config_of(bench.root / "models" / each)["layer_types"] for each in ("qwen2", "gemma2"))
    for stem, types in (("stack-qwen2", qwen2), ("stack-gemma2", gemma2)):
        [config] = merges.named(stem)
        assert merges.config_of(bench.ours(config))["layer_types"] == types[0:3] + types[2:4]


def test_no_head_where_the_base_ties(bench, tmp_path):
    """Another model that has one gives mergekit's result a head that its config does not know."""
    config = write_recipe(tmp_path, NOT_TIED, "not-tied.yml")
    bench.run(config, tmp_path / "out")
    assert "lm_head.weight" not in merges.tensors(tmp_path / "out")
    assert merges.config_of(tmp_path / "out")["tie_word_embeddings"]


NOT_TIED = """\
models:
  - { model: models/tied-a, parameters: { weight: 1 } }
  - { model: models/llama, parameters: { weight: 1 } }
merge_method: task_arithmetic
base_model: models/tied
dtype: bfloat16
"""


@pytest.mark.parametrize("config", merges.CONFIGS, ids=lambda path: path.stem)
def test_loads(bench, config):
    model, loading = AutoModelForCausalLM.from_pretrained(
        bench.ours(config), output_loading_info=True, dtype=torch.float32
    )
    assert not any(loading.values()), loading
    with torch.no_grad():
        assert model(input_ids=torch.tensor([[3, 17, 5]])).logits.isfinite().all()


@pytest.mark.parametrize("config", merges.CONFIGS, ids=lambda path: path.stem)
def test_tokenizer(bench, config):
    ours, theirs = (AutoTokenizer.from_pretrained(side(config)) for side in (bench.ours, bench.theirs))
    # In which order mergekit adds the tokens of several models follows from the hashes of their paths.
    assert ours.get_vocab().keys() == theirs.get_vocab().keys()
    mine, its = (each.convert_ids_to_tokens(each.encode(TEXT)) for each in (ours, theirs))
    assert mine == its
    if "of-three" not in config.stem:
        assert ours.get_vocab() == theirs.get_vocab()
    assert ours.special_tokens_map == theirs.special_tokens_map
    if named_template(config):
        return  # not theirs in words: see test_named_chat_templates
    if theirs.chat_template is not None:  # it loses that of a model when it copies the other files
        assert ours.chat_template == theirs.chat_template
    assert ours.chat_template is not None


def named_template(config):
    """The name of the chat template that a config asks for, or None."""
    name = config.stem.removeprefix("chat-template-")
    return name if name in ("alpaca", "chatml", "exaone", "llama3", "mistral") else None


TURNS = [("user", "What is it?"), ("assistant", "{{ A }} thing."), ("user", "Which?"), ("assistant", "That.")]
CONVERSATIONS = [
    [{"role": role, "content": text} for role, text in turns]
    for count in (1, 2, 3, 4)
    for turns in (TURNS[:count], [("system", "Be brief."), *TURNS[:count]])
]


@pytest.mark.parametrize("prompt", [False, True], ids=["whole", "prompt"])
@pytest.mark.parametrize("config", filter(named_template, merges.CONFIGS), ids=named_template)
def test_named_chat_templates(bench, config, prompt):
    """They say what mergekit's say. Of white space some of those write more or less than the format has."""
    ours, theirs = (AutoTokenizer.from_pretrained(side(config)) for side in (bench.ours, bench.theirs))
    for messages in CONVERSATIONS:
        mine, its = (
            each.apply_chat_template(messages, tokenize=False, add_generation_prompt=prompt) for each in (ours, theirs)
        )
        if named_template(config) in ("chatml", "mistral"):
            assert mine == its
        assert "".join(mine.split()) == "".join(its.split())


ASKED = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
FORMATS = {
    "alpaca": "S\n\n### Instruction:\nU\n\n### Response:\n",
    "exaone": "[|system|]S[|endofturn|]\n[|user|]U\n[|assistant|]",
    "llama3": "<s><|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|>"
    "<|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n",
}


@pytest.mark.parametrize("name", FORMATS)
def test_white_space_of_named_chat_templates(bench, name):
    [config] = merges.named(f"chat-template-{name}")
    tokenizer = AutoTokenizer.from_pretrained(bench.ours(config))
    assert tokenizer.apply_chat_template(ASKED, tokenize=False, add_generation_prompt=True) == FORMATS[name]


def test_union_of_a_stack(bench, tmp_path):
    """The first and the last model give the matrices; rows that these lack are another's."""
    config = write_recipe(tmp_path, STACK, "stack.yml")
    bench.run(config, tmp_path / "out")
    ids = AutoTokenizer.from_pretrained(tmp_path / "out").get_vocab()
    made = merges.tensors(tmp_path / "out")
    for name, own in (("model.embed_tokens.weight", "llama-a"), ("lm_head.weight", "llama-grown")):
        assert len(made[name]) == len(ids)
        for token, owner in (("w5", own), ("z0", "llama-other"), ("<y0>", "llama-grown")):
            directory = bench.root / "models" / owner
            row = AutoTokenizer.from_pretrained(directory).get_vocab()[token]
            assert torch.equal(made[name][ids[token]], merges.tensors(directory)[name][row]), (name, token)
    assert (tmp_path / "out" / "README.md").read_text().startswith("---\n")


STACK = """\
slices:
  - sources: [{ model: models/llama-a, layer_range: [0, 2] }]
  - sources: [{ model: models/llama-other, layer_range: [1, 2] }]
  - sources: [{ model: models/llama-grown, layer_range: [2, 4] }]
merge_method: passthrough
tokenizer_source: union
dtype: bfloat16
"""
