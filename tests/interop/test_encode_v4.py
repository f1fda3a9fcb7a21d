"""A DeepSeek V4 in FP8 and FP4, as it is published: encoded here, and read by transformers."""

import deepseek_v4
import models
import pytest
import torch
from harness import build, write_recipe
from transformers import DeepseekV4ForCausalLM

TOKENS = torch.tensor([[3, 17, 5, 40, 8, 61, 2, 9, 30, 7]])

# Matrices are whole blocks of 32, where transformers' decoding on a CPU is right.
SIZES = dict(
    hidden_size=128,
    moe_intermediate_size=64,
    head_dim=32,
    qk_rope_head_dim=8,
    q_lora_rank=32,
    o_lora_rank=32,
    n_routed_experts=4,
)

ENCODED = """\
inarch: 1
name: v4-in-fp8-and-fp4
sources: {{ base: {{ path: "{base}" }} }}
target: deepseek_v4
tensors:
  - from: "base:layers.{{i}}.ffn.experts.{{e}}.{{w}}.weight"
    to: "layers.{{i}}.ffn.experts.{{e}}.{{w}}.weight"
    encode: mxfp4
  - from: "base:layers.{{i}}.ffn.shared_experts.{{w}}.weight"
    to: "layers.{{i}}.ffn.shared_experts.{{w}}.weight"
    encode: {{ fp8: {{ block: [32, 32], scales: e8m0 }} }}
  - from: "base:layers.{{i}}.attn.{{w}}.weight"
    to: "layers.{{i}}.attn.{{w}}.weight"
    where: w in [wq_a, wq_b, wkv, wo_a, wo_b]
    encode: {{ fp8: {{ block: [32, 32], scales: e8m0 }} }}
  - from: "base:layers.{{i}}.attn.indexer.wq_b.weight"
    to: "layers.{{i}}.attn.indexer.wq_b.weight"
    encode: {{ fp8: {{ block: [32, 32], scales: e8m0 }} }}
  - {{ from: "base:{{name...}}", to: "{{name}}", rest: true }}
output: {{ config: base }}
"""

DECODED = """\
inarch: 1
name: v4-decoded
sources: {{ base: {{ path: "{base}" }} }}
tensors: [ {{ from: "base:{{name...}}", to: "{{name}}", rest: true }} ]
output: {{ config: base, encode: none }}
"""


def logits(path):
    model, report = DeepseekV4ForCausalLM.from_pretrained(
        path, dtype=torch.bfloat16, output_loading_info=True
    )
    assert not any(report[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    with torch.no_grad():
        return model(TOKENS).logits.float()


@pytest.fixture(scope="module")
def encoded(tmp_path_factory):
    directory = tmp_path_factory.mktemp("v4")
    kind = deepseek_v4.V4(changes=SIZES, spelling=deepseek_v4.published, seed=4)
    base = deepseek_v4.make(directory / "base", kind)
    recipe = write_recipe(directory, ENCODED.format(base=base))
    return build(recipe, directory / "out")


def test_dtypes_and_config(encoded):
    tensors = models.read_tensors(encoded)
    assert tensors["layers.0.ffn.experts.1.w2.weight"].dtype == torch.int8
    assert tensors["layers.0.ffn.experts.1.w2.weight"].shape == (128, 32)
    assert tensors["layers.0.ffn.experts.1.w2.scale"].shape == (128, 2)
    assert tensors["layers.0.attn.wq_b.weight"].dtype == torch.float8_e4m3fn
    assert tensors["layers.0.attn.wq_b.scale"].dtype == torch.float8_e8m0fnu
    config = models.read_config(encoded)
    assert config["expert_dtype"] == "fp4"
    entry = config["quantization_config"]
    assert entry["quant_method"] == "fp8" and entry["scale_fmt"] == "ue8m0"
    assert entry["weight_block_size"] == [32, 32]


def test_loads_as_its_decoded_self(encoded, tmp_path):
    decoded = build(write_recipe(tmp_path, DECODED.format(base=encoded)), tmp_path / "out")
    config = models.read_config(decoded)
    assert "quantization_config" not in config and "expert_dtype" not in config
    torch.testing.assert_close(logits(encoded), logits(decoded), rtol=0.02, atol=0.02)
