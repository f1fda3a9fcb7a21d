"""recipes/cookbook: heads of attention, in the layouts of several families."""

import models
import pytest
import torch
from cookbook import TOKENS, assert_equal, assert_same_function, cook, load, logits, make
from models import Saving, read_config, read_tensors
from torch.nn import Parameter
from transformers import (
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
)

HEADS, WIDTH = 4, 8  # heads of attention and their size
GONE = [1, 3]
KEPT = [0, 2]


@pytest.fixture(scope="module")
def gpt2(tmp_path_factory):
    config = GPT2Config(vocab_size=96, n_positions=32, n_embd=32, n_layer=3, n_head=HEADS)
    return make(tmp_path_factory.mktemp("models") / "gpt2", GPT2LMHeadModel(config), seed=11)


@pytest.fixture(scope="module")
def neox(tmp_path_factory):
    config = GPTNeoXConfig(
        vocab_size=96,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=3,
        num_attention_heads=HEADS,
        max_position_embeddings=32,
    )
    return make(tmp_path_factory.mktemp("models") / "neox", GPTNeoXForCausalLM(config), seed=12)


@pytest.mark.parametrize("kv_heads", [[1], [0, 1]])
def test_prune_heads(tmp_path, kv_heads):
    """Two query heads to each key and value head; what is pruned adds nothing any more."""
    llama = models.llama(tmp_path / "llama", Saving(dtype=torch.float32, seed=13))
    out = cook("prune-heads", tmp_path / "out", {"model": llama}, kv_heads=kv_heads)
    wanted, masked = read_tensors(llama), load(LlamaForCausalLM, llama)
    queries = [2 * kv + k for kv in kv_heads for k in range(2)]
    for name, w in wanted.items():
        if name.endswith("q_proj.weight"):
            wanted[name] = w.view(4, 8, 32)[queries].reshape(-1, 32)
        elif name.endswith(("k_proj.weight", "v_proj.weight")):
            wanted[name] = w.view(2, 8, 32)[kv_heads].reshape(-1, 32)
        elif name.endswith("o_proj.weight"):
            wanted[name] = w.view(32, 4, 8)[:, queries].reshape(32, -1)
    assert_equal(out, wanted)
    gone = [head for head in range(4) if head not in queries]
    for layer in masked.model.layers:
        layer.self_attn.o_proj.weight.data.view(32, 4, 8)[:, gone] = 0
    assert_same_function(logits(load(LlamaForCausalLM, out)), logits(masked))


def test_mask_heads_gpt2(tmp_path, gpt2):
    out = cook("mask-heads-gpt2", tmp_path / "out", {"model": gpt2}, heads=GONE)
    wanted = read_tensors(gpt2)
    for name, tensor in wanted.items():
        if name.endswith("attn.c_proj.weight"):
            for head in GONE:
                tensor[head * WIDTH : (head + 1) * WIDTH] = 0
    assert_equal(out, wanted)
    assert (logits(load(GPT2LMHeadModel, out)) - logits(load(GPT2LMHeadModel, gpt2))).std() > 0.01


def attentions(model):
    """The attention modules of a GPT-2 or GPT-NeoX, with their names."""
    return [(n, m) for n, m in model.named_modules() if n.endswith((".attn", ".attention"))]


def with_heads(model_class, original, pruned, names):
    """The original model with the attention of `pruned`, which has fewer heads."""
    model, tensors = load(model_class, original), read_tensors(pruned)
    for path, module in attentions(model):
        for name in names:
            owner, _, leaf = name.rpartition(".")
            setattr(module.get_submodule(owner), leaf, Parameter(tensors[f"{path}.{name}"]))
    return model


def test_prune_heads_gpt2(tmp_path, gpt2):
    """The model without heads computes what the model with silenced heads does."""
    out = cook("prune-heads-gpt2", tmp_path / "out", {"model": gpt2}, heads=GONE)
    wanted = read_tensors(gpt2)
    for name, tensor in wanted.items():
        if ".attn.c_attn." in name:
            parts = tensor.chunk(3, dim=-1)
            kept = [p.unflatten(-1, (HEADS, WIDTH))[..., KEPT, :].flatten(-2) for p in parts]
            wanted[name] = torch.cat(kept, dim=-1)
        elif name.endswith("attn.c_proj.weight"):
            wanted[name] = tensor.reshape(HEADS, WIDTH, 32)[KEPT].reshape(-1, 32)
    assert_equal(out, wanted)
    assert (read_config(out)["n_head"], read_config(out)["head_dim"]) == (len(KEPT), WIDTH)

    names = ["c_attn.weight", "c_attn.bias", "c_proj.weight"]
    pruned = with_heads(GPT2LMHeadModel, gpt2, out, names)
    for _, attention in attentions(pruned):
        attention.split_size = attention.c_attn.nf = len(KEPT) * WIDTH
        attention.c_attn.nf *= 3
    masked = cook("mask-heads-gpt2", tmp_path / "masked", {"model": gpt2}, heads=GONE)
    assert_same_function(logits(pruned), logits(load(GPT2LMHeadModel, masked)))


def test_prune_heads_neox(tmp_path, neox):
    out = cook("prune-heads-neox", tmp_path / "out", {"model": neox}, heads=GONE)
    wanted = read_tensors(neox)
    for name, tensor in wanted.items():
        if ".query_key_value." in name:
            wanted[name] = tensor.unflatten(0, (HEADS, 3 * WIDTH))[KEPT].flatten(0, 1)
        elif name.endswith("attention.dense.weight"):
            wanted[name] = tensor.unflatten(1, (HEADS, WIDTH))[:, KEPT].flatten(1)
    assert_equal(out, wanted)
    assert read_config(out)["num_attention_heads"] == len(KEPT)

    names = ["query_key_value.weight", "query_key_value.bias", "dense.weight"]
    pruned = with_heads(GPTNeoXForCausalLM, neox, out, names)
    masked = load(GPTNeoXForCausalLM, neox)
    for _, attention in attentions(masked):
        for head in GONE:
            attention.dense.weight.data[:, head * WIDTH : (head + 1) * WIDTH] = 0
    assert_same_function(logits(pruned), logits(masked))


def test_split_qkv_neox(tmp_path, neox):
    """The parts are what the model itself takes for q, k and v."""
    out = cook("split-qkv-neox", tmp_path / "out", {"model": neox})
    found, model = read_tensors(out), load(GPTNeoXForCausalLM, neox)
    source = read_tensors(neox)
    assert {n for n in found if "_proj" not in n} == {n for n in source if "query_key" not in n}
    layer = model.gpt_neox.layers[1].attention
    hidden = model.gpt_neox.embed_in(TOKENS)[0]
    fused = layer.query_key_value(hidden).view(-1, HEADS, 3 * WIDTH)  # as its forward views it
    for part, p in zip(fused.chunk(3, dim=-1), "qkv"):
        prefix = f"gpt_neox.layers.1.attention.{p}_proj"
        apart = hidden @ found[f"{prefix}.weight"].T + found[f"{prefix}.bias"]
        torch.testing.assert_close(apart.view(-1, HEADS, WIDTH), part)
    for i in range(3):
        prefix = f"gpt_neox.layers.{i}.attention"
        for kind in ("weight", "bias"):
            parts = [found[f"{prefix}.{p}_proj.{kind}"] for p in "qkv"]
            woven = torch.stack([x.unflatten(0, (HEADS, WIDTH)) for x in parts], dim=1)
            assert torch.equal(woven.flatten(0, 2), source[f"{prefix}.query_key_value.{kind}"])


@pytest.fixture(scope="module", params=[torch.float32, torch.bfloat16], ids=str)
def llama(request, tmp_path_factory):
    return models.llama(tmp_path_factory.mktemp("llama"), Saving(dtype=request.param, seed=13))


def is_key_or_value(name):
    return name.endswith(("k_proj.weight", "v_proj.weight"))


def test_repeat_kv_heads(tmp_path, llama):
    out = cook("repeat-kv-heads", tmp_path / "out", {"model": llama}, times=2)
    wanted = read_tensors(llama)
    for name in filter(is_key_or_value, wanted):
        tensor = wanted[name]
        wanted[name] = tensor.unflatten(0, (2, WIDTH)).repeat_interleave(2, dim=0).flatten(0, 1)
    assert_equal(out, wanted)
    assert_same_function(*(logits(load(LlamaForCausalLM, d)) for d in (out, llama)))


@pytest.mark.parametrize("kv_heads", [1, 2])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_merge_kv_heads(tmp_path, dtype, kv_heads):
    config = LlamaConfig(
        vocab_size=96,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=HEADS,
    )
    llama = make(tmp_path / "llama", LlamaForCausalLM(config), seed=14, dtype=dtype)
    out = cook("merge-kv-heads", tmp_path / "out", {"model": llama}, kv_heads=kv_heads)
    wanted = read_tensors(llama)
    for name in filter(is_key_or_value, wanted):
        # In float32 a mean of four depends on their order; in float64 it is rounded but once.
        heads = wanted[name].double().unflatten(0, (kv_heads, -1, WIDTH))
        wanted[name] = heads.mean(dim=1).flatten(0, 1).float().to(dtype)
    assert_equal(out, wanted)
    assert load(LlamaForCausalLM, out).config.num_key_value_heads == kv_heads


def test_merging_repeated_kv_heads_undoes_it(tmp_path, llama):
    repeated = cook("repeat-kv-heads", tmp_path / "repeated", {"model": llama}, times=2)
    out = cook("merge-kv-heads", tmp_path / "out", {"model": repeated}, kv_heads=2)
    assert_equal(out, read_tensors(llama))
