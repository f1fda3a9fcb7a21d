"""Encoded models that transformers loads: copies give the same logits, and so do decoded ones.

transformers decodes FP8 on a CPU in blocks of rows / scales, which is wrong at edges: sides here are
multiples of the block or within one.
"""

import json
from pathlib import Path

import deepseek_v4
import models
import pytest
import torch
from deepseek_v4_published import scale_of
from harness import build, write_recipe
from models import read_config, read_tensors
from safetensors.torch import save_file
from transformers import (
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    FineGrainedFP8Config,
    LlamaConfig,
    LlamaForCausalLM,
)

TOKENS = torch.tensor([[3, 1, 4, 1, 5, 9, 2, 6]])


def llama(directory):
    config = LlamaConfig(
        vocab_size=96,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=64,
    )
    models.save(LlamaForCausalLM(config), directory, models.Saving(seed=5))
    return Path(directory)


def logits(directory, **options):
    model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.bfloat16, **options)
    with torch.no_grad():
        return model.eval()(TOKENS).logits


def recipe(directory, source, decoded=()):
    """Copies `source`, but for the tensors to be decoded."""
    rules = "".join(f'  - {{ from: "a:{n}", to: "{n}", dtype: bf16 }}\n' for n in decoded)
    text = f"""\
inarch: 1
name: copy
sources: {{ a: {{ path: "{source}" }} }}
tensors:
{rules}  - {{ from: "a:{{name...}}", to: "{{name}}", rest: true }}
output:
  config: {{ from: a{", remove: [quantization_config]" if decoded else ""} }}
"""
    return write_recipe(directory, text, f"{len(decoded)}.yaml")


def check_both_ways(source, tmp_path, encoded, **options):
    expected = logits(source, **options)
    copied = build(recipe(tmp_path, source), tmp_path / "copied")
    assert torch.equal(logits(copied, **options), expected)
    decoded = build(recipe(tmp_path, source, encoded), tmp_path / "decoded")
    assert "quantization_config" not in read_config(decoded)
    assert not any(name.endswith((".absmax", ".scale", "_inv")) for name in read_tensors(decoded))
    return expected, logits(decoded)


@pytest.mark.parametrize("kind", ["nf4", "fp4"])
@pytest.mark.parametrize("nested", [False, True])
def test_bitsandbytes(kind, nested, tmp_path):
    quantisation = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=kind,
        bnb_4bit_use_double_quant=nested,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    whole = llama(tmp_path / "whole")
    model = AutoModelForCausalLM.from_pretrained(
        whole, quantization_config=quantisation, dtype=torch.bfloat16
    )
    model.save_pretrained(tmp_path / "source")
    names = read_tensors(tmp_path / "source")
    encoded = [name for name in names if f"{name}.absmax" in names]
    assert len(encoded) == 14
    expected, decoded = check_both_ways(tmp_path / "source", tmp_path, encoded)
    # A kernel multiplies by codes in an order of its own.
    assert torch.allclose(decoded, expected, atol=0.1, rtol=0.05)


def fp8(matrix, block):
    """Codes and scales of blocks."""
    rows, columns = (-(-size // block) for size in matrix.shape)
    codes = torch.zeros(matrix.shape, dtype=torch.float8_e4m3fn)
    scales = torch.ones(rows, columns)
    for r in range(rows):
        for c in range(columns):
            part = (slice(r * block, (r + 1) * block), slice(c * block, (c + 1) * block))
            scales[r, c] = matrix[part].float().abs().max() / 448
            codes[part] = (matrix[part].float() / scales[r, c]).to(torch.float8_e4m3fn)
    return codes, scales


def quantised(directory, config):
    """The config of a checkpoint, with how it is quantised."""
    path = Path(directory) / "config.json"
    path.write_text(json.dumps(read_config(directory) | config))


def test_fp8_of_deepseek_v3(tmp_path):
    source = llama(tmp_path / "source")
    tensors = read_tensors(source)
    encoded = [name for name in tensors if "_proj" in name]
    for name in encoded:
        tensors[name], tensors[f"{name}_scale_inv"] = fp8(tensors[name], 128)
    save_file(tensors, source / "model.safetensors", metadata={"format": "pt"})
    quantised(
        source, {"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 128]}}
    )
    options = {"quantization_config": FineGrainedFP8Config(dequantize=True)}
    expected, decoded = check_both_ways(source, tmp_path, encoded, **options)
    assert torch.equal(decoded, expected)


V4 = {
    "hidden_size": 128,
    "moe_intermediate_size": 64,
    "head_dim": 32,
    "qk_rope_head_dim": 8,
    "q_lora_rank": 32,
    "o_lora_rank": 16,
}


def test_deepseek_v4_as_published(tmp_path):
    kind = deepseek_v4.V4(V4, deepseek_v4.published, block=(128, 128), seed=3)
    source = deepseek_v4.make(tmp_path / "source", kind)
    tensors = read_tensors(source)
    encoded = [name for name in tensors if scale_of(name, tensors)]
    options = {"quantization_config": FineGrainedFP8Config(dequantize=True)}
    expected, decoded = check_both_ways(source, tmp_path, encoded, **options)
    assert torch.equal(decoded, expected)
