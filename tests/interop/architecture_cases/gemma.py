"""Gemma 1 to 3."""

from transformers import (
    AutoModelForImageTextToText,
    Gemma2Config,
    Gemma3Config,
    Gemma3TextConfig,
    GemmaConfig,
)

from .case import Case, without


def sized(kind, **changes):
    sizes = dict(
        vocab_size=32,
        hidden_size=12,
        intermediate_size=20,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=6,
        pad_token_id=0,
    )
    return kind(**{**sizes, **changes})


def gemma3(vision=None, text=None, **changes):
    """As the larger models on the hub: most of the text part is left to the defaults."""
    texts = dict(hidden_size=16, intermediate_size=20, num_hidden_layers=1, vocab_size=32)
    visions = dict(
        hidden_size=8,
        intermediate_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
        vision_use_head=False,
    )
    return Gemma3Config(
        text_config={**texts, **(text or {})},
        vision_config={**visions, **(vision or {})},
        **changes,
    )


def old_gemma3(config):
    """The spelling that configs on the hub have."""
    rope = config.pop("rope_parameters")
    config.pop("layer_types")
    config["sliding_window_pattern"] = 6
    config["rope_theta"] = rope["full_attention"]["rope_theta"]
    config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]


def minimal_gemma3(config):
    kept = ("hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size", "model_type")
    config["text_config"] = {key: config["text_config"][key] for key in kept}


def published_gemma3(config):
    minimal_gemma3(config)
    config.pop("tie_word_embeddings")
    config["vision_config"].pop("num_channels")


def null_tie(config):
    """Which is not the same as none at all."""
    config["tie_word_embeddings"] = None


# Sizes of the tower that the configs of its own library leave out.
DEFAULT_TOWER = dict(image_size=224, patch_size=16, num_hidden_layers=12, vision_use_head=True)
DEFAULT_WIDTHS = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12)

CASES = {
    "gemma": Case(
        "gemma",
        sized(GemmaConfig),
        rewrites={"published": without("tie_word_embeddings", "attention_bias")},
        by_names="llama",
    ),
    "gemma_untied": Case(
        "gemma",
        sized(GemmaConfig, tie_word_embeddings=False, attention_bias=True),
        by_names="llama",
    ),
    "gemma_default_head_dim": Case(
        "gemma",
        sized(GemmaConfig, head_dim=256),
        rewrites={"terse": without("head_dim")},
        by_names="llama",
    ),
    "gemma2": Case(
        "gemma2",
        sized(Gemma2Config),
        rewrites={"published": without("tie_word_embeddings", "attention_bias", "layer_types")},
    ),
    "gemma2_untied": Case(
        "gemma2", sized(Gemma2Config, tie_word_embeddings=False, attention_bias=True)
    ),
    "gemma2_default_head_dim": Case(
        "gemma2", sized(Gemma2Config, head_dim=256), rewrites={"terse": without("head_dim")}
    ),
    "gemma3": Case("gemma3_text", sized(Gemma3TextConfig), rewrites={"hub": old_gemma3}),
    "gemma3_untied": Case(
        "gemma3_text", sized(Gemma3TextConfig, tie_word_embeddings=False, attention_bias=True)
    ),
    "gemma3_default_vocabulary": Case(
        "gemma3_text",
        sized(Gemma3TextConfig, vocab_size=262208),
        rewrites={"terse": without("vocab_size", "tie_word_embeddings")},
    ),
    "gemma3_text_of_multimodal": Case(
        "gemma3_text",
        gemma3(),
        AutoModelForImageTextToText,
        spelling="multimodal",
        component="language_model.",
        rewrites={"minimal": minimal_gemma3},
        in_memory="multimodal_nested",
    ),
    # As the 4B.
    "gemma3_multimodal": Case(
        "gemma3",
        gemma3(),
        AutoModelForImageTextToText,
        spelling="flat_tower",
        rewrites={"published": published_gemma3},
        also_read=("", "nested"),
        in_memory="nested_flat_tower",
    ),
    # The outer tie_word_embeddings decides.
    "gemma3_multimodal_untied": Case(
        "gemma3",
        gemma3(
            text=dict(
                attention_bias=True,
                num_attention_heads=2,
                num_key_value_heads=1,
                head_dim=6,
                num_hidden_layers=2,
            ),
            tie_word_embeddings=False,
        ),
        AutoModelForImageTextToText,
        spelling="flat_tower",
        rewrites={"null": null_tie},
        also_read=("", "nested"),
        in_memory="nested_flat_tower",
    ),
    "gemma3_multimodal_default_tower": Case(
        "gemma3",
        gemma3(vision=DEFAULT_TOWER, text=dict(vocab_size=262208)),
        AutoModelForImageTextToText,
        spelling="flat_tower",
        rewrites={
            "terse": without(*DEFAULT_TOWER, "num_channels", under="vision_config"),
            "terse text": without("vocab_size", under="text_config"),
        },
        also_read=("",),
    ),
    "gemma3_multimodal_default_widths": Case(
        "gemma3",
        gemma3(vision=DEFAULT_WIDTHS),
        AutoModelForImageTextToText,
        spelling="flat_tower",
        rewrites={"terse": without(*DEFAULT_WIDTHS, under="vision_config")},
    ),
}
