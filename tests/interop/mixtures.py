"""Small mixtures of experts, and dense models that become some, with values that show a mistake."""

import json
from pathlib import Path

import torch
from transformers import (
    DeepseekV2Config,
    DeepseekV2ForCausalLM,
    DeepseekV3Config,
    DeepseekV3ForCausalLM,
    GemmaConfig,
    GemmaForCausalLM,
)

DEEPSEEK = dict(
    vocab_size=128,
    hidden_size=32,
    intermediate_size=48,
    moe_intermediate_size=24,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=4,
    kv_lora_rank=8,
    qk_rope_head_dim=4,
    v_head_dim=8,
    qk_nope_head_dim=8,
    first_k_dense_replace=1,
    max_position_embeddings=64,
)
V3 = dict(DEEPSEEK, n_shared_experts=1, n_routed_experts=16, q_lora_rank=12, n_group=4, topk_group=2, num_experts_per_tok=4)
V2 = dict(DEEPSEEK, n_shared_experts=2, n_routed_experts=8, q_lora_rank=None, n_group=1, topk_group=1, num_experts_per_tok=3)
GEMMA = dict(
    vocab_size=96,
    hidden_size=40,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=8,
    max_position_embeddings=64,
)


def fill(model, seed):
    """Random weights, norms about where they begin, and a bias of the router's choice."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if not tensor.is_floating_point() or "inv_freq" in name or "embed_scale" in name:
                continue
            noise = torch.randn(tensor.shape, generator=generator)
            if "norm" in name:
                tensor.add_(0.1 * noise)
            else:
                tensor.copy_((0.01 if "e_score" in name else 0.08) * noise)
    return model


def deepseek_v3(directory, seed=0, dtype=torch.bfloat16, **changes):
    model = fill(DeepseekV3ForCausalLM(DeepseekV3Config(**{**V3, **changes})), seed).to(dtype)
    for name, buffer in model.named_buffers():
        if "e_score" in name:  # as it is published
            buffer.data = buffer.data.float()
    model.save_pretrained(directory)
    return Path(directory)


def deepseek_v2(directory, seed=0, dtype=torch.bfloat16, **changes):
    fill(DeepseekV2ForCausalLM(DeepseekV2Config(**{**V2, **changes})), seed).to(dtype).save_pretrained(directory)
    return Path(directory)


def gemma(directory, seed=0, dtype=torch.bfloat16, **changes):
    fill(GemmaForCausalLM(GemmaConfig(**{**GEMMA, **changes})), seed).to(dtype).save_pretrained(directory)
    return Path(directory)


def write_json(path, value):
    Path(path).write_text(json.dumps(value))
    return path


def counts_of(layers, experts, seed=0):
    """{layer: [how often each expert was used]}, all different."""
    generator = torch.Generator().manual_seed(seed)
    return {str(i): (7 * torch.randperm(experts, generator=generator) + 1).tolist() for i in layers}


def groups_of(layers, experts, groups, seed=0):
    """{layer: [[experts of group 0], …]}, another division in every layer."""
    generator = torch.Generator().manual_seed(seed)
    division = {}
    for i in layers:
        order = torch.randperm(experts, generator=generator).tolist()
        size = experts // groups
        division[str(i)] = [order[k * size : (k + 1) * size] for k in range(groups)]
    return division
