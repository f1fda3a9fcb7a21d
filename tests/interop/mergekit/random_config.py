"""Valid configs made at random: methods, models or slices, and parameters of all forms at all levels."""

import random

import merge_reference as reference

TUNES = ["models/llama32-a", "models/llama32-b", "models/llama32-c"]
BASE = "models/llama32"
LAYERS = 4
METHODS = [name for name, method in reference.METHODS.items() if method.merge and name != "passthrough"]
PAIRS = {"slerp", "nearswap", "arcee_fusion"}  # a base and one other
FILTERS = ["mlp", "self_attn", "down_proj", "norm", "q_proj"]

# Values that are sound in any combination.
RANGES = {
    "weight": (0.1, 1.0),
    "density": (0.2, 0.9),
    "gamma": (0.0, 0.3),
    "t": (0.05, 0.95),
    "lambda": (0.3, 1.5),
    "select_topk": (0.2, 1.0),
    "epsilon": (0.001, 0.05),
    "r": (0.0, 1.0),
    "alpha": (0.0, 1.0),
}
FLAGS = ["normalize", "rescale", "int8_mask", "filter_wise", "normalize_weights", "nuslerp_flatten", "nuslerp_row_wise"]
OF_LAYERS = ["weight", "density", "gamma", "t", "lambda"]  # those that usually follow the layers


def number(rng, name):
    return round(rng.uniform(*RANGES[name]), 3)


def scalar_or_gradient(rng, name):
    if name not in OF_LAYERS or rng.random() < 0.5:
        return number(rng, name)
    return [number(rng, name) for _ in range(rng.randint(1, 4))]


def setting(rng, name):
    if name in FLAGS:
        return rng.random() < 0.5
    if name not in OF_LAYERS or rng.random() < 0.6:
        return scalar_or_gradient(rng, name)
    parts = [
        {"filter": each, "value": scalar_or_gradient(rng, name)}
        for each in rng.sample(FILTERS, rng.randint(1, 2))
    ]
    if rng.random() < 0.6:
        parts.append({"value": scalar_or_gradient(rng, name)})
    return parts


def some(rng, names, share):
    return {name: setting(rng, name) for name in names if rng.random() < share}


def source(rng, model, names, layers=None):
    made = {"model": model}
    if layers:
        made["layer_range"] = layers
    parameters = some(rng, names, 0.5) if model != BASE else {}
    if parameters:
        made["parameters"] = parameters
    return made


def slices(rng, models, names, own):
    made = []
    for _ in range(rng.randint(1, 3)):
        length = rng.randint(1, LAYERS - 1)
        starts = [rng.randint(0, LAYERS - length) for _ in models]
        part = {"sources": [source(rng, m, names, [s, s + length]) for m, s in zip(models, starts)]}
        parameters = some(rng, names + own, 0.2)
        if parameters:
            part["parameters"] = parameters
        made.append(part)
    return made


def config(seed):
    rng = random.Random(seed)
    name = METHODS[seed % len(METHODS)]
    method = reference.METHODS[name]
    count = 1 if name in PAIRS else 2 if name == "nuslerp" else rng.randint(2, 3)
    models = rng.sample(TUNES, count)
    based = method.base == "required" or (method.base == "optional" and rng.random() < 0.5)
    known = [p for p in method.per_tensor if p in RANGES]
    own = [p for p in method.parameters if p in RANGES or p in FLAGS]
    made = {"merge_method": name, "dtype": rng.choice(["float32", "bfloat16"])}
    if based:
        made["base_model"] = BASE
    if rng.random() < 0.5:
        everyone = models + [BASE] * (based and rng.random() < 0.5)
        rng.shuffle(everyone)
        made["models"] = [source(rng, m, known) for m in everyone]
    else:
        made["slices"] = slices(rng, models + [BASE] * based, known, own)
    required = {p: number(rng, p) for p in known + own if p in ("weight", "t")}
    made["parameters"] = {**some(rng, own, 0.5), **required}
    return made
