"""DeepSeek V2 to V4."""

from transformers import DeepseekV2Config, DeepseekV3Config, DeepseekV4Config

from .case import Case, without


def latent(kind, **changes):
    sizes = dict(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=20,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        kv_lora_rank=10,
        q_lora_rank=7,
        qk_nope_head_dim=4,
        qk_rope_head_dim=2,
        v_head_dim=6,
        moe_intermediate_size=5,
        n_routed_experts=4,
        n_shared_experts=2,
        num_experts_per_tok=2,
        first_k_dense_replace=1,
        n_group=2,
        topk_group=1,
    )
    return kind(**{**sizes, **changes})


def deepseek_v4(**changes):
    sizes = dict(
        vocab_size=32,
        hidden_size=16,
        moe_intermediate_size=6,
        num_hidden_layers=4,
        num_attention_heads=4,
        head_dim=8,
        qk_rope_head_dim=4,
        q_lora_rank=10,
        o_lora_rank=5,
        o_groups=2,
        n_routed_experts=3,
        num_experts_per_tok=2,
        index_n_heads=3,
        index_head_dim=6,
        index_topk=4,
        hc_mult=2,
    )
    return DeepseekV4Config(**{**sizes, **changes})


RATIOS = {
    "sliding_attention": 0,
    "compressed_sparse_attention": 4,
    "heavily_compressed_attention": 128,
}


def published_v4(config):
    """Ratios in place of kinds, with one more for the layer that predicts further tokens."""
    config["compress_ratios"] = [RATIOS[kind] for kind in config.pop("layer_types")] + [0]
    config["num_hash_layers"] = config.pop("mlp_layer_types").count("hash_moe")
    config.pop("compress_rates")
    config.pop("tie_word_embeddings")
    config.pop("mlp_bias")


def defaults_of_v4(config):
    """The kinds of layers that follow from their number alone."""
    config.pop("layer_types")
    config.pop("mlp_layer_types")


def rates_of_v4(config):
    """The keys of older configs, which win over the newer ones."""
    config["compress_rate_csa"] = config["compress_rates"]["compressed_sparse_attention"]
    config["compress_rate_hca"] = config["compress_rates"]["heavily_compressed_attention"]
    config["compress_rates"] = {
        "compressed_sparse_attention": 7,
        "heavily_compressed_attention": 9,
    }


CASES = {
    "deepseek_v2": Case(
        "deepseek_v2",
        latent(DeepseekV2Config),
        rewrites={"published": without("mlp_bias", "tie_word_embeddings", "attention_bias")},
        in_memory="fused",
    ),
    # As the Lite: queries are not compressed. Biased and tied as none published is.
    "deepseek_v2_lite": Case(
        "deepseek_v2",
        latent(
            DeepseekV2Config,
            q_lora_rank=None,
            attention_bias=True,
            mlp_bias=True,
            tie_word_embeddings=True,
        ),
    ),
    "deepseek_v2_biased": Case(
        "deepseek_v2", latent(DeepseekV2Config, attention_bias=True, first_k_dense_replace=0)
    ),
    "deepseek_v3": Case(
        "deepseek_v3",
        latent(DeepseekV3Config, n_shared_experts=1),
        rewrites={"published": without("tie_word_embeddings", "attention_bias")},
        in_memory="fused",
    ),
    "deepseek_v3_uncompressed": Case(
        "deepseek_v3",
        latent(
            DeepseekV3Config,
            q_lora_rank=None,
            first_k_dense_replace=2,
            attention_bias=True,
            tie_word_embeddings=True,
        ),
        rewrites={"terse": without("num_nextn_predict_layers")},
    ),
    "deepseek_v3_biased": Case("deepseek_v3", latent(DeepseekV3Config, attention_bias=True)),
    # As Flash: window only, then blocks of 4 and of 128 in turn.
    "deepseek_v4": Case(
        "deepseek_v4",
        deepseek_v4(compress_ratios=[0, 4, 128, 4], num_hash_layers=1),
        spelling="transformers",
        rewrites={"published": published_v4},
        also_read=("",),
        in_memory="in_memory",
    ),
    # As Pro: two layers with blocks of 128 first, three that choose by a table.
    "deepseek_v4_by_default": Case(
        "deepseek_v4",
        deepseek_v4(
            compress_rates={"compressed_sparse_attention": 3, "heavily_compressed_attention": 5},
            mlp_bias=True,
            tie_word_embeddings=True,
        ),
        spelling="transformers",
        rewrites={"defaults": defaults_of_v4, "rates": rates_of_v4},
        also_read=("",),
        in_memory="in_memory",
    ),
}
