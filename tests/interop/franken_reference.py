"""What recipes/franken-gemma-4-dense-1b.yaml must yield, computed with torch.

It is written from the description of the two architectures and shares nothing with the recipe.
"""

import models
import torch


def full_layers(text_config, layers):
    """Which of the first layers attend fully, in either spelling of a Gemma 3 config.

    The last one does in any case: transformers forces it for Gemma 4.
    """
    types = text_config.get("layer_types")
    if types:
        full = [kind == "full_attention" for kind in types]
    else:
        pattern = text_config["sliding_window_pattern"]
        full = [(i + 1) % pattern == 0 for i in range(text_config["num_hidden_layers"])]
    return full[: layers - 1] + [True]


def bf16(tensor):
    return tensor.to(torch.float32).to(torch.bfloat16)


def one_plus(weight):
    return bf16(1 + weight.float())


def tile_heads(weight, head_dim):
    """[heads · d, …] → [heads · 2d, …], every head twice in a row."""
    heads = weight.reshape(-1, head_dim, *weight.shape[1:])
    return torch.cat([heads, heads], dim=1).reshape(-1, *weight.shape[1:])


def split_halves(weight, head_dim):
    """[out, heads · d] → [out, heads · 2d], every head as two halves of its value."""
    heads = weight.float().reshape(weight.shape[0], -1, head_dim)
    return bf16(torch.cat([heads / 2, heads / 2], dim=2).reshape(weight.shape[0], -1))


def resize_rows(weight, rows):
    """Cut, or extended by the mean of the rows."""
    if rows <= weight.shape[0]:
        return bf16(weight[:rows])
    mean = weight.double().mean(0).float()
    return torch.cat([bf16(weight), bf16(mean).expand(rows - weight.shape[0], -1)])


def scaled_norm(weight, scale):
    """(1 + w) · scale, rounded once."""
    return ((1 + weight.double()) * scale).to(torch.bfloat16)


def attention(text, prefix, full, config):
    """Self-attention of one layer, by the part of the name after `self_attn.`."""
    d = config["head_dim"]
    # Gemma 3 multiplies the logits by scalar^-1/2 and Gemma 4 by nothing; a tiled head counts twice.
    logits = config["query_pre_attn_scalar"] ** -0.5 / (2 if full else 1)
    norms = {
        name: scaled_norm(text[f"{prefix}.{name}.weight"], logits**0.5)
        for name in ("q_norm", "k_norm")
    }
    projections = {name: text[f"{prefix}.{name}_proj.weight"] for name in "qkvo"}
    if not full:
        result = {f"{name}_proj": bf16(weight) for name, weight in projections.items()}
        return result | norms
    result = {f"{name}_proj": bf16(tile_heads(projections[name], d)) for name in "qk"}
    result["o_proj"] = split_halves(projections["o"], d)
    return result | {name: torch.cat([w, w]) for name, w in norms.items()}


def reference(text_dir, vision_dir, layers):
    """Every tensor of the result but the freshly drawn projection of the vision embedding."""
    text, vision = models.read_tensors(text_dir), models.read_tensors(vision_dir)
    config, vision_config = models.read_config(text_dir), models.read_config(vision_dir)
    full = full_layers(config, layers)
    top = "model.language_model"
    vocab = vision_config["text_config"]["vocab_size"]
    out = {
        f"{top}.embed_tokens.weight": resize_rows(text["model.embed_tokens.weight"], vocab),
        f"{top}.norm.weight": one_plus(text["model.norm.weight"]),
    }
    for i in range(layers):
        source, target = f"model.layers.{i}", f"{top}.layers.{i}"
        for name, weight in attention(text, f"{source}.self_attn", full[i], config).items():
            out[f"{target}.self_attn.{name}.weight"] = weight
        for name in ("gate", "up", "down"):
            out[f"{target}.mlp.{name}_proj.weight"] = bf16(text[f"{source}.mlp.{name}_proj.weight"])
        for name in ("input", "post_attention", "pre_feedforward", "post_feedforward"):
            weight = f"{name}_layernorm.weight"
            out[f"{target}.{weight}"] = one_plus(text[f"{source}.{weight}"])
        out[f"{target}.layer_scalar"] = torch.ones(1, dtype=torch.bfloat16)
    for name, weight in vision.items():
        if name.startswith("model.vision_tower."):
            out[name] = bf16(weight)
    return out


FRESH = "model.embed_vision.embedding_projection.weight"


def fresh_shape(text_dir, vision_dir):
    text, vision = models.read_config(text_dir), models.read_config(vision_dir)
    return (text["hidden_size"], vision["vision_config"]["hidden_size"])


def rounded_otherwise(name):
    """Tensors whose last bit depends on how an exact value was reached."""
    return (
        "embed_tokens" in name
        or "language_model" in name
        and name.endswith(("q_norm.weight", "k_norm.weight"))
    )
