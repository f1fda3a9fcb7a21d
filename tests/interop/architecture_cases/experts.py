"""Mixtures of experts with ordinary attention."""

from transformers import MixtralConfig, Qwen2MoeConfig, Qwen3MoeConfig

from .case import Case, without
from .dense import sized


def mixtral(**changes):
    return sized(MixtralConfig, num_local_experts=3, **changes)


def qwen3_moe(**changes):
    return sized(
        Qwen3MoeConfig,
        **{**dict(num_experts=3, num_experts_per_tok=2, moe_intermediate_size=6), **changes},
    )


def qwen2_moe(**changes):
    sizes = dict(
        num_experts=3,
        num_experts_per_tok=2,
        moe_intermediate_size=6,
        shared_expert_intermediate_size=10,
    )
    return sized(Qwen2MoeConfig, **{**sizes, **changes})


def terse_qwen2_moe(config):
    for key in ("mlp_only_layers", "decoder_sparse_step", "qkv_bias", "tie_word_embeddings"):
        config.pop(key)


def published_qwen3_moe(config):
    """On the hub the experts have the family's own key."""
    config["num_experts"] = config.pop("num_local_experts")


def terse_qwen3_moe(config):
    for key in ("mlp_only_layers", "decoder_sparse_step", "attention_bias", "tie_word_embeddings"):
        config.pop(key)


CASES = {
    # As the 8x7B.
    "mixtral": Case(
        "mixtral",
        mixtral(),
        rewrites={"published": without("head_dim", "tie_word_embeddings")},
        also_read=("mlp",),
        in_memory="fused",
    ),
    "mixtral_tied": Case("mixtral", mixtral(head_dim=6, tie_word_embeddings=True)),
    # As the A2.7B.
    "qwen2_moe": Case("qwen2_moe", qwen2_moe(), rewrites={"terse": terse_qwen2_moe}),
    # Layer 1 and 3 would have experts, were 3 not listed.
    "qwen2_moe_mixed": Case(
        "qwen2_moe",
        qwen2_moe(
            num_hidden_layers=4,
            decoder_sparse_step=2,
            mlp_only_layers=[3],
            qkv_bias=False,
            tie_word_embeddings=True,
            head_dim=6,
        ),
        in_memory="fused",
    ),
    # Experts were left out altogether.
    "qwen2_moe_dense": Case("qwen2_moe", qwen2_moe(num_experts=0), by_names="qwen2"),
    # As the 30B-A3B: experts everywhere, heads that are not hidden / heads wide.
    "qwen3_moe": Case(
        "qwen3_moe",
        qwen3_moe(head_dim=6),
        rewrites={"published": published_qwen3_moe, "terse": terse_qwen3_moe},
    ),
    # Layer 1 and 3 would have experts, were 3 not listed.
    "qwen3_moe_mixed": Case(
        "qwen3_moe",
        qwen3_moe(
            num_hidden_layers=4,
            decoder_sparse_step=2,
            mlp_only_layers=[3],
            attention_bias=True,
            tie_word_embeddings=True,
        ),
        rewrites={"published": published_qwen3_moe},
        in_memory="fused",
    ),
    # Experts were left out altogether.
    "qwen3_moe_dense": Case("qwen3_moe", qwen3_moe(num_experts=0), by_names="qwen3"),
}
