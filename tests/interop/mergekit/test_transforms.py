"""The merge methods as transforms of a recipe, on tensors larger than a block, against their exact values."""

import json

import compare
import merge_reference as reference
import numpy as np
import pytest
import sparse_reference as sparse
import test_oracles
import torch
from harness import build, write_recipe
from safetensors.torch import load_file, save_file

# Parameters of mergekit that are no options of a transform.
DROPPED = {"int8_mask", "nuslerp_flatten", "nuslerp_row_wise", "normalize_weights"}
UNUSED_BY_TASK_ARITHMETIC = {"density", "rescale"}


def spelled(method, with_base, parameters, per_tensor, dimensions):
    """The options of a transform for the parameters of a method."""
    options = {k: v for k, v in parameters.items() if k not in DROPPED}
    for name in per_tensor[0] if per_tensor else ():
        values = [each[name] for each in per_tensor]
        options["weights" if name == "weight" else name] = values
    if method == "linear":  # by itself a sum
        options.setdefault("normalize", True)
    if "normalize_weights" in parameters:
        options["normalize"] = parameters["normalize_weights"]
    if method in ("nuslerp", "multislerp") and with_base:
        options["deltas"] = True
    if method == "nuslerp" and parameters.get("nuslerp_flatten") is False and dimensions > 1:
        options["each"] = "columns" if parameters["nuslerp_row_wise"] else "vectors"
    if method == "task_arithmetic":
        options = {k: v for k, v in options.items() if k not in UNUSED_BY_TASK_ARITHMETIC}
    return {method: options} if options else method


def merged(directory, method, base, tensors, parameters, per_tensor):
    """What inarch makes of torch tensors."""
    operands = ([] if base is None else [base]) + tensors
    save_file({f"x{k}": x.clone() for k, x in enumerate(operands)}, directory / "model.safetensors")
    rule = {
        "from": [f"s:x{k}" for k in range(len(operands))],
        "to": "y",
        "combine": spelled(method, base is not None, parameters, per_tensor, tensors[0].dim()),
    }
    text = "inarch: 1\nname: one-merge\n" + f'sources: {{ s: {{ path: "{directory}" }} }}\n'
    recipe = write_recipe(directory, f"{text}tensors:\n  - {json.dumps(rule)}\n")
    [path] = build(recipe, directory / "out").glob("*.safetensors")
    return load_file(path)["y"]


def wide(tensor):
    return None if tensor is None else tensor.double().numpy()


def check(directory, case, shape, dtype):
    method, count, per_tensor, with_base, noise, parameters = case
    base, tensors = test_oracles.family(shape, count, noise)
    tensors = [torch.from_numpy(x).to(dtype) for x in tensors]
    base = torch.from_numpy(base).to(dtype) if with_base else None
    found = merged(directory, method, base, tensors, parameters, per_tensor)
    assert found.dtype == dtype and found.shape == tensors[0].shape
    defaults = reference.METHODS[method]
    arguments = (
        wide(base),
        [wide(x) for x in tensors],
        {**defaults.parameters, **parameters},
        [{**defaults.per_tensor, **each} for each in per_tensor],
    )
    wanted = defaults.merge(*arguments)
    compare.assert_rounded_once(found, wanted, reference.undecided_of(method, *arguments))


CASES = [each for each in test_oracles.CASES if each[0] != "passthrough"] + [
    test_oracles.case("ram", 3),
    test_oracles.case("ram", 3, epsilon=0.1),
    test_oracles.case("ramplus_tl", 3, epsilon=0.1),
    test_oracles.case("ramplus_tl", 2, epsilon=0.2, r=0.5, alpha=2),
]


@pytest.mark.parametrize("dtype", compare.HALF_STEP, ids=str)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_matrix(case, dtype, tmp_path):
    check(tmp_path, case, (61, 130), dtype)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_vector(case, tmp_path):
    check(tmp_path, case, (777,), torch.float32)


LARGE = {each[0]: each for each in CASES}  # one of each method


@pytest.mark.parametrize("case", LARGE.values(), ids=LARGE)
def test_large(case, tmp_path):
    """More entries than mergekit's quantiles look at, and than a block holds; in bf16 many magnitudes are equal."""
    check(tmp_path, case, (1500, 1024), torch.bfloat16)


@pytest.mark.parametrize("edge", test_oracles.EDGES.values(), ids=test_oracles.EDGES)
def test_edge(edge, tmp_path):
    method, base, tensors, parameters, per_tensor = edge
    base = None if base is None else torch.from_numpy(base)
    tensors = [torch.from_numpy(x) for x in tensors]
    found = merged(tmp_path, method, base, tensors, parameters, per_tensor)
    defaults = reference.METHODS[method]
    parameters = {**defaults.parameters, **parameters}
    per_tensor = [{**defaults.per_tensor, **each} for each in per_tensor]
    wanted = defaults.merge(wide(base), [wide(x) for x in tensors], parameters, per_tensor)
    np.testing.assert_allclose(wide(found), wanted, rtol=1e-6, atol=1e-6)


COINS = {
    "dare_linear": {"density": 0.3},
    "dare_ties": {"density": 0.7},
    "della": {"density": 0.5, "epsilon": 0.3},
    "della_linear": {"density": 0.6, "epsilon": 0.15},
}


@pytest.mark.parametrize("rescale", [True, False])
@pytest.mark.parametrize("method", COINS)
def test_coins(method, rescale, tmp_path):
    """The share kept, that which is kept, and that both of it are the same for a seed and other for another."""
    base, [tensor] = test_oracles.family((500, 400), 1, 0.1)
    settings = COINS[method]
    made = []
    for k, seed in enumerate((1, 1, 2)):
        directory = tmp_path / str(k)
        directory.mkdir()
        pair = torch.from_numpy(base), [torch.from_numpy(tensor)]
        options = {"rescale": rescale, "seed": seed}
        made.append(wide(merged(directory, method, *pair, options, [{"weight": 1, **settings}])))
    assert (made[0] == made[1]).all() and (made[0] != made[2]).mean() > 0.1
    delta, left = tensor.astype(np.float64) - base, made[0] - base
    kept = np.abs(left) > 1e-7
    chances = np.full(delta.shape, settings["density"])
    if "epsilon" in settings:
        chances = sparse.della_probabilities(delta, settings["density"], settings["epsilon"])
    several_sigma = 5 * (chances * (1 - chances)).sum() ** 0.5
    assert abs(kept.sum() - chances.sum()) < several_sigma + (np.abs(delta) < 1e-7).sum()
    factor = np.abs(delta).sum() / np.abs(delta[kept]).sum() if rescale else 1
    np.testing.assert_allclose(left[kept], factor * delta[kept], atol=1e-6)


@pytest.mark.parametrize("method", ["multislerp", "nuslerp", "karcher", "model_stock"])
def test_small_difference_beside_a_large_one(method, tmp_path):
    """Directions count and not lengths, so that the coefficient of a short difference may be large."""
    base, [small, large] = test_oracles.family((64, 64), 2, 0.1)
    small = (base + 1e-5 * (small - base)).astype(np.float32)
    arrays = [base, small, large]
    base, *tensors = [torch.from_numpy(x) for x in arrays]
    if method == "karcher":
        base = None
    per_tensor = [{"weight": 1}] * 2 if method in ("multislerp", "nuslerp") else [{}] * 2
    found = merged(tmp_path, method, base, tensors, {}, per_tensor)
    defaults = reference.METHODS[method]
    wanted = defaults.merge(wide(base), [wide(x) for x in tensors], defaults.parameters, per_tensor)
    compare.assert_rounded_once(found, wanted, np.zeros(wanted.shape, bool))
