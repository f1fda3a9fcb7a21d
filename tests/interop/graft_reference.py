"""What recipes/gemma-4-nf4-into-deepseek-v4.yaml must yield, computed with torch.

It is written from the description of the graft and shares nothing with the recipe.
"""

import json

import models
import torch

MLP = {"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"}
ATTENTION = {"q_proj": "wq_a", "k_proj": "wkv", "o_proj": "wo_b"}


STATE = ".quant_state.bitsandbytes__nf4"


def unpacked(tensors):
    """The tensors with those of bitsandbytes as values: map[code] · absmax in float32, and then in bfloat16."""
    values = {name: t for name, t in tensors.items() if f"{name}{STATE}" not in tensors}
    for name in [n.removesuffix(STATE) for n in tensors if n.endswith(STATE)]:
        part = {key: tensors[f"{name}.{key}"] for key in ("absmax", "quant_map")}
        state = json.loads(bytes(tensors[name + STATE].tolist()))
        scale = part["absmax"]
        if "nested_blocksize" in state:
            each = tensors[f"{name}.nested_absmax"].repeat_interleave(state["nested_blocksize"])
            scale = tensors[f"{name}.nested_quant_map"][scale.int()] * each[: len(scale)]
            scale = scale + torch.tensor(state["nested_offset"], dtype=torch.float32)
        packed = tensors[name].flatten().int()
        codes = torch.stack([packed >> 4, packed & 15], 1).flatten()  # the high half first
        count = torch.Size(state["shape"]).numel()
        scales = scale.repeat_interleave(state["blocksize"])[:count]
        values[name] = (part["quant_map"][codes[:count]] * scales).reshape(state["shape"])
    return values


def fit(matrix, shape):
    """The top left corner, with zeros where there is nothing."""
    fitted = torch.zeros(shape, dtype=torch.bfloat16)
    rows, columns = (min(a, b) for a, b in zip(matrix.shape, shape))
    fitted[:rows, :columns] = matrix[:rows, :columns].to(torch.float32).to(torch.bfloat16)
    return fitted


def shapes(config):
    """Of the matrices that something moves into."""
    hidden, width = config["hidden_size"], config["moe_intermediate_size"]
    return {
        "w1": (width, hidden),
        "w3": (width, hidden),
        "w2": (hidden, width),
        "wq_a": (config["q_lora_rank"], hidden),
        "wkv": (config["head_dim"], hidden),
        "wo_b": (hidden, config["o_groups"] * config["o_lora_rank"]),
    }


def moved(donor, skeleton, layers):
    """The tensors of the result that are the donor's, by their official names."""
    tensors, config = unpacked(models.read_tensors(donor)), models.read_config(donor)
    text = config.get("text_config", config)
    prefix = "model.language_model" if "text_config" in config else "model"
    shape = shapes(skeleton)
    owners = [f"experts.{e}" for e in range(skeleton["n_routed_experts"])] + ["shared_experts"]
    shares = text["num_hidden_layers"] - (text.get("num_kv_shared_layers") or 0)
    out = {}
    for i in range(min(layers, text["num_hidden_layers"], skeleton["num_hidden_layers"])):
        layer = f"{prefix}.layers.{i}"
        for old, new in MLP.items():
            matrix = fit(tensors[f"{layer}.mlp.{old}.weight"], shape[new])
            out |= {f"layers.{i}.ffn.{owner}.{new}.weight": matrix for owner in owners}
        for old, new in ATTENTION.items():
            if old == "k_proj" and i >= shares:
                continue
            matrix = tensors[f"{layer}.self_attn.{old}.weight"]
            out[f"layers.{i}.attn.{new}.weight"] = fit(matrix, shape[new])
    return out


def fresh_value(name):
    """What a new tensor is filled with: a number, or None where it is random or a table."""
    if name.endswith("norm.weight") or name.endswith("_scale"):
        return 1
    if name.endswith(("attn_sink", ".ape", ".bias", "_base")):
        return 0
    return None
