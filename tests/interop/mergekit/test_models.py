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
    assert ours.get_vocab() == theirs.get_vocab()
    assert ours.encode(TEXT) == theirs.encode(TEXT)
    assert ours.special_tokens_map == theirs.special_tokens_map
    if theirs.chat_template is not None:  # it loses that of a model when it copies the other files
        assert ours.chat_template == theirs.chat_template
    assert ours.chat_template is not None
