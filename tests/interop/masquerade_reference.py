"""What recipes/deepseek-v4-as-v2.yaml must yield, computed with torch.

It is written from the description of the two architectures and shares nothing with the recipe.
"""

import re

import models
import torch
from deepseek_v4_published import scale_of, values

NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "attn.wq_a": "self_attn.q_a_proj",
    "attn.q_norm": "self_attn.q_a_layernorm",
    "attn.wq_b": "self_attn.q_b_proj",
    "attn.wkv": "self_attn.kv_a_proj_with_mqa",
    "ffn.gate": "mlp.gate",
}
PROJECTIONS = {"w1": "gate_proj", "w3": "up_proj", "w2": "down_proj"}
TOP = {"embed": "model.embed_tokens", "norm": "model.norm", "head": "lm_head"}


def bf16(tensor):
    return tensor.to(torch.float32).to(torch.bfloat16)


def renamed(name):
    """The V2 name of a tensor that moves as it is, or None."""
    module, _, last = name.rpartition(".")
    if module in TOP:
        return f"{TOP[module]}.{last}"
    match = re.fullmatch(r"layers\.(\d+)\.(.+)", module)
    if not match or last == "bias" and match[2] == "ffn.gate":
        return None
    layer = f"model.layers.{match[1]}"
    if match[2] in NAMES and last == "weight":
        return f"{layer}.{NAMES[match[2]]}.{last}"
    expert = re.fullmatch(r"ffn\.(experts\.\d+|shared_experts)\.(w[123])", match[2])
    return f"{layer}.mlp.{expert[1]}.{PROJECTIONS[expert[2]]}.{last}" if expert else None


def kv_b(heads, latent, value):
    """The same latent to every head: as its key, and as its value, which is longer."""
    key = torch.eye(latent)
    padded = torch.cat([key, torch.zeros(value - latent, latent)])
    return torch.cat([key, padded] * heads).to(torch.bfloat16)


def output_projection(a, b, groups):
    """wo_b times the block diagonal of the groups' parts of wo_a."""
    diagonal = torch.block_diag(*a.double().chunk(groups))
    return (b.double() @ diagonal).to(torch.float32).to(torch.bfloat16)


def plain(tensors, config):
    """The tensors as values, where they are in FP8 and FP4."""
    said = config.get("quantization_config")
    if not said:
        return tensors
    scales = {scale_of(name, tensors) for name in tensors}
    block = said["weight_block_size"]
    return {
        name: values(name, tensors, block).float() if scale_of(name, tensors) else tensor
        for name, tensor in tensors.items()
        if name not in scales
    }


def reference(v4, rope):
    """Every tensor of the result, where RoPE turns `rope` numbers of each head."""
    config = models.read_config(v4)
    tensors = plain(models.read_tensors(v4), config)
    out = {}
    for name, tensor in tensors.items():
        if name.startswith("mtp."):
            continue
        if new := renamed(name):
            out[new] = bf16(tensor)
    heads, head_dim = config["num_attention_heads"], config["head_dim"]
    for i in range(config["num_hidden_layers"]):
        old, new = f"layers.{i}.attn", f"model.layers.{i}.self_attn"
        norm = tensors[f"{old}.kv_norm.weight"]
        out[f"{new}.kv_a_layernorm.weight"] = bf16(norm[: head_dim - rope])
        out[f"{new}.kv_b_proj.weight"] = kv_b(heads, head_dim - rope, head_dim)
        out[f"{new}.o_proj.weight"] = output_projection(
            tensors[f"{old}.wo_a.weight"], tensors[f"{old}.wo_b.weight"], config["o_groups"]
        )
    return out
