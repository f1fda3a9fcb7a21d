"""`inarch group`: groups that follow from what experts give, and that recipes take."""

import json

import mixtures
import pytest
import torch
from harness import ROOT, build, described, inarch
from safetensors.torch import load_file, save_file

MERGED = ROOT / "recipes" / "deepseek-v3-merged-experts.yaml"
PAIRS = [[0, 9], [1, 4], [2, 15], [3, 8], [5, 14], [6, 7], [10, 13], [11, 12]]


@pytest.fixture(scope="module")
def paired(tmp_path_factory):
    """A V3 whose experts, and rows of routers, are nearly equal two by two."""
    path = mixtures.deepseek_v3(tmp_path_factory.mktemp("paired") / "v3", seed=5)
    tensors = load_file(path / "model.safetensors")
    for name in list(tensors):
        for a, b in PAIRS:
            if f".experts.{a}." in name:
                other = name.replace(f".experts.{a}.", f".experts.{b}.")
                tensors[other] = tensors[name] + 0.001 * torch.randn_like(tensors[name])
            if name.endswith("mlp.gate.weight"):
                tensors[name][b] = tensors[name][a] * 1.01
    save_file(tensors, path / "model.safetensors", metadata={"format": "pt"})
    return path


def groups_of(*arguments):
    result = inarch("group", *arguments)
    assert result.returncode == 0, described(result)
    return json.loads(result.stdout)


@pytest.mark.parametrize("by", ["router", "weights"])
@pytest.mark.parametrize("method", ["agglomerative", "kmeans"])
def test_of_a_model(paired, by, method):
    groups = groups_of(paired, "--groups", 8, "--by", by, "--method", method)
    assert groups == {"1": PAIRS, "2": PAIRS}


def test_stacked_weights(paired, tmp_path):
    tensors = load_file(paired / "model.safetensors")
    stacked = {}
    for i in (1, 2):
        names = [[f"model.layers.{i}.mlp.experts.{e}.{p}_proj.weight" for e in range(16)] for p in ("gate", "up", "down")]
        gate, up, down = (torch.stack([tensors[name] for name in part]) for part in names)
        stacked[f"model.layers.{i}.mlp.experts.gate_up_proj"] = torch.cat([gate, up], 1)
        stacked[f"model.layers.{i}.mlp.experts.down_proj"] = down
    save_file(stacked, tmp_path / "model.safetensors")
    assert groups_of(tmp_path, "--groups", 8, "--by", "weights") == {"1": PAIRS, "2": PAIRS}


def test_of_statistics(tmp_path):
    outputs = torch.randn(4, 20)
    outputs[2], outputs[3] = outputs[1] * 3, outputs[0] / 2
    together = torch.tensor([[9, 8, 0, 1], [8, 9, 1, 0], [0, 1, 9, 7], [1, 0, 7, 9]])
    counts = torch.tensor([10, 20, 1, 2])
    save_file({"layers.3.mean_output": outputs, "layers.3.coactivation": together, "layers.3.counts": counts}, tmp_path / "s.safetensors")
    stats = tmp_path / "s.safetensors"
    assert groups_of(stats, "--groups", 2) == {"3": [[0, 3], [1, 2]]}
    assert groups_of(stats, "--groups", 2, "--by", "coactivation") == {"3": [[0, 1], [2, 3]]}
    assert groups_of(stats, "--groups", 2, "--by", "use") == {"3": [[0, 3], [1, 2]]}
    assert groups_of(stats, "--groups", 3, "--by", "coactivation") == {"3": [[0, 1], [2], [3]]}


def test_a_recipe_takes_them(paired, tmp_path):
    groups = tmp_path / "groups.json"
    result = inarch("group", paired, "--groups", 4, "--by", "router", "-o", groups)
    assert result.returncode == 0, described(result)
    build(MERGED, tmp_path / "out", "--source", f"model={paired}", "--set", f"groups={groups}")
