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
    config.pop("num_nextn_predict_layers")
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


def attention_of_v3(c):
    """Its names and shapes, below a layer's prefix."""
    heads, query = c["num_attention_heads"], c["qk_nope_head_dim"] + c["qk_rope_head_dim"]
    hidden, rank = c["hidden_size"], c["q_lora_rank"]
    queries = {"q_proj.weight": [heads * query, hidden]}
    if rank is not None:
        queries = {
            "q_a_proj.weight": [rank, hidden],
            "q_a_layernorm.weight": [rank],
            "q_b_proj.weight": [heads * query, rank],
        }
    kv = c["kv_lora_rank"]
    return queries | {
        "kv_a_proj_with_mqa.weight": [kv + c["qk_rope_head_dim"], hidden],
        "kv_a_layernorm.weight": [kv],
        "kv_b_proj.weight": [heads * (c["qk_nope_head_dim"] + c["v_head_dim"]), kv],
        "o_proj.weight": [hidden, heads * c["v_head_dim"]],
    }


def mlp(prefix, hidden, width, names=("gate_proj", "up_proj", "down_proj")):
    gate, up, down = (f"{prefix}.{name}.weight" for name in names)
    return {gate: [width, hidden], up: [width, hidden], down: [hidden, width]}


def next_layer_of_v3(c):
    """The layer that predicts the token after the next."""
    c["num_nextn_predict_layers"] = 2
    hidden, vocab, width = c["hidden_size"], c["vocab_size"], c["moe_intermediate_size"]
    experts = c["n_routed_experts"]
    layer = {f"self_attn.{name}": shape for name, shape in attention_of_v3(c).items()}
    layer |= {
        "embed_tokens.weight": [vocab, hidden],
        "enorm.weight": [hidden],
        "hnorm.weight": [hidden],
        "eh_proj.weight": [hidden, 2 * hidden],
        "input_layernorm.weight": [hidden],
        "post_attention_layernorm.weight": [hidden],
        "mlp.gate.weight": [experts, hidden],
        "mlp.gate.e_score_correction_bias": [experts],
        "shared_head.norm.weight": [hidden],
        "shared_head.head.weight": [vocab, hidden],
    }
    layer |= mlp("mlp.shared_experts", hidden, width * c["n_shared_experts"])
    for e in range(experts):
        layer |= mlp(f"mlp.experts.{e}", hidden, width)
    first = c["num_hidden_layers"]
    return {f"model.layers.{i}.{n}": s for i in (first, first + 1) for n, s in layer.items()}


def next_layer_of_v4(c):
    """As published: without `model.` before it, whatever the others have."""
    c["num_nextn_predict_layers"] = 1
    hidden, rank, width = c["hidden_size"], c["q_lora_rank"], c["moe_intermediate_size"]
    heads, dim, streams = c["num_attention_heads"], c["head_dim"], c["hc_mult"]
    groups, o_rank, experts = c["o_groups"], c["o_lora_rank"], c["n_routed_experts"]
    mixes = streams * streams + 2 * streams
    layer = {
        "e_proj.weight": [hidden, hidden],
        "h_proj.weight": [hidden, hidden],
        "hc_head_fn": [streams, streams * hidden],
        "hc_head_base": [streams],
        "hc_head_scale": [1],
        "attn.wq_a.weight": [rank, hidden],
        "attn.q_norm.weight": [rank],
        "attn.wq_b.weight": [heads * dim, rank],
        "attn.wkv.weight": [dim, hidden],
        "attn.kv_norm.weight": [dim],
        "attn.attn_sink": [heads],
        "attn.wo_a.weight": [groups * o_rank, heads * dim // groups],
        "attn.wo_b.weight": [hidden, groups * o_rank],
        "ffn.gate.weight": [experts, hidden],
        "ffn.gate.bias": [experts],
    }
    layer |= {f"{x}norm.weight": [hidden] for x in ("e", "h", "", "attn_", "ffn_")}
    for half in ("attn", "ffn"):
        layer |= {
            f"hc_{half}_fn": [mixes, streams * hidden],
            f"hc_{half}_base": [mixes],
            f"hc_{half}_scale": [3],
        }
    layer |= mlp("ffn.shared_experts", hidden, width, ("w1", "w3", "w2"))
    for e in range(experts):
        layer |= mlp(f"ffn.experts.{e}", hidden, width, ("w1", "w3", "w2"))
    return {f"mtp.0.{name}": shape for name, shape in layer.items()}


def stages_of_v4(config):
    config["num_nextn_predict_layers"] = 3
    return {f"mtp.{i}.attn_norm.weight": [config["hidden_size"]] for i in range(3)}


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
    "deepseek_v2_default_rank": Case(
        "deepseek_v2",
        latent(DeepseekV2Config, q_lora_rank=1536),
        rewrites={"terse": without("q_lora_rank")},
    ),
    "deepseek_v3": Case(
        "deepseek_v3",
        latent(DeepseekV3Config, n_shared_experts=1),
        rewrites={"published": without("tie_word_embeddings", "attention_bias")},
        also_holds={"published": next_layer_of_v3},
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
        also_holds={"published": next_layer_of_v3},
    ),
    "deepseek_v3_biased": Case("deepseek_v3", latent(DeepseekV3Config, attention_bias=True)),
    "deepseek_v3_default_rank": Case(
        "deepseek_v3",
        latent(DeepseekV3Config, q_lora_rank=1536),
        rewrites={"terse": without("q_lora_rank")},
    ),
    # As Flash: window only, then blocks of 4 and of 128 in turn.
    "deepseek_v4": Case(
        "deepseek_v4",
        deepseek_v4(compress_ratios=[0, 4, 128, 4], num_hash_layers=1),
        spelling="transformers",
        rewrites={"published": published_v4},
        also_read=("",),
        also_holds={"published": next_layer_of_v4, "stages": stages_of_v4},
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
