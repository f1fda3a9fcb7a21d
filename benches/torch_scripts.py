"""The scripts that a person would write in place of a recipe: torch and safetensors, no framework.

    torch_scripts.py copy MODEL OUT
    torch_scripts.py scale MODEL OUT
    torch_scripts.py merge MODEL MODEL OUT

They compute in float32 and round once, so that their result can be compared bit for bit, and hold
one file of a model at a time, as save_file wants it.

    torch_scripts.py same OUT OUT     exits with 1 when two models differ in any bit
"""

import shutil
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file


def renamed(name):
    return "head.weight" if name == "embed_out.weight" else name.replace("gpt_neox.", "renamed.", 1)


def copy(source, out):
    for path in sorted(source.glob("*.safetensors")):
        with safe_open(path, "pt") as shard:
            tensors = {renamed(name): shard.get_tensor(name) for name in shard.keys()}
        save_file(tensors, out / path.name, metadata={"format": "pt"})


def scale(source, out):
    for path in sorted(source.glob("*.safetensors")):
        with safe_open(path, "pt") as shard:
            tensors = {name: shard.get_tensor(name).mul_(0.5) for name in shard.keys()}
        save_file(tensors, out / path.name, metadata={"format": "pt"})


def merge(first, second, out):
    for path in sorted(first.glob("*.safetensors")):
        with safe_open(path, "pt") as a, safe_open(second / path.name, "pt") as b:
            tensors = {
                name: a.get_tensor(name)
                .float()
                .mul_(0.5)
                .add_(b.get_tensor(name).float().mul_(0.5))
                .to(torch.float16)
                for name in a.keys()
            }
        save_file(tensors, out / path.name, metadata={"format": "pt"})


def files_of(directory):
    """Which file holds which tensor."""
    places = {}
    for path in directory.glob("*.safetensors"):
        with safe_open(path, "pt") as shard:
            places.update(dict.fromkeys(shard.keys(), path))
    return places


def same(first, second):
    ones, others = files_of(first), files_of(second)
    if not ones or ones.keys() != others.keys():
        return False
    for key in ones:
        with safe_open(ones[key], "pt") as a, safe_open(others[key], "pt") as b:
            one, other = a.get_tensor(key), b.get_tensor(key)
        if one.shape != other.shape or not torch.equal(one.view(torch.int16), other.view(torch.int16)):
            print(f"{key}: {int((one != other).sum())} of {one.numel()} differ")
            return False
    return True


def main():
    work, *sources, out = sys.argv[1:]
    sources, out = [Path(source) for source in sources], Path(out)
    if work == "same":
        raise SystemExit(0 if same(sources[0], out) else 1)
    out.mkdir()
    {"copy": copy, "scale": scale, "merge": merge}[work](*sources, out)
    shutil.copy(sources[0] / "config.json", out)


main()
