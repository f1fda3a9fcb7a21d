"""GPT-2 and GPT-NeoX."""

from transformers import GPT2Config, GPTNeoXConfig

from .case import Case, without


def gpt2(**changes):
    sizes = dict(
        vocab_size=32,
        n_positions=10,
        n_embd=12,
        n_layer=2,
        n_head=4,
        bos_token_id=1,
        eos_token_id=2,
    )
    return GPT2Config(**{**sizes, **changes})


def gpt_neox(**changes):
    sizes = dict(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=20,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=10,
    )
    return GPTNeoXConfig(**{**sizes, **changes})


def published_pythia(config):
    rope = config.pop("rope_parameters")
    config["rotary_pct"] = rope["partial_rotary_factor"]
    config["rotary_emb_base"] = rope["rope_theta"]
    config.pop("attention_bias")


def masks(prefix, attentions):
    """Of two layers, with ten positions."""

    def tensors(config):
        found = {}
        for attention in attentions:
            for i in range(2):
                found[f"{prefix}.{i}.{attention}.bias"] = [1, 1, 10, 10]
                found[f"{prefix}.{i}.{attention}.masked_bias"] = []
        return found

    return tensors


def files_of_pythia(config):
    frequencies = {f"gpt_neox.layers.{i}.attention.rotary_emb.inv_freq": [2] for i in range(2)}
    return masks("gpt_neox.layers", ["attention"])(config) | frequencies


CASES = {
    "gpt2": Case(
        "gpt2",
        gpt2(),
        rewrites={"published": without("n_inner", "add_cross_attention", "tie_word_embeddings")},
        also_read=("bare",),
        also_holds={"published": masks("transformer.h", ["attn"])},
    ),
    "gpt2_crossed": Case(
        "gpt2",
        gpt2(n_inner=20, add_cross_attention=True, tie_word_embeddings=False),
        also_holds={"published": masks("transformer.h", ["attn", "crossattention"])},
    ),
    "gpt_neox": Case(
        "gpt_neox",
        gpt_neox(),
        rewrites={"published": published_pythia},
        also_holds={"published": files_of_pythia},
    ),
    "gpt_neox_terse": Case(
        "gpt_neox",
        gpt_neox(max_position_embeddings=2048),
        rewrites={
            "terse": without("max_position_embeddings", "tie_word_embeddings", "rope_parameters")
        },
    ),
    "gpt_neox_tied": Case("gpt_neox", gpt_neox(tie_word_embeddings=True, attention_bias=False)),
}
