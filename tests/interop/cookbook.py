"""What tests of recipes/cookbook share: building a recipe, loading its result, comparing models."""

import json
from pathlib import Path

import models
import torch
from harness import ROOT, build
from safetensors.torch import save_file

COOKBOOK = ROOT / "recipes" / "cookbook"
TOKENS = torch.tensor([[3, 17, 5, 64, 9, 30, 2]])


def cook(recipe, out, sources, **params):
    """Runs a recipe of the cookbook. `sources` maps its sources to directories."""
    arguments = []
    for name, path in sources.items():
        arguments += ["--source", f"{name}={path}"]
    for name, value in params.items():
        text = value if isinstance(value, str) else json.dumps(value)
        arguments += ["--set", f"{name}={text}"]
    return build(COOKBOOK / f"{recipe}.yaml", out, *arguments)


def make(directory, model, seed, dtype=torch.float32):
    """Saves `model` with random values, in float32 where logits are to be compared."""
    models.save(model, directory, models.Saving(dtype=dtype, seed=seed))
    return Path(directory)


def load(model_class, directory):
    """The model in float32, which must have found all its tensors and no others."""
    model, loading = model_class.from_pretrained(
        directory, output_loading_info=True, dtype=torch.float32
    )
    assert not any(loading.values()), loading
    return model.eval()


def logits(model, tokens=TOKENS):
    with torch.no_grad():
        return model(input_ids=tokens).logits


def assert_same_function(found, wanted):
    """Two sets of logits that differ by the order of summation at most, and that say something."""
    assert wanted.std() > 0.01
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)


def assert_equal(directory, wanted):
    """The checkpoint holds these tensors, with these dtypes and these bytes, and no others."""
    found = models.read_tensors(directory)
    assert set(found) == set(wanted)
    for name, tensor in wanted.items():
        assert found[name].dtype == tensor.dtype, name
        assert torch.equal(found[name], tensor), name


def write_tensors(directory, tensors, name="model.safetensors"):
    directory.mkdir()
    save_file({key: value.contiguous() for key, value in tensors.items()}, directory / name)
    return directory
