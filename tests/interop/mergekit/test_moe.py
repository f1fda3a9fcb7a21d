"""Mixtures: configurations of mergekit-moe, held against what mergekit-moe makes of them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tiny
import torch
from harness import build, inarch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

HERE = Path(__file__).parent
PROMPTS = [
    "[ w1 w2 w3, w4 w5 ]",
    "[ w10 w11 ]",
    "[ w20 w21 w22 w23, w24, w25 w26 ]",
]


def experts(names, more=("", "", "")):
    lines = [
        f"  - {{ source_model: models/{name}, positive_prompts: {prompts}{extra} }}"
        for name, prompts, extra in zip(names, PROMPTS, more)
    ]
    return "experts:\n" + "\n".join(lines) + "\n"


LLAMAS = experts(["llama-a", "llama-b", "llama-c"])
NEGATIVE = experts(["llama-a", "llama-b"], [", negative_prompts: [ w7 w8, w9 ]", ""])
SCALED = experts(["llama-a", "llama-b"], [", residual_scale: 0.5", ""])
SHARED = "shared_experts: [ { source_model: models/llama-a, residual_scale: 0.25 } ]\n"
GATED = "shared_experts: [ { source_model: models/%s, positive_prompts: [ w30 w31 ], negative_prompts: [ w32 ] } ]\n"

# Their gates are the same but for roundings; drawn ones are compared by what they are drawn from.
CONFIGS = {
    "mixtral": "base_model: models/llama\ngate_mode: cheap_embed\ndtype: float32\n" + LLAMAS,
    "negative": "base_model: models/llama\ngate_mode: cheap_embed\n" + NEGATIVE,
    "active": "base_model: models/llama\ngate_mode: cheap_embed\nexperts_per_token: 1\ndtype: bfloat16\n" + LLAMAS,
    "scaled": "base_model: models/llama\ngate_mode: cheap_embed\n" + SCALED,
    "random": "base_model: models/llama\ngate_mode: random\ndtype: float32\n" + LLAMAS,
    "uniform": "base_model: models/llama\ngate_mode: uniform_random\ndtype: float32\n" + LLAMAS,
    "mistral": "base_model: models/mistral\ngate_mode: cheap_embed\n" + experts(["mistral", "mistral-a"]),
    "tied": "base_model: models/tied\ngate_mode: cheap_embed\n" + experts(["tied", "tied-a"]),
    "deepseek": "base_model: models/llama\narchitecture: deepseek\ngate_mode: cheap_embed\n" + SCALED,
    "deepseek-shared": "base_model: models/llama\ngate_mode: cheap_embed\ndtype: float16\n" + SCALED + SHARED,
    "qwen2": "base_model: models/qwen2\ngate_mode: cheap_embed\n"
    + experts(["qwen2", "qwen2-a"], [", residual_scale: 2", ""])
    + GATED % "qwen2-a",
    "qwen2-of-llamas": "base_model: models/llama\ngate_mode: cheap_embed\narchitecture: qwen\n"
    + NEGATIVE
    + GATED % "llama-a",
    "qwen3": "base_model: models/qwen3\ngate_mode: cheap_embed\n" + experts(["qwen3-a", "qwen3-b"]),
    "hidden": "base_model: models/llama\ndtype: float32\n" + NEGATIVE,
    "hidden-last": "base_model: models/llama\ngate_mode: hidden_last\ndtype: float32\n" + LLAMAS,
    "hidden-avg": "base_model: models/llama\ngate_mode: hidden_avg\ndtype: float32\n"
    + LLAMAS.replace(PROMPTS[0], "[ w1 w2 w3, w4 w5 w6 ]").replace(PROMPTS[2], "[ w20 w21, w24 w25 ]"),
}
INVALID = {
    "few": "base_model: models/llama\ngate_mode: random\nexperts_per_token: 4\n" + LLAMAS,
    "no-prompts": "base_model: models/llama\nexperts: [ { source_model: models/llama }, { source_model: models/llama-a } ]\n",
    "no-mode": "base_model: models/llama\ngate_mode: hiden\n" + LLAMAS,
    "no-layout": "base_model: models/llama\narchitecture: gemma\n" + LLAMAS,
    "families": "base_model: models/llama\ngate_mode: cheap_embed\n" + experts(["llama-a", "qwen2-a"]),
    "two-shared": "base_model: models/llama\ngate_mode: cheap_embed\n" + LLAMAS
    + "shared_experts: [ { source_model: models/llama }, { source_model: models/llama-a } ]\n",
    "gemmas": "base_model: models/gemma2\ngate_mode: random\n" + experts(["gemma2", "gemma2-a"]),
}  # fmt: skip
LAYERS, HIDDEN = tiny.SIZES["num_hidden_layers"], tiny.SIZES["hidden_size"]
# What a config says beside what loading it changes.
OURS_TOO = (
    "architectures model_type num_local_experts num_experts num_experts_per_tok n_routed_experts n_shared_experts "
    "moe_intermediate_size shared_expert_intermediate_size first_k_dense_replace moe_layer_freq scoring_func "
    "norm_topk_prob decoder_sparse_step sliding_window use_sliding_window hidden_size intermediate_size vocab_size "
    "num_attention_heads num_key_value_heads max_position_embeddings rms_norm_eps tie_word_embeddings auto_map rope_theta"
).split()


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("moe")
    (root / "models").mkdir()
    (root / "theirs").mkdir()
    tiny.make_all(root)
    for path in root.glob("models/*/tokenizer.json"):
        by_words(path)
    for name, text in (CONFIGS | INVALID).items():
        (root / f"{name}.yml").write_text(text)
    names = [f"{name}.yml" for name in CONFIGS | INVALID]
    subprocess.run([sys.executable, HERE / "moe_worker.py", root, *names], check=True, timeout=600)
    return root


def by_words(path):
    """Makes words of a text the tokens that they are called by: the models' BPE has no merges."""
    document = json.loads(path.read_text())
    document["model"] = {"type": "WordLevel", "unk_token": "<unk>", "vocab": document["model"]["vocab"]}
    path.write_text(json.dumps(document))


def tensors(directory):
    found = {}
    for path in sorted(directory.glob("*.safetensors")):
        found |= load_file(path)
    return found


def ours(root, name):
    out = root / "ours" / name
    if not out.exists():
        out.parent.mkdir(exist_ok=True)
        result = inarch("run", f"{name}.yml", "-o", out, cwd=root)
        assert result.returncode == 0, result.stderr
    return out


def is_gate(name):
    return name.endswith((".gate.weight", ".shared_expert_gate.weight"))


@pytest.mark.parametrize("name", CONFIGS)
def test_tensors(root, name):
    assert name not in json.loads((root / "theirs.json").read_text())
    mine, theirs = tensors(ours(root, name)), tensors(root / "theirs" / name)
    assert mine.keys() == theirs.keys()
    for key, x in mine.items():
        y = theirs[key]
        assert (x.shape, x.dtype) == (y.shape, y.dtype), key
        if not is_gate(key):
            torch.testing.assert_close(x, y, rtol=2**-7 if x.dtype != torch.float32 else 0, atol=0, msg=key)
        elif name == "random":
            assert 0.5 < x.std() < 1.5
        elif name == "uniform":
            assert x.abs().max() <= HIDDEN**-0.5 and x.std() > 0.4 * HIDDEN**-0.5
        else:  # states are computed in bf16 there, as the base is
            near = 0.05 if name.startswith("hidden") else 2**-7
            torch.testing.assert_close(x.float(), y.float(), rtol=0, atol=near, msg=key)
            assert torch.cosine_similarity(x.float(), y.float()).min() > 0.995


@pytest.mark.parametrize("name", CONFIGS)
def test_config(root, name):
    mine, theirs = (json.loads((d / "config.json").read_text()) for d in (ours(root, name), root / "theirs" / name))
    differing = {key: (mine.get(key), theirs.get(key)) for key in OURS_TOO if mine.get(key) != theirs.get(key)}
    assert not differing
    dtype = {str(x.dtype).removeprefix("torch.") for x in tensors(ours(root, name)).values()}
    assert {mine.get("dtype", mine.get("torch_dtype"))} == dtype


@pytest.mark.parametrize("name", [name for name in CONFIGS if not name.startswith("deepseek")])
def test_loads(root, name):
    model, loading = AutoModelForCausalLM.from_pretrained(
        ours(root, name), output_loading_info=True, dtype=torch.float32
    )
    assert not loading["missing_keys"] and not loading["unexpected_keys"]
    ids = torch.arange(5, 15)[None]
    with torch.no_grad():
        assert model(ids).logits.isfinite().all()
        # Theirs has no window and layers that have one, where the base has them.
        if name not in ("random", "uniform", "qwen2") and not name.startswith("hidden"):
            theirs = AutoModelForCausalLM.from_pretrained(root / "theirs" / name, dtype=torch.float32)
            torch.testing.assert_close(model(ids).logits, theirs(ids).logits, rtol=0.1, atol=0.05)


@pytest.mark.parametrize("name", INVALID)
def test_invalid(root, name):
    assert name in json.loads((root / "theirs.json").read_text())
    result = inarch("check", f"{name}.yml", cwd=root)
    assert result.returncode == 1 and result.stderr.startswith("error[E"), result.stderr


def test_noise(root, tmp_path):
    """Of the amount that is asked for, and other noise in each tensor."""
    text = CONFIGS["mixtral"].replace("positive_prompts: [ w1", "noise_scale: 0.1, positive_prompts: [ w1", 1)
    (root / "noise.yml").write_text(text)
    plain, noisy = tensors(ours(root, "mixtral")), tensors(ours(root, "noise"))
    for key in plain:
        difference = (noisy[key] - plain[key]).std()
        if ".experts.0." in key:
            assert 0.08 < difference < 0.12, key
        else:
            assert torch.equal(noisy[key], plain[key]), key


def test_what_import_prints_is_what_runs(root, tmp_path):
    result = inarch("import", "mixtral.yml", "-o", "imported.yaml", cwd=root)
    assert result.returncode == 0, result.stderr
    built = build(root / "imported.yaml", tmp_path / "out")
    mine, theirs = tensors(built), tensors(ours(root, "mixtral"))
    assert all(torch.equal(mine[key], theirs[key]) for key in theirs)
