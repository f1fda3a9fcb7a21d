"""Small decoders of every family that `inarch logits` and `stats` run, and what torch makes of them."""

from pathlib import Path

import models
import torch
from transformers import AutoModelForCausalLM

SIZES = dict(
    vocab_size=97,
    hidden_size=32,
    intermediate_size=56,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=256,
)
LLAMA3 = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=16,
)
GEMMA = dict(SIZES, head_dim=16, attention_bias=False)
MIXTURE = dict(num_experts_per_tok=2, num_local_experts=5)
QWEN_MIXTURE = dict(num_experts=6, num_experts_per_tok=3, moe_intermediate_size=24)

# By the name of a case: the family, and its config.
CASES = {
    "llama": ("llama", SIZES),
    "llama-biased": (
        "llama",
        dict(SIZES, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, head_dim=10,
             rope_parameters=LLAMA3, rms_norm_eps=1e-5),
    ),
    "llama-linear": (
        "llama",
        dict(SIZES, num_key_value_heads=4,
             rope_parameters=dict(rope_type="linear", factor=4.0, rope_theta=5000.0)),
    ),
    "llama-yarn": (
        "llama",
        dict(SIZES, max_position_embeddings=128,
             rope_parameters=dict(rope_type="yarn", factor=8.0, rope_theta=1e4, beta_fast=6.0,
                                  original_max_position_embeddings=16)),
    ),
    "llama-dynamic": (
        "llama",
        dict(SIZES, rope_parameters=dict(rope_type="dynamic", factor=4.0, rope_theta=1e4)),
    ),
    "qwen2-yarn": (
        "qwen2",
        dict(SIZES, max_position_embeddings=64,
             rope_parameters=dict(rope_type="yarn", factor=4.0, rope_theta=1e6, mscale=0.7,
                                  mscale_all_dim=0.4, original_max_position_embeddings=16)),
    ),
    "mistral": ("mistral", dict(SIZES, sliding_window=7)),
    "mistral-wide": ("mistral", dict(SIZES, sliding_window=None, head_dim=12)),
    "qwen2": ("qwen2", dict(SIZES, tie_word_embeddings=True)),
    "qwen2-window": (
        "qwen2",
        dict(SIZES, use_sliding_window=True, sliding_window=5, max_window_layers=1),
    ),
    "qwen3": ("qwen3", dict(SIZES, head_dim=12)),
    "qwen3-biased": ("qwen3", dict(SIZES, head_dim=8, attention_bias=True, num_key_value_heads=1)),
    "gemma": ("gemma", GEMMA),
    "gemma-gelu": ("gemma", dict(GEMMA, num_key_value_heads=1, hidden_act="gelu")),
    "gemma2": ("gemma2", dict(GEMMA, sliding_window=6, query_pre_attn_scalar=24)),
    "gemma2-uncapped": (
        "gemma2",
        dict(GEMMA, attn_logit_softcapping=None, final_logit_softcapping=None, num_hidden_layers=2),
    ),
    "gemma3": (
        "gemma3_text",
        dict(GEMMA, num_hidden_layers=7, sliding_window=6, query_pre_attn_scalar=12),
    ),
    "gemma3-scaled": (
        "gemma3_text",
        dict(GEMMA, sliding_window=9, num_hidden_layers=4, final_logit_softcapping=5.0,
             layer_types=["full_attention", "sliding_attention"] * 2,
             rope_parameters={
                 "full_attention": dict(rope_type="linear", factor=8.0, rope_theta=1e6),
                 "sliding_attention": dict(rope_type="default", rope_theta=5000.0),
             }),
    ),
    "mixtral": ("mixtral", dict(SIZES, **MIXTURE)),
    "mixtral-window": ("mixtral", dict(SIZES, **MIXTURE, sliding_window=5)),
    "qwen3_moe": ("qwen3_moe", dict(SIZES, **QWEN_MIXTURE)),
    "qwen3_moe-mixed": (
        "qwen3_moe",
        dict(SIZES, **QWEN_MIXTURE, norm_topk_prob=True, mlp_only_layers=[1], head_dim=12),
    ),
}


def decoder(case, directory, dtype=torch.float32, seed=0):
    """Saves the model of a case; returns its directory."""
    from transformers import AutoConfig

    family, settings = CASES[case]
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(family, **settings))
    models.save(model, directory, models.Saving(dtype=dtype, seed=seed))
    return Path(directory)


def load(directory, dtype=torch.float32):
    return AutoModelForCausalLM.from_pretrained(
        directory, dtype=dtype, attn_implementation="eager", experts_implementation="eager"
    ).eval()


def sequences(vocabulary, lengths, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(vocabulary, (n,), generator=generator).tolist() for n in lengths]


@torch.no_grad()
def run(model, ids):
    """hidden_states, as one stack, and the logits of one sequence, in f32."""
    out = model(torch.tensor([ids]), output_hidden_states=True)
    return torch.stack([state[0].float() for state in out.hidden_states]), out.logits[0].float()
