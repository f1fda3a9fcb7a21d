"""Gemma 4: dense, with experts, with per-layer embeddings; vision and audio; both spellings of configs."""

from transformers import (
    AutoModelForImageTextToText,
    Gemma4AudioConfig,
    Gemma4Config,
    Gemma4TextConfig,
    Gemma4VisionConfig,
)

from .case import Case, without


def gemma4_text(**changes):
    sizes = dict(
        vocab_size=32,
        vocab_size_per_layer_input=24,
        hidden_size=12,
        intermediate_size=20,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=4,
        global_head_dim=8,
        hidden_size_per_layer_input=0,
        pad_token_id=0,
    )
    return Gemma4TextConfig(**{**sizes, **changes})


def gemma4_vision(**changes):
    sizes = dict(
        hidden_size=10,
        intermediate_size=14,
        num_hidden_layers=2,
        num_attention_heads=5,
        num_key_value_heads=1,
        head_dim=8,
        patch_size=4,
        position_embedding_size=6,
    )
    return Gemma4VisionConfig(**{**sizes, **changes})


def gemma4_audio(**changes):
    sizes = dict(
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        subsampling_conv_channels=[9, 6],
        output_proj_dims=20,
        conv_kernel_size=3,
    )
    return Gemma4AudioConfig(**{**sizes, **changes})


def gemma4(text, vision=None, audio=None, **changes):
    return Gemma4Config(text_config=text, vision_config=vision, audio_config=audio, **changes)


def hub_gemma4(head_dim=8, kv_heads=None):
    def rewrite(config):
        text = config.get("text_config", config)
        del text["per_layer_config"]
        text["global_head_dim"] = head_dim
        text["num_global_key_value_heads"] = kv_heads

    return rewrite


def both_spellings(config):
    """per_layer_config wins over what contradicts it."""
    text = config.get("text_config", config)
    text["global_head_dim"] = 64
    text["num_global_key_value_heads"] = 1


def without_layer_types(config):
    config.get("text_config", config).pop("layer_types")


def keys_and_values_of_e2b(config):
    """Of the layers that share those of others."""
    text = config["text_config"]
    tensors = {}
    for i in (3, 4, 5):
        dim = 8 if i == 5 else 4
        prefix = f"model.language_model.layers.{i}.self_attn"
        for name in "kv":
            tensors[f"{prefix}.{name}_proj.weight"] = [dim, text["hidden_size"]]
            tensors[f"{prefix}.{name}_norm.weight"] = [dim]
    return tensors


# What configs leave out when it is as in the library's defaults.
DEFAULT_TEXT = dict(
    num_attention_heads=8,
    num_key_value_heads=4,
    head_dim=256,
    global_head_dim=512,
    hidden_size_per_layer_input=256,
)
DEFAULT_VOCABULARIES = dict(vocab_size=262144, vocab_size_per_layer_input=262144)
DEFAULT_VISION = dict(num_hidden_layers=16, patch_size=16, position_embedding_size=10240)
DEFAULT_VISION_WIDTHS = dict(
    hidden_size=768,
    intermediate_size=3072,
    num_attention_heads=12,
    num_key_value_heads=12,
    head_dim=64,
)
DEFAULT_AUDIO = dict(
    num_hidden_layers=12,
    num_attention_heads=8,
    subsampling_conv_channels=[128, 32],
    output_proj_dims=1536,
    conv_kernel_size=5,
)


def terse_text(config):
    for key in (*DEFAULT_TEXT, "tie_word_embeddings", "attention_bias", "attention_k_eq_v"):
        config.pop(key, None)
    for key in ("per_layer_config", "num_kv_shared_layers", "enable_moe_block"):
        config.pop(key)


def terse_towers(config):
    without(*DEFAULT_VISION, "use_clipped_linears", "standardize", under="vision_config")(config)
    without(*DEFAULT_AUDIO, "use_clipped_linears", under="audio_config")(config)


def terse_widths(config):
    without(*DEFAULT_VISION_WIDTHS, under="vision_config")(config)
    config["audio_config"].pop("hidden_size")


CASES = {
    # As the 31B: values are keys in full layers. Twelve layers, for keys such as "05".
    "gemma4_dense": Case(
        "gemma4",
        gemma4(
            gemma4_text(
                num_hidden_layers=12, attention_k_eq_v=True, num_global_key_value_heads=1
            ),
            gemma4_vision(use_clipped_linears=True),
        ),
        AutoModelForImageTextToText,
        rewrites={
            "hub": hub_gemma4(kv_heads=1),
            "both": both_spellings,
            "pattern": without_layer_types,
        },
    ),
    # As the E2B: per-layer embeddings, shared keys and values, wide MLPs, audio.
    "gemma4_shared": Case(
        "gemma4",
        gemma4(
            gemma4_text(
                num_hidden_layers=6,
                num_key_value_heads=1,
                hidden_size_per_layer_input=5,
                num_kv_shared_layers=3,
                use_double_wide_mlp=True,
                layer_types=["sliding_attention", "sliding_attention", "full_attention"] * 2,
            ),
            gemma4_vision(use_clipped_linears=True),
            gemma4_audio(),
        ),
        AutoModelForImageTextToText,
        rewrites={"hub": hub_gemma4()},
        also_holds={"published": keys_and_values_of_e2b},
    ),
    # As the 26B-A4B: experts beside the dense MLP, a vision tower that standardizes.
    "gemma4_experts": Case(
        "gemma4",
        gemma4(
            gemma4_text(
                attention_k_eq_v=True,
                num_global_key_value_heads=1,
                enable_moe_block=True,
                num_experts=3,
                top_k_experts=2,
                moe_intermediate_size=6,
            ),
            gemma4_vision(standardize=True),
        ),
        AutoModelForImageTextToText,
        rewrites={"hub": hub_gemma4(kv_heads=1)},
    ),
    # The last layer is full whatever layer_types says; kv heads of full layers count only with
    # attention_k_eq_v.
    "gemma4_text": Case(
        "gemma4",
        gemma4_text(
            num_global_key_value_heads=1,
            attention_bias=True,
            tie_word_embeddings=False,
            layer_types=["full_attention", "sliding_attention", "sliding_attention"],
        ),
        rewrites={"hub": hub_gemma4(kv_heads=1)},
    ),
    "gemma4_text_biased_k_eq_v": Case(
        "gemma4", gemma4_text(attention_k_eq_v=True, attention_bias=True)
    ),
    # Full and sliding layers alike: per_layer_config is {} and must not fall back to 512.
    "gemma4_uniform": Case(
        "gemma4",
        gemma4(gemma4_text(global_head_dim=4)),
        AutoModelForImageTextToText,
        rewrites={"hub": hub_gemma4(head_dim=4)},
    ),
    "gemma4_overridden": Case(
        "gemma4",
        gemma4(
            gemma4_text(
                num_hidden_layers=4,
                layer_types=["sliding_attention", "full_attention"] * 2,
                per_layer_config={
                    **{i: {"num_key_value_heads": 1} for i in (0, 2)},
                    **{i: {"head_dim": 6} for i in (1, 3)},
                },
            ),
            audio=gemma4_audio(use_clipped_linears=False),
        ),
        AutoModelForImageTextToText,
    ),
    # The outer tie_word_embeddings decides.
    "gemma4_untied": Case(
        "gemma4",
        gemma4(gemma4_text(tie_word_embeddings=True), tie_word_embeddings=False),
        AutoModelForImageTextToText,
    ),
    "gemma4_default_text": Case(
        "gemma4", gemma4_text(**DEFAULT_TEXT), rewrites={"terse": terse_text}
    ),
    # Biases where keys and values are shared, and MLPs that are not wide there.
    "gemma4_default_vocabularies": Case(
        "gemma4",
        gemma4_text(
            **DEFAULT_VOCABULARIES,
            hidden_size_per_layer_input=2,
            num_hidden_layers=6,
            num_kv_shared_layers=3,
            attention_bias=True,
            layer_types=["sliding_attention", "sliding_attention", "full_attention"] * 2,
        ),
        rewrites={"terse": without(*DEFAULT_VOCABULARIES, "use_double_wide_mlp")},
    ),
    "gemma4_default_towers": Case(
        "gemma4",
        gemma4(
            gemma4_text(), gemma4_vision(**DEFAULT_VISION), gemma4_audio(**DEFAULT_AUDIO)
        ),
        AutoModelForImageTextToText,
        rewrites={"terse": terse_towers},
    ),
    "gemma4_default_widths": Case(
        "gemma4",
        gemma4(
            gemma4_text(), gemma4_vision(**DEFAULT_VISION_WIDTHS), gemma4_audio(hidden_size=1024)
        ),
        AutoModelForImageTextToText,
        rewrites={"terse": terse_widths},
    ),
}
