"""Checkpoints of full size that take no space: real headers over a hole in the file.

They show what a recipe makes of the published models as far as names, shapes and sizes go.
"""

import json
import struct
from pathlib import Path

import models
import torch
from transformers import (
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    Gemma4AudioConfig,
    Gemma4Config,
    Gemma4ForConditionalGeneration,
    Gemma4TextConfig,
    Gemma4VisionConfig,
)


def write(directory, model):
    """What save_pretrained would write of a model on the meta device, all zeros."""
    directory = Path(directory)
    model.config.save_pretrained(directory)
    models.rewrite_config(directory, lambda config: config.update(dtype="bfloat16"))
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in model.state_dict().items():
        if name == "lm_head.weight":
            continue
        begin, end = end, end + 2 * tensor.numel()
        header[name] = {"dtype": "BF16", "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(directory / "model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    return directory


def gemma3_1b(directory):
    config = Gemma3TextConfig(
        vocab_size=262144,
        hidden_size=1152,
        intermediate_size=6912,
        num_hidden_layers=26,
        num_attention_heads=4,
        num_key_value_heads=1,
        head_dim=256,
        query_pre_attn_scalar=256,
        sliding_window=512,
        max_position_embeddings=32768,
    )
    config.architectures = ["Gemma3ForCausalLM"]
    with torch.device("meta"):
        write(directory, Gemma3ForCausalLM(config))
    models.rewrite_config(directory, models.hub_spelling_of_gemma3)
    models.tokenizer(128, "text").save_pretrained(directory)
    return directory


def gemma4_e2b(directory):
    types = ["sliding_attention"] * 4 + ["full_attention"]
    text = Gemma4TextConfig(
        vocab_size=262144,
        hidden_size=1536,
        intermediate_size=6144,
        num_hidden_layers=35,
        num_attention_heads=8,
        num_key_value_heads=1,
        head_dim=256,
        global_head_dim=512,
        layer_types=types * 7,
        final_logit_softcapping=30.0,
        num_kv_shared_layers=20,
        use_double_wide_mlp=True,
    )
    config = Gemma4Config(
        text_config=text,
        vision_config=Gemma4VisionConfig(use_clipped_linears=True),
        audio_config=Gemma4AudioConfig(),
    )
    config.architectures = ["Gemma4ForConditionalGeneration"]
    with torch.device("meta"):
        write(directory, Gemma4ForConditionalGeneration(config))
    models.rewrite_config(directory, lambda c: models.hub_spelling_of_gemma4(c, 512))
    models.tokenizer(128, "vision").save_pretrained(directory)
    models.processor(directory)
    return directory
