"""The franken recipe on models of the published sizes, against what was published of the result."""

import json

import hollow
import pytest
import torch
from harness import ROOT, build, described, inarch
from safetensors import safe_open
from transformers import Gemma4Config, Gemma4ForConditionalGeneration

RECIPE = ROOT / "recipes" / "franken-gemma-4-dense-1b.yaml"
PARAMETERS = 960_477_824  # by the model's card
ELEMENTS = 960_478_290  # with layer scalars and clip bounds
TENSORS = 910


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    directory = tmp_path_factory.mktemp("full-size")
    text = hollow.gemma3_1b(directory / "text")
    vision = hollow.gemma4_e2b(directory / "vision")
    return ("--source", f"text={text}", "--source", f"vision={vision}")


@pytest.fixture(scope="module")
def out(sources, tmp_path_factory):
    return build(RECIPE, tmp_path_factory.mktemp("full-size") / "out", *sources)


def test_check(sources):
    result = inarch("check", RECIPE, *sources)
    assert result.returncode == 0, described(result)


def shapes(directory):
    found = {}
    for path in directory.glob("*.safetensors"):
        with safe_open(path, "pt") as shard:
            for name in shard.keys():
                found[name] = tuple(shard.get_slice(name).get_shape())
    return found


def test_names_and_shapes_are_those_of_transformers(out):
    with torch.device("meta"):
        model = Gemma4ForConditionalGeneration(Gemma4Config.from_pretrained(out))
    model.tie_weights()
    assert sum(p.numel() for p in model.parameters()) == PARAMETERS
    wanted = {n: tuple(t.shape) for n, t in model.state_dict().items() if n != "lm_head.weight"}
    assert shapes(out) == wanted
    assert len(wanted) == TENSORS


def test_sizes(out):
    elements = sum(torch.Size(shape).numel() for shape in shapes(out).values())
    assert elements == ELEMENTS
    index = out / "model.safetensors.index.json"
    if index.exists():
        assert json.loads(index.read_text())["metadata"]["total_size"] == 2 * ELEMENTS


def test_layers(out):
    """Fifteen sliding layers and three full ones, the full ones without v_proj."""
    names = set(shapes(out))
    without = [
        i
        for i in range(18)
        if f"model.language_model.layers.{i}.self_attn.v_proj.weight" not in names
    ]
    assert without == [5, 11, 17]
