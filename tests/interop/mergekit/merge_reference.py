"""The merge methods in float64 and numpy, written from their formulas: what a merge would be without rounding.

A method takes `base` (an array, or None where there is none), `tensors` (a list of arrays, without the base),
`parameters` (its own) and `per_tensor` (a list of dicts, beside `tensors`). METHODS names the defaults.
Where mergekit's own behaviour is a mistake, this is the sound one; docs/mergekit.md lists the differences.
"""

from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import sparse_reference as sparse


def linear(base, tensors, parameters, per_tensor):
    weights = [each["weight"] for each in per_tensor]
    total = sum(w * x for w, x in zip(weights, tensors))
    return total / sum(weights) if parameters["normalize"] else total


def passthrough(base, tensors, parameters, per_tensor):
    scale = per_tensor[0]["scale"]
    return tensors[0] if scale is None else tensors[0] * scale


def lerp(t, a, b):
    return (1 - t) * a + t * b


def slerp(base, tensors, parameters, per_tensor):
    t, a, b = parameters["t"], base, tensors[0]
    norms = [np.linalg.norm(v) for v in (a, b)]
    directions = [v / n if n > 1e-8 else v for v, n in zip((a, b), norms)]
    cosine = np.sum(directions[0] * directions[1])
    if abs(cosine) > 0.9995:
        return lerp(t, a, b)
    angle = np.arccos(cosine)
    return (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)


def slerp_rows(t, a, b):
    """Along the last axis; vectors that point the same way, or opposite ways, are interpolated linearly."""
    directions = [v / np.maximum(np.linalg.norm(v, axis=-1, keepdims=True), 1e-7) for v in (a, b)]
    cosine = np.sum(directions[0] * directions[1], axis=-1, keepdims=True)
    angle = np.arccos(np.clip(cosine, -1, 1))
    parallel = np.abs(np.sin(angle)) < 1e-8
    sine = np.where(parallel, 1, np.sin(angle))
    return np.where(
        parallel, lerp(t, a, b), (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / sine
    )


def nuslerp(base, tensors, parameters, per_tensor):
    first, second = (each["weight"] for each in per_tensor)
    t = 0.5 if abs(first + second) < 1e-6 else second / (first + second)
    origin = 0 if base is None else base
    a, b = (x - origin for x in tensors)
    if parameters["nuslerp_flatten"]:
        merged = slerp_rows(t, a.reshape(-1), b.reshape(-1)).reshape(a.shape)
    elif parameters["nuslerp_row_wise"]:  # along the first axis, whatever its name says
        merged = slerp_rows(t, a.swapaxes(0, -1), b.swapaxes(0, -1)).swapaxes(0, -1)
    else:
        merged = slerp_rows(t, a, b)
    return origin + merged


def multislerp(base, tensors, parameters, per_tensor):
    """The weighted mean direction, then one step of the exponential map from it, at the weighted mean length."""
    if len(tensors) == 1:
        return tensors[0]
    eps = parameters["eps"]
    weights = np.array([each["weight"] for each in per_tensor], np.float64)
    if parameters["normalize_weights"]:
        weights = weights / weights.sum()
    origin = 0 if base is None else base
    points = np.stack([(x - origin).reshape(-1) for x in tensors])
    lengths = np.linalg.norm(points, axis=1)
    units = points / (lengths + eps)[:, None]
    mean = weights @ units
    if np.linalg.norm(mean) < eps:  # nothing differs, or everything cancels
        return origin + (weights @ points).reshape(tensors[0].shape)
    mean = mean / np.linalg.norm(mean)
    tangent = weights @ (units - (units @ mean)[:, None] * mean)
    step = np.linalg.norm(tangent) + eps
    direction = mean * np.cos(step) + tangent * (np.sin(step) / step)
    return origin + (direction * (weights @ lengths)).reshape(tensors[0].shape)


def karcher(base, tensors, parameters, per_tensor):
    """The mean on the sphere of all directions, a base's among them, at the mean length."""
    if len(tensors) == 1:
        return tensors[0]
    tol = parameters["tol"]
    points = [x.reshape(-1) for x in tensors]
    lengths = [np.linalg.norm(x) for x in points]
    units = [x / n for x, n in zip(points, lengths) if n > tol]
    if not units:
        return np.zeros_like(tensors[0])
    u = np.mean(units, axis=0)
    u = units[0] if np.linalg.norm(u) < tol else u / np.linalg.norm(u)
    for _ in range(int(parameters["max_iter"])):
        step = sum(log_map(u, unit, tol) for unit in units) / len(units)
        length = np.linalg.norm(step)
        if length < tol:
            break
        u = np.cos(length) * u + np.sin(length) * step / length
        u = u / np.linalg.norm(u)
    return (np.mean(lengths) * u).reshape(tensors[0].shape)


def log_map(u, unit, tol):
    cosine = np.clip(u @ unit, -1, 1)
    angle = np.arccos(cosine)
    return np.zeros_like(u) if angle < tol else angle / np.sin(angle) * (unit - cosine * u)


def elected(votes):
    """Which entries agree with the sign of the sum over the first axis; a sum of zero counts as positive, and an
    entry of zero agrees with nothing."""
    sign = np.where(votes.sum(axis=0) >= 0, 1, -1)
    return np.sign(votes) == sign


def undecided(votes):
    """Entries whose sum is zero but for rounding: float64 does not say which sign it has."""
    total, size = np.abs(votes.sum(axis=0)), np.abs(votes).sum(axis=0)
    return (total < 1e-6 * size) & (size > 0)


def undecided_of(name, base, tensors, parameters, per_tensor):
    """The same of a method, or nothing where it has no vote. Differences of few bits cancel exactly, if unweighted."""
    if not METHODS[name].votes:
        return np.zeros(base.shape if base is not None else tensors[0].shape, bool)
    ballots = votes(name, base, tensors, parameters, per_tensor)
    doubtful = undecided(ballots)
    return doubtful & (ballots.sum(axis=0) != 0) if name == "sce" else doubtful


def votes(name, base, tensors, parameters, per_tensor):
    """What the entries of each tensor weigh in the vote of a method that has one."""
    if name == "sce":
        return sce_selected(base, tensors, parameters)
    sparsify = {"ties": ties_share, "breadcrumbs_ties": breadcrumbs_share}.get(name)
    return np.stack(thinned(sparsify, base, tensors, parameters, per_tensor)) * weights_of(
        per_tensor, base
    )


def weights_of(per_tensor, base):
    """The weights, of a shape that multiplies a stack of tensors."""
    weights = np.array([each["weight"] for each in per_tensor], np.float64)
    return weights.reshape((-1,) + (1,) * base.ndim)


def thinned(sparsify, base, tensors, parameters, per_tensor):
    deltas = [x - base for x in tensors]
    if not sparsify:
        return deltas
    return [
        sparsify(delta, each, parameters["rescale"]) for delta, each in zip(deltas, per_tensor)
    ]


def task_vectors(sparsify, consensus):
    """A method of the family: differences from the base, thinned, weighted, voted on, summed and scaled."""

    def merge(base, tensors, parameters, per_tensor):
        deltas = thinned(sparsify, base, tensors, parameters, per_tensor)
        return mix(base, np.stack(deltas), weights_of(per_tensor, base), parameters, consensus)

    return merge


def mix(base, deltas, weights, parameters, consensus):
    weighted = deltas * weights
    if consensus:
        agrees = elected(weighted)
        divisor = (weights * agrees).sum(axis=0)
        divisor = np.where(divisor == 0, 1, divisor)
        total = (weighted * agrees).sum(axis=0)
    else:
        divisor = weights.sum()
        divisor = 1 if abs(divisor) < 1e-8 else divisor
        total = weighted.sum(axis=0)
    return base + parameters["lambda"] * (total / divisor if parameters["normalize"] else total)


def ties_share(delta, each, rescale):
    return sparse.largest(delta, each["density"], rescale)


def breadcrumbs_share(delta, each, rescale):
    return sparse.breadcrumbs(delta, each["density"], each["gamma"], rescale)


def sce(base, tensors, parameters, per_tensor):
    """Select by variance, weigh by mean square, erase what disagrees with the unweighted vote."""
    deltas = sce_selected(base, tensors, parameters)
    squares = (deltas**2).reshape(len(tensors), -1).mean(axis=1)
    equal = np.full(len(tensors), 1 / len(tensors))
    weights = equal if abs(squares.sum()) < 1e-6 else squares / squares.sum()
    weights = weights.reshape((-1,) + (1,) * base.ndim) * elected(deltas)
    return base + (deltas * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1e-6)


def sce_selected(base, tensors, parameters):
    deltas = np.stack([x - base for x in tensors])
    share = parameters["select_topk"]
    if share >= 1:
        return deltas
    variance = deltas.var(axis=0).astype(np.float32)  # so that equal ones are equal, however they are summed
    kept = sparse.count(share, np.count_nonzero(variance))
    mask = np.zeros(variance.size)
    mask[np.argsort(-variance.reshape(-1), kind="stable")[:kept]] = 1
    return deltas * mask.reshape(variance.shape)


def ram(base, tensors, parameters, per_tensor):
    return ram_of(base, tensors, parameters, lambda shared, unique: 1)


def ramplus_tl(base, tensors, parameters, per_tensor):
    def boost(shared, unique):
        ratio = shared / max(unique, parameters["epsilon"])
        return 1 + parameters["r"] * np.clip(ratio, 0, parameters["alpha"])

    return ram_of(base, tensors, parameters, boost)


def ram_of(base, tensors, parameters, boost):
    """Sums what one model alone changed, times its boost, and averages what several changed, over those several."""
    deltas = np.stack([x - base for x in tensors])
    changed = np.abs(deltas) > parameters["epsilon"]
    changers = changed.sum(axis=0)
    merged = base.copy()
    for delta, mine in zip(deltas, changed):
        shared, unique = mine & (changers > 1), mine & (changers == 1)
        merged += delta * unique * boost(shared.sum(), unique.sum())
        merged += delta * shared / np.maximum(changers, 1)
    return merged


def model_stock(base, tensors, parameters, per_tensor):
    """Between the base and the mean, as far as the angles between the differences say. Rows are along the last axis."""
    if not tensors:
        return base
    shape = base.shape if parameters["filter_wise"] else (base.size,)
    origin = base.reshape(shape)
    deltas = [x.reshape(shape) - origin for x in tensors]
    cosine = np.mean([cosine_of(a, b) for a, b in combinations(deltas, 2)], axis=0)[..., None]
    n = len(tensors)
    t = n * cosine / (1 + (n - 1) * cosine)
    return (origin + t * np.mean(deltas, axis=0)).reshape(base.shape)


def cosine_of(a, b):
    product = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    return np.clip((a * b).sum(axis=-1) / np.maximum(product, 1e-6), -1, 1)


def nearswap(base, tensors, parameters, per_tensor):
    """Towards the other by at most t in each entry: all of it where the two are nearer than that."""
    distance = np.abs(base - tensors[0])
    weight = np.clip(parameters["t"] / np.maximum(distance, 1e-6), 0, 1)
    return weight * tensors[0] + (1 - weight) * base


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def arcee_importance(base, tensor):
    """Of each entry: its difference times the divergence of its row."""
    p, q = softmax(tensor) + 1e-8, softmax(base) + 1e-8
    return np.abs(tensor - base) * np.sum(p * np.log(p / q), axis=-1, keepdims=True)


def arcee_fusion(base, tensors, parameters, per_tensor):
    """The entries whose importance is at least the median and one and a half interquartile ranges. Quantiles are
    entries: those at the cut of q * (n - 1)."""
    importance = arcee_importance(base, tensors[0])
    ordered = np.sort(importance, axis=None)
    low, middle, high = (ordered[(len(ordered) - 1) * quarter // 4] for quarter in (1, 2, 3))
    return np.where(importance >= middle + 1.5 * (high - low), tensors[0], base)


@dataclass
class Method:
    merge: object  # None where chance decides: those methods have no one value
    parameters: dict = field(default_factory=dict)
    per_tensor: dict = field(default_factory=dict)  # REQUIRED has no default
    base: str = "none"  # or "optional" or "required", or "operand" where it is one of the tensors
    votes: bool = False


REQUIRED = "required"
WEIGHT = {"weight": REQUIRED}


def family(sparsify, consensus, normalize, rescale, **per_tensor):
    return Method(
        merge=None if sparsify == "chance" else task_vectors(sparsify, consensus),
        parameters={"int8_mask": False, "normalize": normalize, "rescale": rescale, "lambda": 1.0},
        per_tensor={**WEIGHT, "density": 1.0, **per_tensor},
        base="required",
        votes=consensus,
    )


METHODS = {
    "linear": Method(linear, {"normalize": True}, WEIGHT, "operand"),
    "passthrough": Method(passthrough, {}, {"scale": None}, "operand"),
    "slerp": Method(slerp, {"t": REQUIRED}, {}, "required"),
    "nuslerp": Method(
        nuslerp, {"nuslerp_row_wise": False, "nuslerp_flatten": True}, WEIGHT, "optional"
    ),
    "multislerp": Method(multislerp, {"normalize_weights": True, "eps": 1e-8}, WEIGHT, "optional"),
    "karcher": Method(karcher, {"max_iter": 10, "tol": 1e-5}, {}, "operand"),
    "task_arithmetic": family(None, False, normalize=False, rescale=False),
    "ties": family(ties_share, True, normalize=True, rescale=False),
    "dare_linear": family("chance", False, normalize=False, rescale=True),
    "dare_ties": family("chance", True, normalize=False, rescale=True),
    "breadcrumbs": family(breadcrumbs_share, False, normalize=False, rescale=False, gamma=0.01),
    "breadcrumbs_ties": family(breadcrumbs_share, True, normalize=False, rescale=False, gamma=0.01),
    "della": family("chance", True, normalize=True, rescale=True, epsilon=0.15),
    "della_linear": family("chance", False, normalize=False, rescale=True, epsilon=0.15),
    "sce": Method(sce, {"int8_mask": False, "select_topk": 1.0}, {}, "required", votes=True),
    "ram": Method(ram, {"epsilon": 1e-5}, {}, "required"),
    "ramplus_tl": Method(ramplus_tl, {"epsilon": 1e-5, "r": 0.1, "alpha": 0.2}, {}, "required"),
    "model_stock": Method(model_stock, {"filter_wise": False}, {}, "required"),
    "nearswap": Method(nearswap, {"t": REQUIRED}, {}, "required"),
    "arcee_fusion": Method(arcee_fusion, {}, {}, "required"),
}
