"""Dense families with a Llama's layout, or nearly."""

from transformers import (
    LlamaConfig,
    MistralConfig,
    Olmo2Config,
    OlmoConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
)

from .case import Case, without


def sized(kind, **changes):
    """A small config; every size that a mistake could swap for another differs from it."""
    sizes = dict(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    return kind(**{**sizes, **changes})


def llama(**changes):
    sizes = dict(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    return LlamaConfig(**{**sizes, **changes})


def frequencies(config):
    return {f"model.layers.{i}.self_attn.rotary_emb.inv_freq": [2] for i in range(2)}


CASES = {
    "llama": Case("llama", llama()),
    "llama_tied": Case("llama", llama(tie_word_embeddings=True)),
    "llama_biased": Case("llama", llama(attention_bias=True, mlp_bias=True, head_dim=8)),
    "llama_old_config": Case(
        "llama",
        llama(num_key_value_heads=4),
        rewrites={
            "early": without(
                "num_key_value_heads", "head_dim", "attention_bias", "mlp_bias", "tie_word_embeddings"
            )
        },
        also_holds={"before transformers 4.32": frequencies},
    ),
    # As the 7B: head_dim follows from the others, and older configs do not say it.
    "mistral": Case(
        "mistral",
        sized(MistralConfig),
        rewrites={"published": without("head_dim", "tie_word_embeddings")},
        by_names="llama",
    ),
    # As Nemo, whose heads are not hidden / heads wide; tied as none published is.
    "mistral_tied": Case(
        "mistral",
        sized(MistralConfig, head_dim=6, tie_word_embeddings=True),
        by_names="llama",
    ),
    # As the 0.5B.
    "qwen2_tied": Case("qwen2", sized(Qwen2Config, tie_word_embeddings=True)),
    # As the 7B.
    "qwen2": Case(
        "qwen2", sized(Qwen2Config), rewrites={"terse": without("tie_word_embeddings")}
    ),
    "qwen2_head_dim": Case("qwen2", sized(Qwen2Config, head_dim=6)),
    "qwen3": Case(
        "qwen3",
        sized(Qwen3Config),
        rewrites={"terse": without("head_dim", "attention_bias", "tie_word_embeddings")},
    ),
    "qwen3_tied": Case("qwen3", sized(Qwen3Config, head_dim=6, tie_word_embeddings=True)),
    "qwen3_biased": Case("qwen3", sized(Qwen3Config, head_dim=6, attention_bias=True)),
    # As the mini: no grouped queries.
    "phi3": Case(
        "phi3",
        sized(Phi3Config, num_key_value_heads=4),
        rewrites={"early": without("num_key_value_heads", "tie_word_embeddings")},
    ),
    # As Phi 4 mini: grouped queries, tied.
    "phi3_grouped": Case("phi3", sized(Phi3Config, tie_word_embeddings=True)),
    "phi3_head_dim": Case("phi3", sized(Phi3Config, head_dim=6)),
    # As the 7B.
    "olmo": Case(
        "olmo",
        sized(OlmoConfig, num_key_value_heads=4),
        rewrites={
            "early": without("num_key_value_heads", "attention_bias", "tie_word_embeddings")
        },
    ),
    # As the 1B, with what none published has.
    "olmo_tied": Case(
        "olmo", sized(OlmoConfig, tie_word_embeddings=True, attention_bias=True, head_dim=6)
    ),
    "olmo2": Case(
        "olmo2",
        sized(Olmo2Config, num_key_value_heads=4),
        rewrites={
            "early": without("num_key_value_heads", "attention_bias", "tie_word_embeddings")
        },
    ),
    # As the 32B, with grouped queries; tied, biased and with a head_dim as none published is.
    "olmo2_grouped": Case(
        "olmo2", sized(Olmo2Config, tie_word_embeddings=True, attention_bias=True, head_dim=6)
    ),
}
