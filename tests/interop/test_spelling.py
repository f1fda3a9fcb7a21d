"""`spelling: usual`: mixtures as transformers has them in memory read as they are published."""

import mixtures
import pytest
import torch
from harness import build, write_recipe
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, MixtralConfig, MixtralForCausalLM, Qwen3MoeConfig, Qwen3MoeForCausalLM

COPY = """\
inarch: 1
sources: {{ m: {{ path: "{path}", spelling: usual, strict: true }} }}
tensors:
  - {{ from: "m:{{name...}}", to: "{{name}}" }}
output: {{ config: m }}
"""
SMALL = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=8)


def mixtral():
    return mixtures.fill(MixtralForCausalLM(MixtralConfig(**SMALL, num_local_experts=5)), 1)


def qwen():
    return mixtures.fill(Qwen3MoeForCausalLM(Qwen3MoeConfig(**SMALL, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24)), 2)


@pytest.mark.parametrize("make", [mixtral, qwen])
def test_experts_are_read_one_by_one(tmp_path, make):
    model = make().to(torch.bfloat16)
    model.save_pretrained(tmp_path / "usual")
    model.save_pretrained(tmp_path / "fused", save_original_format=False)
    usual, fused = (load_file(tmp_path / name / "model.safetensors") for name in ("usual", "fused"))
    assert set(usual) != set(fused)
    out = build(write_recipe(tmp_path, COPY.format(path=tmp_path / "fused")), tmp_path / "out")
    found = load_file(out / "model.safetensors")
    assert set(found) == set(usual)
    assert all(torch.equal(found[name], usual[name]) for name in usual)
    AutoModelForCausalLM.from_pretrained(out)
    same = build(write_recipe(tmp_path, COPY.format(path=tmp_path / "usual")), tmp_path / "same")
    again = load_file(same / "model.safetensors")
    assert all(torch.equal(found[name], again[name]) for name in usual)
