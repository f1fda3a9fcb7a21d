"""Small DeepSeek V4s as they are published: official names, and dtypes as on the hub."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import models
import torch
from architecture_cases.deepseek import next_layer_of_v4, published_v4
from deepseek_v4_published import encoded, quantization
from safetensors.torch import save_file
from transformers import DeepseekV4Config, DeepseekV4ForCausalLM

SIZES = dict(
    vocab_size=160,
    hidden_size=96,
    moe_intermediate_size=40,
    num_hidden_layers=4,
    num_attention_heads=4,
    num_key_value_heads=1,
    head_dim=24,
    qk_rope_head_dim=6,
    q_lora_rank=20,
    o_lora_rank=14,
    o_groups=2,
    n_routed_experts=5,
    num_experts_per_tok=2,
    num_hash_layers=1,
    index_n_heads=2,
    index_head_dim=16,
    index_topk=8,
    sliding_window=16,
    num_nextn_predict_layers=0,
    compress_ratios=[0, 4, 128, 4],
)

EXACT = re.compile(r"attn_sink$|\.ape$|gate\.bias$|hc_(attn|ffn|head)_")


def config(**changes):
    return DeepseekV4Config(**{**SIZES, **changes})


def published(config):
    """The keys of the hub: ratios, the width of RoPE, and its parameters side by side."""
    published_v4(config)
    config.pop("rope_parameters")
    config.pop("partial_rotary_factor")
    config["rope_theta"] = 10000
    config["compress_rope_theta"] = 160000
    config["rope_scaling"] = {
        "type": "yarn",
        "factor": 16,
        "original_max_position_embeddings": 65536,
        "beta_fast": 32,
        "beta_slow": 1,
    }
    config["torch_dtype"] = config.pop("dtype")


def nested(config):
    """What can be said of RoPE in rope_parameters alone."""
    for key in ("qk_rope_head_dim", "rope_theta", "compress_rope_theta", "partial_rotary_factor"):
        config.pop(key)


@dataclass(frozen=True)
class V4:
    """A model, and how it is written."""

    changes: dict = field(default_factory=dict)  # of its sizes
    spelling: object = None  # a function that respells config.json
    dtype: torch.dtype = torch.bfloat16
    files: int = 1
    predicting: bool = False  # with a layer that predicts a further token
    block: tuple | None = None  # in FP8, with a scale for so many rows and columns, and FP4
    seed: int = 0


def official_name(name):
    """Of what save_pretrained writes."""
    name = name.removeprefix("model.").replace("embed_tokens.", "embed.")
    return name.replace("hc_head.hc_", "hc_head_").replace(".attn.norm.", ".attn.kv_norm.")


def official(saved, dtype):
    """Official names and dtypes, of tensors that save_pretrained wrote."""
    tensors = {}
    for name, tensor in saved.items():
        exact = EXACT.search(name := official_name(name))
        keeps = tensor.dtype == torch.int64
        tensors[name] = tensor if keeps else tensor.to(torch.float32 if exact else dtype)
    return tensors


def fill(model, seed):
    """Random values everywhere, and a random table of experts."""
    generator = torch.Generator().manual_seed(seed)
    models.fill(model, generator)
    for name, buffer in model.named_buffers():
        if name.endswith("tid2eid"):
            experts = model.config.n_routed_experts
            buffer.copy_(torch.randint(experts, buffer.shape, generator=generator))
        elif name.endswith("e_score_correction_bias"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator))


def write(directory, tensors, files):
    """Tensors in so many files, with an index where there are several."""
    names = sorted(tensors)
    weight_map = {name: f"model-{k % files:05}.safetensors" for k, name in enumerate(names)}
    if files == 1:
        weight_map = dict.fromkeys(names, "model.safetensors")
    else:
        index = {"metadata": {}, "weight_map": weight_map}
        (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    for file in sorted(set(weight_map.values())):
        part = {n: tensors[n].contiguous() for n in names if weight_map[n] == file}
        save_file(part, directory / file, metadata={"format": "pt"})


def make(directory, kind):
    """Writes the model below `directory` and returns where it is."""
    directory = Path(directory)
    model = DeepseekV4ForCausalLM(config(**kind.changes))
    fill(model, kind.seed)
    model.to(kind.dtype).save_pretrained(directory)
    tensors = official(models.read_tensors(directory), kind.dtype)
    (directory / "model.safetensors").unlink()
    if kind.spelling:
        models.rewrite_config(directory, kind.spelling)
    if kind.predicting:
        changed = models.read_config(directory)
        for name, shape in next_layer_of_v4(changed).items():
            tensors[name] = torch.randn(shape).to(kind.dtype)
        (directory / "config.json").write_text(json.dumps(changed))
    if kind.block:
        tensors = encoded(tensors, kind.block)
        models.rewrite_config(directory, lambda config: config.update(quantization(kind.block)))
    write(directory, tensors, kind.files)
    return directory
