"""The torch reference of the franken recipe is itself a model that transformers takes."""

import franken_reference
import models
import torch
from safetensors.torch import save_file
from transformers import Gemma4Config, Gemma4ForConditionalGeneration, Gemma4TextConfig


def reference_config(text_dir, vision_dir, layers):
    text, vision = models.read_config(text_dir), Gemma4Config.from_pretrained(vision_dir)
    full = franken_reference.full_layers(text, layers)
    keys = (
        "hidden_size",
        "intermediate_size",
        "num_attention_heads",
        "num_key_value_heads",
        "head_dim",
    )
    vision.text_config = Gemma4TextConfig(
        **{key: text[key] for key in keys},
        vocab_size=vision.text_config.vocab_size,
        num_hidden_layers=layers,
        layer_types=["full_attention" if f else "sliding_attention" for f in full],
        global_head_dim=2 * text["head_dim"],
        num_global_key_value_heads=text["num_key_value_heads"],
        attention_k_eq_v=True,
        hidden_size_per_layer_input=0,
    )
    vision.audio_config = None
    return vision


def test_reference_is_complete(tmp_path):
    text = models.gemma3(tmp_path / "text", models.TextShape(vocab=120))
    vision = models.gemma4(tmp_path / "vision", models.VisionShape(audio=True))
    tensors = franken_reference.reference(text, vision, 12)
    shape = franken_reference.fresh_shape(text, vision)
    tensors[franken_reference.FRESH] = torch.zeros(shape, dtype=torch.bfloat16)
    out = tmp_path / "out"
    reference_config(text, vision, 12).save_pretrained(out)
    save_file(
        {k: v.contiguous() for k, v in tensors.items()}, out / "model.safetensors", {"format": "pt"}
    )
    model, loading = Gemma4ForConditionalGeneration.from_pretrained(
        out, output_loading_info=True, dtype=torch.bfloat16
    )
    assert not any(loading.values()), loading
    saved = {name for name in model.state_dict() if name != "lm_head.weight"}
    assert saved == set(tensors)
