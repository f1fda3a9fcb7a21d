"""The scripts that a person would write in place of a recipe: torch and safetensors, no framework.

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
                .mul_(0.6)
                .add_(b.get_tensor(name).float().mul_(0.4))
                .to(torch.bfloat16)
                for name in a.keys()
            }
        save_file(tensors, out / path.name, metadata={"format": "pt"})


def same(first, second):
    names = sorted(path.name for path in first.glob("*.safetensors"))
    for name in names:
        with safe_open(first / name, "pt") as a, safe_open(second / name, "pt") as b:
            if set(a.keys()) != set(b.keys()):
                return False
            for key in a.keys():
                one, other = a.get_tensor(key), b.get_tensor(key)
                if not torch.equal(one.view(torch.int16), other.view(torch.int16)):
                    print(f"{key}: {int((one != other).sum())} of {one.numel()} differ")
                    return False
    return bool(names)


def main():
    work, *sources, out = sys.argv[1:]
    sources, out = [Path(source) for source in sources], Path(out)
    if work == "same":
        raise SystemExit(0 if same(sources[0], out) else 1)
    out.mkdir()
    {"scale": scale, "merge": merge}[work](*sources, out)
    shutil.copy(sources[0] / "config.json", out)


main()
