"""Names and shapes that architecture files give, against what transformers writes.

Every case is a small model of one family, and several spellings of its config. For each of them
transformers and `inarch synth` must make the same tensors. Run as a program, this file writes the
cases to tests/unit/architecture/data, where the unit tests read them without Python.
"""

import copy
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    CONFIG_MAPPING,
    Gemma3Config,
    Gemma3TextConfig,
    Gemma4AudioConfig,
    Gemma4Config,
    Gemma4TextConfig,
    Gemma4VisionConfig,
    LlamaConfig,
)

from harness import ROOT, described, inarch

DATA = ROOT / "tests" / "unit" / "architecture" / "data"


@dataclass
class Case:
    architecture: str
    config: object
    auto: type = AutoModelForCausalLM
    spelling: str = ""  # when the names on disk are not the usual ones
    component: str = ""  # when the architecture describes only this part of the model
    rewrites: dict = field(default_factory=dict)  # name → function that spells the config otherwise


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


def gemma3_text(kind=Gemma3TextConfig, **changes):
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


def gemma3():
    """As the larger models on the hub: most of the text part is left to the defaults."""
    text = dict(hidden_size=16, intermediate_size=20, num_hidden_layers=1, vocab_size=32)
    vision = dict(
        hidden_size=8,
        intermediate_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=28,
        patch_size=14,
    )
    return Gemma3Config(text_config=text, vision_config=vision)


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


def without(*keys):
    def rewrite(config):
        for key in keys:
            config.pop(key)

    return rewrite


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


CASES = {
    "llama": Case("llama", llama()),
    "llama_tied": Case("llama", llama(tie_word_embeddings=True)),
    "llama_biased": Case("llama", llama(attention_bias=True, mlp_bias=True, head_dim=8)),
    "llama_old_config": Case(
        "llama",
        llama(num_key_value_heads=4),
        rewrites={"early": without("num_key_value_heads", "head_dim", "attention_bias", "mlp_bias")},
    ),
    "gemma3": Case("gemma3_text", gemma3_text(), rewrites={"hub": old_gemma3}),
    "gemma3_untied": Case(
        "gemma3_text", gemma3_text(tie_word_embeddings=False, attention_bias=True)
    ),
    "gemma3_multimodal": Case(
        "gemma3_text",
        gemma3(),
        AutoModelForImageTextToText,
        spelling="multimodal",
        component="language_model.",
        rewrites={"minimal": minimal_gemma3},
    ),
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
}


def spellings(case, saved):
    """The config as it was saved, and its other spellings."""
    yield "saved", saved
    for name, rewrite in case.rewrites.items():
        config = copy.deepcopy(saved)
        rewrite(config)
        yield name, config


def read_header(path):
    with safe_open(path, "pt") as file:
        return {name: list(file.get_slice(name).get_shape()) for name in file.keys()}


def save(case, config, directory):
    """Names and shapes that transformers writes, the names of the buffers, and the config."""
    model = case.auto.from_config(copy.deepcopy(config)).to(torch.bfloat16)
    model.save_pretrained(directory)
    tensors = read_header(Path(directory) / "model.safetensors")
    buffers = {name for name, _ in model.named_buffers()} & set(tensors)
    saved = json.loads((Path(directory) / "config.json").read_text())
    tensors = {name: s for name, s in tensors.items() if name.startswith(case.component)}
    return tensors, buffers, saved


def load_config(config):
    return CONFIG_MAPPING[config["model_type"]].from_dict(config)


@pytest.mark.parametrize("name", CASES)
def test_spellings_of_a_config_mean_the_same_model(name, tmp_path):
    case = CASES[name]
    tensors, buffers, saved = save(case, case.config, tmp_path / "saved")
    for spelling, config in spellings(case, saved):
        again, buffers_again, _ = save(case, load_config(config), tmp_path / spelling)
        assert (again, buffers_again) == (tensors, buffers), spelling


@pytest.mark.parametrize("name", CASES)
def test_synth_makes_the_tensors_that_transformers_makes(name, tmp_path):
    case = CASES[name]
    tensors, _, saved = save(case, case.config, tmp_path / "theirs")
    for spelling, config in spellings(case, saved):
        path = tmp_path / f"{spelling}.json"
        path.write_text(json.dumps(config))
        out = tmp_path / f"ours-{spelling}"
        options = ["--spelling", case.spelling] if case.spelling else []
        result = inarch(
            "synth", case.architecture, "--config", path, "-o", out, "--headers-only", *options
        )
        assert result.returncode == 0, described(result)
        assert header_only(out / "model.safetensors") == tensors, spelling


def header_only(path):
    """Shapes of a file that may hold no data: safe_open would refuse it."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    return {name: entry["shape"] for name, entry in header.items()}


@pytest.mark.parametrize("name", CASES)
def test_the_cases_of_the_unit_tests_are_up_to_date(name, tmp_path):
    assert json.loads((DATA / f"{name}.json").read_text()) == described_case(CASES[name], tmp_path)


def described_case(case, directory):
    tensors, buffers, saved = save(case, case.config, directory)
    for config in (saved, saved.get("text_config") or {}):
        config.pop("transformers_version", None)
    return {
        "architecture": case.architecture,
        "spelling": case.spelling,
        "component": case.component,
        "configs": {name: config for name, config in spellings(case, saved)},
        "tensors": dict(sorted(tensors.items())),
        "buffers": sorted(buffers),
    }


def write_cases():
    import tempfile

    DATA.mkdir(parents=True, exist_ok=True)
    for name, case in CASES.items():
        with tempfile.TemporaryDirectory() as directory:
            described_one = described_case(case, directory)
        lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in described_one.items()]
        (DATA / f"{name}.json").write_text("{" + ",\n".join(lines) + "}\n")


if __name__ == "__main__":
    sys.exit(write_cases())
