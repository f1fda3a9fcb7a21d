"""The same bytes for any number of threads and any memory."""

import merges
import pytest

STEMS = [
    "slerp-classic",
    "ties-gradients",
    "dare-ties",
    "della",
    "model-stock",
    "karcher",
    "arcee-fusion",
    "sce-topk",
    "nuslerp-first-axis",
    "multislerp-base",
    "stack-gemma2",
    "several-documents",
]


def contents(directory):
    return {
        path.name: path.read_bytes()
        for path in sorted(directory.iterdir())
        if path.suffix == ".safetensors" or path.name == "config.json"
    }


@pytest.mark.parametrize("stem", STEMS)
def test_same_bytes(bench, stem, tmp_path):
    config = merges.HERE / "configs" / f"{stem}.yml"
    wanted = contents(bench.ours(config))
    for k, options in enumerate((("--jobs", 1), ("--jobs", 3), ("--memory", "64MiB", "--jobs", 2))):
        bench.run(config, tmp_path / str(k), *options)
        assert contents(tmp_path / str(k)) == wanted, options
