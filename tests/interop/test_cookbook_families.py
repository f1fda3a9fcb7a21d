"""recipes/cookbook: from one architecture, or one spelling of it, to another."""

import models
import pytest
import torch
from cookbook import assert_equal, assert_same_function, cook, load, logits, make
from models import Saving, read_config, read_tensors
from transformers import (
    LlamaForCausalLM,
    MixtralConfig,
    MixtralForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
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
