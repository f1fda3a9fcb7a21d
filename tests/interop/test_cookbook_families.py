"""recipes/cookbook: from one architecture, or one spelling of it, to another."""

import shutil

import models
import pytest
import torch
from cookbook import (
    TOKENS,
    assert_equal,
    assert_same_function,
    cook,
    load,
    logits,
    make,
    write_tensors,
)
from models import Saving, read_config, read_tensors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    Gemma3Config,
    Gemma3ForCausalLM,
    Gemma3ForConditionalGeneration,
    GemmaConfig,
    GemmaForCausalLM,
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    Qwen2ForCausalLM,
)

SIZES = dict(
    vocab_size=96,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=128,
)


@pytest.fixture(scope="module")
def llama(tmp_path_factory):
    return models.llama(tmp_path_factory.mktemp("llama"), Saving(dtype=torch.float32, seed=31))


@pytest.fixture(scope="module")
def phi3(tmp_path_factory):
    model = Phi3ForCausalLM(Phi3Config(pad_token_id=0, **SIZES))
    return make(tmp_path_factory.mktemp("phi3"), model, seed=32)


@pytest.fixture(scope="module")
def mixtral(tmp_path_factory):
    config = MixtralConfig(num_local_experts=5, num_experts_per_tok=3, **SIZES)
    return make(tmp_path_factory.mktemp("mixtral"), MixtralForCausalLM(config), seed=33)


def test_phi3_to_llama(tmp_path, phi3):
    out = cook("phi3-to-llama", tmp_path / "out", {"model": phi3})
    wanted = read_tensors(phi3)
    for i in range(3):
        layer = f"model.layers.{i}"
        parts = wanted.pop(f"{layer}.self_attn.qkv_proj.weight").split([32, 16, 16])
        wanted |= {f"{layer}.self_attn.{p}_proj.weight": x for p, x in zip("qkv", parts)}
        gate, up = wanted.pop(f"{layer}.mlp.gate_up_proj.weight").split(48)
        wanted |= {f"{layer}.mlp.gate_proj.weight": gate, f"{layer}.mlp.up_proj.weight": up}
    assert_equal(out, wanted)
    assert_same_function(logits(load(LlamaForCausalLM, out)), logits(load(Phi3ForCausalLM, phi3)))


def test_llama_to_phi3(tmp_path, llama, phi3):
    out = cook("llama-to-phi3", tmp_path / "out", {"model": llama})
    assert_same_function(logits(load(Phi3ForCausalLM, out)), logits(load(LlamaForCausalLM, llama)))
    # There and back again.
    back = cook("phi3-to-llama", tmp_path / "back", {"model": out})
    assert_equal(back, read_tensors(llama))


@pytest.mark.parametrize("std", [0.02, 0.0])
def test_upcycle_mixtral(tmp_path, llama, std):
    out = cook("upcycle-mixtral", tmp_path / "out", {"model": llama}, experts=3, router_std=std)
    wanted, found = read_tensors(llama), read_tensors(out)
    for i in range(4):
        block = f"model.layers.{i}.block_sparse_moe"
        for w, p in (("w1", "gate"), ("w2", "down"), ("w3", "up")):
            dense = wanted.pop(f"model.layers.{i}.mlp.{p}_proj.weight")
            wanted |= {f"{block}.experts.{e}.{w}.weight": dense for e in range(3)}
        router = found[f"{block}.gate.weight"]
        assert router.shape == (3, 32) and abs(router.std() - std) <= std / 4
        wanted[f"{block}.gate.weight"] = router
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(MixtralForCausalLM, out)), before)


@pytest.mark.parametrize("experts", [[0, 2, 4], [3, 1]])
def test_prune_experts_mixtral(tmp_path, mixtral, experts):
    out = cook("prune-experts-mixtral", tmp_path / "out", {"model": mixtral}, experts=experts)
    source = read_tensors(mixtral)
    wanted = {name: tensor for name, tensor in source.items() if "moe" not in name}
    for i in range(3):
        block = f"model.layers.{i}.block_sparse_moe"
        wanted[f"{block}.gate.weight"] = source[f"{block}.gate.weight"][experts]
        for new, old in enumerate(experts):
            for w in ("w1", "w2", "w3"):
                wanted[f"{block}.experts.{new}.{w}.weight"] = source[
                    f"{block}.experts.{old}.{w}.weight"
                ]
    assert_equal(out, wanted)
    assert read_config(out)["num_local_experts"] == len(experts)
    load(MixtralForCausalLM, out)


def test_gemma_to_llama(tmp_path):
    model = GemmaForCausalLM(GemmaConfig(head_dim=16, **SIZES))
    gemma = make(tmp_path / "gemma", model, seed=34)
    out = cook("gemma-to-llama", tmp_path / "out", {"model": gemma})
    wanted = read_tensors(gemma)
    embeddings = wanted["model.embed_tokens.weight"]
    for name, tensor in wanted.items():
        if tensor.dim() == 1:
            wanted[name] = 1 + tensor
    scaled = {"model.embed_tokens.weight": embeddings * 32**0.5, "lm_head.weight": embeddings}
    assert_equal(out, wanted | scaled)
    before = logits(load(GemmaForCausalLM, gemma))
    assert_same_function(logits(load(LlamaForCausalLM, out)), before)


def test_llama_to_gemma(tmp_path, llama):
    out = cook("llama-to-gemma", tmp_path / "out", {"model": llama})
    wanted = read_tensors(llama)
    for name, tensor in wanted.items():
        if tensor.dim() == 1:
            wanted[name] = tensor - 1
    wanted["model.embed_tokens.weight"] *= 32**-0.5
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(GemmaForCausalLM, out)), before)


def test_llama_to_qwen2(tmp_path, llama):
    out = cook("llama-to-qwen2", tmp_path / "out", {"model": llama})
    wanted = read_tensors(llama)
    for i in range(4):
        attention = f"model.layers.{i}.self_attn"
        for p, size in zip("qkv", (32, 16, 16)):
            wanted[f"{attention}.{p}_proj.bias"] = torch.zeros(size)
    assert_equal(out, wanted)
    before = logits(load(LlamaForCausalLM, llama))
    assert_same_function(logits(load(Qwen2ForCausalLM, out)), before)


def attention_scores(q, k, rotate):
    """q and k of [position, heads, size], rotated and multiplied."""
    q, k = rotate(q), rotate(k.repeat_interleave(2, dim=1))
    return torch.einsum("qhd,khd->hqk", q, k)


def rotated_by_pairs(x):
    """Rotary embeddings as Meta computes them: neighbours are a complex number."""
    positions, _, size = x.shape
    speeds = 10000 ** -(torch.arange(0, size, 2) / size)
    angles = torch.outer(torch.arange(positions), speeds)
    turn = torch.polar(torch.ones_like(angles), angles)
    z = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
    return torch.view_as_real(z * turn[:, None]).flatten(-2)


def rotated_by_halves(x):
    """The same as transformers computes them: entries half a head apart."""
    pairs = torch.stack(x.chunk(2, dim=-1), dim=-1).flatten(-2)
    return rotated_by_pairs(pairs).unflatten(-1, (-1, 2)).mT.flatten(-2)


def test_llama_hf_to_meta(tmp_path, llama):
    meta = cook("llama-hf-to-meta", tmp_path / "meta", {"model": llama})
    found, source = read_tensors(meta), read_tensors(llama)
    assert len(found) == len(source)
    for ours, theirs in (("tok_embeddings", "model.embed_tokens"), ("output", "lm_head")):
        assert torch.equal(found[f"{ours}.weight"], source[f"{theirs}.weight"])
    hidden = source["model.embed_tokens.weight"][TOKENS[0]]

    def projected(w):
        return (hidden @ w.T).unflatten(-1, (-1, 8))

    for i in range(4):
        one, other = f"layers.{i}.", f"model.layers.{i}."
        same = {"feed_forward.w1": "mlp.gate_proj", "feed_forward.w2": "mlp.down_proj"}
        same |= {"feed_forward.w3": "mlp.up_proj", "attention_norm": "input_layernorm"}
        same |= {"attention.wv": "self_attn.v_proj", "attention.wo": "self_attn.o_proj"}
        same |= {"ffn_norm": "post_attention_layernorm"}
        for ours, theirs in same.items():
            assert torch.equal(found[f"{one}{ours}.weight"], source[f"{other}{theirs}.weight"])
        # Each code rotates the order it knows, and attends alike.
        q, k = (projected(found[f"{one}attention.w{p}.weight"]) for p in "qk")
        theirs = [projected(source[f"{other}self_attn.{p}_proj.weight"]) for p in "qk"]
        scores = attention_scores(q, k, rotated_by_pairs)
        torch.testing.assert_close(scores, attention_scores(*theirs, rotated_by_halves))
        assert not torch.allclose(scores, attention_scores(*theirs, rotated_by_pairs))


def test_llama_meta_to_hf(tmp_path, llama):
    """There is and back again; what is there is tested above."""
    meta = cook("llama-hf-to-meta", tmp_path / "meta", {"model": llama})
    config = str(llama / "config.json")
    out = cook("llama-meta-to-hf", tmp_path / "out", {"meta": meta}, config=config)
    assert_equal(out, read_tensors(llama))
    load(LlamaForCausalLM, out)


def test_rename_gamma_beta(tmp_path):
    sizes = dict(SIZES, max_position_embeddings=32)
    sizes.pop("num_key_value_heads")
    new = make(tmp_path / "new", BertForMaskedLM(BertConfig(**sizes)), seed=35)

    def old_name(name):
        norm, _, last = name.rpartition(".")
        return f"{norm}.{dict(weight='gamma', bias='beta')[last]}" if "LayerNorm" in name else name

    tensors = read_tensors(new)
    old = write_tensors(tmp_path / "old", {old_name(n): x for n, x in tensors.items()})
    shutil.copy(new / "config.json", old)
    out = cook("rename-gamma-beta", tmp_path / "out", {"model": old})
    assert_equal(out, tensors)
    assert torch.equal(*(logits(load(BertForMaskedLM, d)) for d in (out, new)))


def test_gemma3_text(tmp_path):
    text = dict(SIZES, head_dim=16, query_pre_attn_scalar=24, sliding_window=4)
    text |= dict(num_hidden_layers=7, rms_norm_eps=1e-5)
    vision = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=1, num_attention_heads=2)
    media = dict(image_token_index=90, boi_token_index=91, eoi_token_index=92)
    config = Gemma3Config(
        text_config=text,
        vision_config=dict(vision, image_size=28, patch_size=14),
        mm_tokens_per_image=4,
        **media,
    )
    model = make(tmp_path / "model", Gemma3ForConditionalGeneration(config), seed=36)
    out = cook("gemma3-text", tmp_path / "out", {"model": model})
    prefix = "language_model."
    source = read_tensors(model).items()
    assert_equal(out, {n.removeprefix(prefix): x for n, x in source if n.startswith(prefix)})
    before = logits(load(Gemma3ForConditionalGeneration, model))
    assert_same_function(logits(load(Gemma3ForCausalLM, out)), before)
