"""`rounded_as` gives mergekit's very bytes, where these are defined."""

import itertools
import json

import pytest
import theirs
import torch
from harness import build, write_recipe
from safetensors.torch import load_file, save_file

WEIGHTS = [0.3, -0.45, 1.7, 0.1234]
SHAPES = [(40, 65), (130,)]


def tensors_of(dtype, shape, count):
    torch.manual_seed(len(shape) + count)
    base = torch.randn(shape) * 0.05
    return [base.to(dtype)] + [(base + torch.randn(shape) * 0.003 * k).to(dtype) for k in range(1, count)]


def ours(directory, tensors, combine):
    save_file({f"x{k}": x for k, x in enumerate(tensors)}, directory / "model.safetensors")
    rule = {"from": [f"s:x{k}" for k in range(len(tensors))], "to": "y", "combine": combine}
    head = f'inarch: 1\nname: rounded\nsources: {{ s: {{ path: "{directory}" }} }}\n'
    recipe = write_recipe(directory, f"{head}tensors:\n  - {json.dumps(rule)}\n")
    [path] = build(recipe, directory / "out").glob("*.safetensors")
    return load_file(path)["y"]


CASES = list(itertools.product([torch.bfloat16, torch.float16], SHAPES, [2, 3, 5], [True, False]))


@pytest.mark.parametrize("dtype, shape, count, normalize", CASES)
def test_linear(tmp_path, dtype, shape, count, normalize):
    tensors = tensors_of(dtype, shape, count)
    weights = (WEIGHTS * 2)[:count]
    options = {"weights": weights, "normalize": normalize, "rounded_as": str(dtype).split(".")[1]}
    expected = theirs.merge(
        "linear", None, tensors, {"normalize": normalize}, [{"weight": w} for w in weights]
    )
    assert torch.equal(ours(tmp_path, tensors, {"linear": options}), expected)


@pytest.mark.parametrize("dtype, shape, count, normalize", CASES)
@pytest.mark.parametrize("factor", [1.0, 0.7])
def test_task_arithmetic(tmp_path, dtype, shape, count, normalize, factor):
    base, *tensors = tensors_of(dtype, shape, count)
    weights = WEIGHTS[: len(tensors)]
    options = {"weights": weights, "normalize": normalize, "lambda": factor}
    options["rounded_as"] = str(dtype).split(".")[1]
    parameters = {"normalize": normalize, "lambda": factor, "int8_mask": False, "rescale": False}
    settings = [{"weight": w, "density": 1.0} for w in weights]
    expected = theirs.merge("task_arithmetic", base, tensors, parameters, settings)
    assert torch.equal(ours(tmp_path, [base, *tensors], {"task_arithmetic": options}), expected)
